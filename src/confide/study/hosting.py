"""The hub's part of a federation: one round after the other, resumed where a kill left it, and the model at the end.

Guarantee: the model is a function of what the rounds opened, so that a hub that starts again comes to the same bytes; who reads it
sees who signed it, for which manifest. A sum is kept until the model has moved by it, and no longer. Holds no record of a patient.
Sites: `confide.study.joining`.
"""

import hashlib
import json
import struct
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np

from confide.crypto.sign import PersonKey, Signature, verify
from confide.crypto.text import from_base64, to_base64
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.federated.durable import DurableHub, opened_sum, survivors_of
from confide.federated.horizontal import Floats, mean_update, model_of, task_of
from confide.federated.journal import Journal
from confide.federated.learning import Course
from confide.federated.play import Lines, Rounds
from confide.federated.robust import combined
from confide.federated.settings import Federation
from confide.study.assent import verify_in_time
from confide.study.manifest import Manifest
from confide.study.workplace import only_run
from confide.types import Json, Progress, no_progress
from confide.vault.durable import placing

JOURNAL, MODEL, COURSE = "hub.journal", "model.json", "hub.course"
_KIND = "confide federated model 1"
_HEAD = struct.Struct("<16s32sQ32s")
_MAGIC = b"confide course 1"
_PIECE = 1 << 28  # bytes that are written at once
Part = tuple[Journal, Federation]  # the rounds of one group of sites; of all sites, where there are no groups


def host(
    folder: Path,
    manifest: Manifest,
    key: PersonKey,
    lines: AbstractContextManager[Lines],
    *,
    wait: float = 600.0,
    grace: float = 5.0,
    progress: Progress = no_progress,
    tell: Callable[[Json], None] = lambda _: None,
    resumes: bool = False,
) -> Json:
    """Play all rounds that are still to be played, hand the model out, and return what was signed of it.

    Args:
        folder: of the hub: its journal and the model.
        manifest: what all approved.
        key: of the hub's institution.
        lines: to the sites; opened only once nothing is in the way.
        wait: seconds to wait for sites that are not there before a round; then those there must do.
        grace: seconds in which a site whose line was lost may come back.
        progress: called after each round.
        tell: called with what became of each round.
        resumes: whether rounds were played in this folder before.

    Raises:
        AccessDenied: the key is not the manifest's hub's.
        InvalidInput: the manifest's last day is over, another hub works in this folder, there is nothing to resume, or
            something that nobody asked to resume.
    """
    federation, learning = manifest.settings(), manifest.learning
    if key.public != federation.hub:
        raise AccessDenied("fed.not-the-hub")
    names = [member.name for member in federation.members]
    with only_run(folder):
        if (folder / JOURNAL).exists() != resumes:
            raise InvalidInput("fed.nothing-to-resume" if resumes else "fed.begun", folder=folder.name)
        with lines as opened, _parts(manifest, folder / JOURNAL) as parts:
            rounds = Rounds(opened, patience=manifest.federation.patience, grace=grace)
            course, done = _course(folder, manifest)
            for number in range(1, learning.rounds + 1):
                if left := [part for part in parts if part[0].state(number) in (None, "open")]:
                    verify_in_time(manifest)
                    rounds.wait(names, least=federation.threshold, seconds=wait)
                    task = task_of(course.task())
                    rounds.play(*(DurableHub(journal, of, number, key, task=task) for journal, of in left))
                if number > done:
                    _fold(course, parts, manifest, number)
                    _keep(folder, manifest, course, number)
                for journal, _ in parts:
                    journal.forget_results(number)
                tell(round_of(parts, manifest, number))
                progress(number, learning.rounds)
            document = _signed(manifest, key, parts, course.model)
            with placing(folder / MODEL, replace=True) as file:
                file.write(document)
            _hand_out(rounds, parts, manifest, key, document)
    return read_model(document, manifest)[1]


@contextmanager
def _parts(manifest: Manifest, file: Path, *, looks: bool = False) -> Iterator[list[Part]]:
    """Open the hub's journals: the first group's is `file`, the others' lie beside it."""
    found: list[Part] = []
    try:
        for at, group in enumerate(manifest.groups(), 1):
            own = file if at == 1 else file.with_name(f"{file.name}.{at}")
            found.append((Journal(own, looks=looks), group))
        yield found
    finally:
        for journal, _ in found:
            journal.close()


def _course(folder: Path, manifest: Manifest) -> tuple[Course, int]:
    """Return where the model stood, and after which round; the start, before the first.

    Raises:
        IntegrityError: what was kept is of another manifest, or was changed.
    """
    course, file = Course(manifest.learning, manifest.start()), folder / COURSE
    if not file.exists():
        return course, 0
    whole = file.read_bytes()
    head, kept = whole[: _HEAD.size], whole[_HEAD.size :]
    fits = len(head) == _HEAD.size and head == _head(manifest, _HEAD.unpack(head)[2], kept)
    if not fits:
        raise IntegrityError("fed.course")
    course.restore(kept)
    return course, _HEAD.unpack(head)[2]


def _keep(folder: Path, manifest: Manifest, course: Course, number: int) -> None:
    """Write down where the model stands after a round, before the sums that it stands on are removed."""
    kept = course.to_bytes()
    with placing(folder / COURSE, replace=True) as file:
        file.write(_head(manifest, number, kept))
        for at in range(0, len(kept), _PIECE):
            file.write(kept[at : at + _PIECE])


def _head(manifest: Manifest, number: int, kept: bytes) -> bytes:
    return _HEAD.pack(_MAGIC, bytes.fromhex(manifest.digest()), number, hashlib.sha256(kept).digest())


def _fold(course: Course, parts: Sequence[Part], manifest: Manifest, number: int) -> None:
    """Step by what a round opened; one that was not committed, or in too few groups, changes nothing."""
    means, weight = [], 0
    for journal, federation in parts:
        if (total := opened_sum(journal, number)) is not None:
            survivors = survivors_of(journal, federation, number)
            weight += sum(federation.member(name).weight for name in survivors)
            means.append(mean_update(total, federation, survivors, number))
    if len(means) < manifest.least_groups:
        return
    rule = manifest.federation.robust
    rows = np.stack(means)
    mean = rows[0] if rule == "none" else combined(rule, rows, hostile=manifest.federation.hostile)
    course.take(mean, number=number, share=weight / sum(site.weight for site in manifest.site))


def _hand_out(
    rounds: Rounds, parts: Sequence[Part], manifest: Manifest, key: PersonKey, document: bytes
) -> None:
    """Begin one round more, whose task is the model, and end it: every site that is there has the model then."""
    number = manifest.learning.rounds + 1
    left = [part for part in parts if part[0].state(number) in (None, "open")]
    if left:
        hubs = [DurableHub(journal, of, number, key, task=document) for journal, of in left]
        rounds.part(hubs, "course-over")


def round_of(parts: Sequence[Part], manifest: Manifest, number: int) -> Json:
    """Return what became of a round, by the journals of a hub or of a site: public."""
    states = [journal.state(number) or "to-come" for journal, _ in parts]
    there = {name for journal, of in parts for name in survivors_of(journal, of, number)}
    groups = [
        {"sites": [member.name for member in of.members], "state": state}
        for (_, of), state in zip(parts, states, strict=True)
    ]
    state = states[0] if len(parts) == 1 else _state_of(states, manifest.least_groups)
    return {
        "number": number,
        "of": manifest.learning.rounds,
        "state": state,
        "survivors": [site.name for site in manifest.site if site.name in there] if state == "commit" else [],
    } | ({"groups": groups} if len(parts) > 1 else {})


def _state_of(states: Sequence[str], least: int) -> str:
    """Say what became of a round that was played by groups."""
    if set(states) == {"to-come"}:
        return "to-come"
    if {"open", "to-come"} & set(states):
        return "open"
    return "commit" if states.count("commit") >= least else "too-few-groups"


def status_of(manifest: Manifest, file: Path) -> list[Json]:
    """Return what became of every round so far, by the journal of a hub or of a site, which knows of its own group.

    Raises:
        InvalidInput: there is no journal yet.
    """
    if not file.exists():
        raise InvalidInput("fed.no-journal", folder=file.parent.name)
    if file.name == JOURNAL:
        with _parts(manifest, file, looks=True) as parts:
            return _rounds_of(parts, manifest)
    journal = Journal(file, looks=True)
    own = journal.federation(journal.last())
    found = _rounds_of([(journal, group) for group in manifest.groups() if group.digest() == own], manifest)
    journal.close()
    return found


def _rounds_of(parts: Sequence[Part], manifest: Manifest) -> list[Json]:
    last = min(max((journal.last() for journal, _ in parts), default=0), manifest.learning.rounds)
    return [round_of(parts, manifest, number) for number in range(1, last + 1)]


def _signed(manifest: Manifest, key: PersonKey, parts: Sequence[Part], model: Floats) -> bytes:
    prices = manifest.prices()
    weights = task_of(model)
    statement: Json = {
        "kind": _KIND,
        "federation": manifest.study.name,
        "manifest": manifest.digest(),
        "rounds": [round_of(parts, manifest, number + 1) for number in range(manifest.learning.rounds)],
        "status": "not private" if prices is None else "dp",
        "epsilon": None if prices is None else repr(prices.coalition),
        "delta": None if manifest.privacy is None else repr(manifest.privacy.delta),
        "weights": hashlib.sha256(weights).hexdigest(),
    }
    whole = {
        "statement": statement,
        "signature": key.sign(statement).to_json(),
        "weights": to_base64(weights),
    }
    return json.dumps(whole, indent=2, sort_keys=True).encode() + b"\n"


def read_model(document: bytes, manifest: Manifest) -> tuple[Floats, Json]:
    """Return a model's numbers, and what its hub signed of them.

    Raises:
        InvalidInput: it is no such file, or of another manifest.
        IntegrityError: it is not what the manifest's hub signed.
    """
    try:
        whole = json.loads(document)
        statement, weights = whole["statement"], from_base64(whole["weights"]) or b""
        signature = Signature.from_json(whole["signature"])
    except (ValueError, KeyError, TypeError):
        raise InvalidInput("fed.no-model") from None
    if not isinstance(statement, dict) or statement.get("kind") != _KIND:
        raise InvalidInput("fed.no-model")
    if statement.get("manifest") != manifest.digest():
        raise InvalidInput("fed.model-of-another")
    verify(statement, signature)
    fits = statement.get("weights") == hashlib.sha256(weights).hexdigest()
    if signature.key != manifest.hub.key or not fits:
        raise IntegrityError("fed.model-changed")
    return model_of(weights, manifest.length), statement
