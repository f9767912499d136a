"""`confide deid FILE…`: de-identify files outside a study, all or none, and write down that they leave.

Guarantee: nothing plain is written; what is found is replaced in every format as the policy says, and doubtful spans as
well, which also go into a sealed queue beside the output. The output folder appears in one move, after the ledger holds
an entry of it; no name in it comes from the input. Input files are only read. How files become documents:
`confide.study.inputs`; what is done to them: `confide.deid.stream`.
"""

import fcntl
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

from confide.crypto.canonical import canonical
from confide.deid.deidentify import Deidentifier, DeidNote
from confide.deid.review import ReviewItem, Rulings, queue_to_bytes, refuse_if_blocked, undecided
from confide.deid.section import Review
from confide.deid.stream import deidentify_stream
from confide.errors import InvalidInput
from confide.ledger.ledger import Ledger
from confide.study.decisions import read_decisions, rulings_of
from confide.study.index import QUEUE
from confide.study.inputs import Inputs
from confide.study.outputs import Writers
from confide.types import Json, Language, Progress, no_progress
from confide.vault.durable import saying_why, sync_folder
from confide.vault.pseudonyms import study_key
from confide.vault.vault import Vault

NAMES = "names.sealed"  # which output was which input
RECORD = "deid-files"


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """What shall leave, and how; every field is public.

    `name` stands for the key: under the same name a patient has the same pseudonym at every call, and that of the
    study of this name; under another name an unlinked one.
    """

    policy: str
    out: Path
    name: str = "files"
    account: str | None = None  # of the ledger, whose patients these are
    language: Language = "en"
    review: Review = "mask"
    processes: int = 1


@dataclass(slots=True)
class Found:
    """What was found and done; counts only. `status` is never "anonymous": the vault leads back."""

    policy: str
    status: str
    review: str
    files: int = 0
    documents: int = 0
    characters: int = 0
    held: int = 0
    doubtful: int = 0
    undecided: int = 0  # of these, those that nobody ruled on
    pictures: int = 0  # that were made blank
    passed_over: int = 0  # files of a folder that are of other kinds
    seconds: float = 0.0
    each_its_own: bool = False  # nobody said whose the documents are
    spans: Counter[str] = field(default_factory=Counter)
    found_by: Counter[str] = field(default_factory=Counter)
    identifiers: dict[str, str] = field(default_factory=dict)
    out: Path | None = None
    queue: Path | None = None
    account: str | None = None

    def to_json(self) -> Json:
        """Return what `--json` prints."""
        told: Json = {"characters_per_second": self.speed}
        for each in fields(self):
            value = getattr(self, each.name)
            told[each.name] = (
                str(value)
                if isinstance(value, Path)
                else dict(sorted(value.items()))
                if isinstance(value, dict)
                else value
            )
        return told

    @property
    def speed(self) -> int:
        """Characters that were read, cleaned and written per second."""
        return round(self.characters / self.seconds) if self.seconds > 0 else 0

    def count(self, note: DeidNote) -> None:
        """Add what was found in one document."""
        self.documents += 1
        self.held += note.held
        self.doubtful += len(note.review)
        found = (*note.spans, *note.field_spans)
        self.spans.update(span.type for span in found)
        self.found_by.update(span.found_by.partition(":")[0] for span in found)


def look_at_files(inputs: Inputs, release: Release, *, progress: Progress = no_progress) -> Found:
    """Say what would be found, in counts; nothing is written, and no key is needed.

    Raises:
        InvalidInput: as `deidentify_files`.
    """
    deidentifier = deidentifier_of(_not_blocking(release), os.urandom(32))
    found = _begun(inputs, deidentifier, release)
    began = time.monotonic()
    for note in _cleaned(inputs, deidentifier, release, None):
        found.count(note)
        progress(found.documents, inputs.count)
    found.undecided = found.doubtful
    found.characters, found.seconds = inputs.characters, time.monotonic() - began
    return found


def deidentify_files(
    inputs: Inputs, release: Release, vault: Vault, ledger: Ledger, *, progress: Progress = no_progress
) -> Found:
    """De-identify the files and put what may leave into the folder `release.out`.

    1. Clean every document and write it into a folder that nobody looks at.
    2. Seal the doubtful spans and the names of the inputs; where doubt blocks, that is all.
    3. Write the release into the ledger.
    4. Give the folder its name.

    Guarantee: as the module says; stopped before step 4 there is no output, and the next call begins anew.

    Raises:
        InvalidInput: a file cannot be read or searched, the folder is there already, the disk is full, or the ledger
            has several accounts and none was named.
        GateRefused: something is doubtful and the review mode is "block".
    """
    account = account_of(ledger, release.account)
    inputs.refuse_output(release.out)
    decisions = read_decisions(vault, _queue_of(release.out))
    key = study_key(vault, release.name)
    deidentifier = deidentifier_of(_not_blocking(release), key, rulings=rulings_of(decisions))
    found = _begun(inputs, deidentifier, release)
    began = time.monotonic()
    queue: list[ReviewItem] = []
    with _appearing(release.out) as folder:
        with saying_why(release.out), Writers(folder, inputs) as writers:
            for note in _cleaned(inputs, deidentifier, release, folder):
                found.count(note)
                progress(found.documents, inputs.count)
                queue += [replace(item, source=release.name) for item in note.review]
                writers.write(note)
        found.pictures = writers.pictures
        found.characters, found.seconds = inputs.characters, time.monotonic() - began
        found.queue = _seal_beside(vault, release.out, queue, writers.names)
        open_items = undecided(queue, rulings_of(decisions))
        found.undecided = len(open_items)
        refuse_if_blocked(release.review, open_items)
        _book(ledger, vault, release, found, account, folder)
        found.out, found.account = release.out, account
    return found


def account_of(ledger: Ledger, named: str | None) -> str | None:
    """Return the account whose patients are exposed: the named one, or the only one; None where there is none.

    Raises:
        InvalidInput: no such account, or several and none was named.
    """
    known = list(ledger.accounts())
    if named is not None:
        if named not in known:
            raise InvalidInput("files.no-account", found=named, known=", ".join(known) or "-")
        return named
    if len(known) > 1:
        raise InvalidInput("files.which-account", known=", ".join(known))
    return known[0] if known else None


def deidentifier_of(
    release: Release, key: bytes, *, rulings: Rulings | None = None, today: date | None = None
) -> Deidentifier:
    """Return what de-identifies as a release says; one day counts for all of it."""
    return Deidentifier(
        policy=release.policy,
        key=key,
        language=release.language,
        review=release.review,
        rulings=rulings,
        today=today or date.today(),
    )


def _not_blocking(release: Release) -> Release:
    """Return the release with doubt masked where it blocks: it blocks once all of it is known and sealed."""
    return replace(release, review="mask") if release.review == "block" else release


def _begun(inputs: Inputs, deidentifier: Deidentifier, release: Release) -> Found:
    return Found(
        policy=deidentifier.policy.name,
        status=deidentifier.policy.status,
        review=release.review,
        files=len(inputs.files),
        passed_over=inputs.passed_over,
        each_its_own=not inputs.names_patients,
        identifiers=dict(inputs.identifiers),
    )


def _cleaned(
    inputs: Inputs, deidentifier: Deidentifier, release: Release, folder: Path | None
) -> Iterator[DeidNote]:
    return deidentify_stream(
        deidentifier,
        inputs.documents(),
        processes=release.processes,
        known=inputs.known,
        everyone=inputs.everyone,
        identifiers=inputs.identifiers,
        folder=folder,
    )


@contextmanager
def _appearing(out: Path) -> Iterator[Path]:
    """Yield a folder beside `out` that takes its name when the block ends well, and is gone when it does not.

    What a killed call left there is taken away; another call at work is noticed by its lock.
    """
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise InvalidInput("files.out-exists", folder=out)
    part = out.with_name(f".{out.name}.part")
    with saying_why(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        part.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(part, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InvalidInput("files.busy", folder=out) from None
        try:
            _empty(part)
            yield part
            with saying_why(out):
                sync_folder(part)
                part.rename(out)  # over an empty folder at most
                sync_folder(out.parent)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    finally:
        os.close(handle)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


def _queue_of(out: Path) -> Path:
    """Return where the doubtful spans of an output wait, which do not leave with it."""
    return out.with_name(f"{out.name}.sealed") / QUEUE


def _seal_beside(vault: Vault, out: Path, queue: list[ReviewItem], names: Mapping[str, str]) -> Path | None:
    """Seal the doubtful spans, in the form of a study's queue, and which output was which input."""
    target = _queue_of(out)
    with saying_why(target.parent):
        target.parent.mkdir(mode=0o700, exist_ok=True)
    vault.seal_bytes(json.dumps(dict(names)).encode(), target.with_name(NAMES))
    if queue or target.exists():
        vault.seal_bytes(queue_to_bytes(queue), target)
    return target if queue else None


def _book(
    ledger: Ledger, vault: Vault, release: Release, found: Found, account: str | None, folder: Path
) -> None:
    """Write into the ledger that row-level documents leave: counts, and a keyed digest of the bytes."""
    digests = [[path.name, _digest(path)] for path in sorted(folder.iterdir())]
    commitment = vault.keyed_digest(canonical(digests), "not-private")
    if account is not None:
        what = " · ".join([f"{found.files} files", "documents", found.status, found.policy])
        ledger.note_not_private(what, study=release.name, account=account, commitment=commitment)
    details: Json = {
        "vault": vault.id,
        "account": account or "",
        "policy": found.policy,
        "status": found.status,
        "review": found.review,
        "files": found.files,
        "documents": found.documents,
        "held": found.held,
        "doubtful": found.doubtful,
        "undecided": found.undecided,
        "spans": dict(sorted(found.spans.items())),
        "found_by": dict(sorted(found.found_by.items())),
    }
    ledger.record(RECORD, study=release.name, details=details, commitment=commitment)


def _digest(path: Path) -> str:
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()
