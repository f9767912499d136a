"""What the institution keeps of its witnesses: their keys, and the last checkpoint that each has cosigned.

In the institution's folder: `witnesses` (a verifier key a line), `witnessed/ID` (per witness the last note it
cosigned), `cosigned` (the newest of these notes, with the signatures of all who cosigned it). A note is kept
only after every signature in it that counts was checked. Who asks the witnesses: `confide.transparency.ask`.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confide.crypto.note import (
    COSIGNATURE,
    LONGEST,
    Checkpoint,
    Verifier,
    parse_checkpoint,
    verify_signature,
)
from confide.errors import IntegrityError, InvalidInput
from confide.transparency.files import read_whole, write_whole
from confide.transparency.log import Log

WITNESSES, EACH, COSIGNED = "witnesses", "witnessed", "cosigned"


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness saw the log's first `size` entries, at `time` (seconds since 1970), and they continued what it knew."""

    witness: str
    size: int
    time: int


def witnesses(folder: Path) -> list[Verifier]:
    """Return the witnesses that the institution trusts.

    Raises:
        IntegrityError: a line of the file is no key of a witness.
    """
    if not (folder / WITNESSES).exists():
        return []
    lines = read_whole(folder / WITNESSES, LONGEST).splitlines()
    return [_witness_key(line) for line in lines if line]


def add_witness(folder: Path, key: str) -> Verifier:
    """Trust one more witness, by the verifier key that its operator gave.

    Raises:
        IntegrityError: not the verifier key of a witness.
        InvalidInput: a witness of this name is trusted under another key.
    """
    verifier = _witness_key(key)
    with alone(folder):
        known = witnesses(folder)
        if any(other.name == verifier.name and other != verifier for other in known):
            raise InvalidInput("transparency.other-witness", witness=verifier.name)
        if verifier not in known:
            text = "".join(f"{each.to_text()}\n" for each in [*known, verifier])
            write_whole(folder / WITNESSES, text.encode())
    return verifier


def last_of(folder: Path, witness: Verifier) -> str | None:
    """Return the last note that this witness cosigned, as it was kept; None where there is none."""
    path = folder / EACH / witness.id.hex()
    return read_whole(path, LONGEST) if path.exists() else None


def notes(folder: Path) -> list[str]:
    """Return every note that is kept, oldest knowledge included; unchecked."""
    paths = [folder / COSIGNED, *sorted((folder / EACH).glob("[0-9a-f]" * 8))]
    return [read_whole(path, LONGEST) for path in paths if path.exists()]


def keep(folder: Path, log: Log, log_keys: Sequence[Verifier], note: str) -> list[Cosigned]:
    """Keep the checkpoint `note` for each trusted witness that has cosigned it.

    Guarantee: what is kept was signed by the log and by the witness, and is the beginning of the log as it is
    now. A witness's last note is never replaced by one of fewer entries, also when two processes keep at once.

    Returns:
        Whose cosignatures it carries.

    Raises:
        IntegrityError: the note is not this log's, or a signature in it is false, or it is not a beginning of it.
        InvalidInput: no trusted witness has cosigned it.
    """
    checkpoint = parse_checkpoint(note)
    if checkpoint.origin != log.origin:
        raise IntegrityError("transparency.other-log")
    verify_signed_by_one_of(checkpoint, log_keys)
    trusted = witnesses(folder)
    given = cosignatures(checkpoint, trusted)
    if not given:
        raise InvalidInput("transparency.no-cosignature")
    verify_beginning(log, checkpoint, given[0].witness)
    with alone(folder):
        (folder / EACH).mkdir(mode=0o700, exist_ok=True)
        names = {each.witness for each in given}
        for witness in trusted:
            kept = last_of(folder, witness)
            if witness.name in names and (kept is None or parse_checkpoint(kept).size <= checkpoint.size):
                write_whole(folder / EACH / witness.id.hex(), note.encode())
        write_whole(folder / COSIGNED, newest(notes(folder)).encode())
    return given


def cosignatures(checkpoint: Checkpoint, trusted: Iterable[Verifier]) -> list[Cosigned]:
    """Return who of `trusted` has cosigned the checkpoint, and when.

    Raises:
        IntegrityError: a line claims to be of one of them and is not.
    """
    lines = {(line.name, line.id) for line in checkpoint.signatures}
    given = []
    for witness in trusted:
        if (witness.name, witness.id) in lines:
            time = verify_signature(checkpoint, witness)
            given.append(Cosigned(witness.name, checkpoint.size, time or 0))
    return given


def verify_signed_by_one_of(checkpoint: Checkpoint, log_keys: Sequence[Verifier]) -> None:
    """Check that the log signed the checkpoint, with the key it has now or with one it had before.

    Raises:
        IntegrityError: it did not.
    """
    names = {(line.name, line.id) for line in checkpoint.signatures}
    used = [key for key in log_keys if (key.name, key.id) in names]
    if not used:
        raise IntegrityError("crypto.not-signed", name=checkpoint.origin)
    for key in used:
        verify_signature(checkpoint, key)


def verify_beginning(log: Log, checkpoint: Checkpoint, witness: str) -> None:
    """Check that the log begins with the tree that `witness` has cosigned.

    Raises:
        IntegrityError: it is shorter, or another one.
    """
    if checkpoint.size > (found := log.size()):
        raise IntegrityError("transparency.cut", witness=witness, size=checkpoint.size, found=found)
    if log.root(checkpoint.size) != checkpoint.root:
        raise IntegrityError("transparency.forked", witness=witness, size=checkpoint.size)


def newest(texts: Iterable[str]) -> str:
    """Return the note of most entries, with the signatures of all notes that say the same."""
    parsed = [(parse_checkpoint(text), text) for text in texts]
    largest, whole = max(parsed, key=lambda pair: pair[0].size)
    for checkpoint, text in parsed:
        if checkpoint.body == largest.body:
            known = set(whole.split("\n"))
            lines = text[len(checkpoint.body) + 1 :].splitlines(keepends=True)
            whole += "".join(line for line in lines if line.rstrip("\n") not in known)
    return whole


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only process that changes what is kept in `folder`."""
    path = folder / f".{COSIGNED}.lock"
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise InvalidInput("transparency.unwritable", file=path) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _witness_key(text: str) -> Verifier:
    verifier = Verifier.from_text(text)
    if verifier.kind != COSIGNATURE:
        raise IntegrityError("transparency.not-a-witness-key")
    return verifier
