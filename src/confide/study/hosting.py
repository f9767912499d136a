"""The hub's part of a federation: one round after the other, resumed where a kill left it, and the model at the end.

Guarantee: the model is a function of what the journal's rounds opened, so that a hub that starts again comes to the same
bytes; who reads it sees who signed it, for which manifest. Holds no record of a patient. Sites: `confide.study.joining`.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from confide.crypto.sign import PersonKey, Signature, verify
from confide.crypto.text import from_base64, to_base64
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.federated.durable import DurableHub, opened_sum, survivors_of
from confide.federated.horizontal import Floats, mean_update, model_of, task_of
from confide.federated.journal import Journal
from confide.federated.learning import Course
from confide.federated.play import Lines, Rounds
from confide.study.assent import verify_in_time
from confide.study.manifest import Manifest
from confide.study.workplace import only_run
from confide.types import Json, Progress, no_progress
from confide.vault.durable import placing

JOURNAL, MODEL = "hub.journal", "model.json"
_KIND = "confide federated model 1"


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
        with lines as opened:
            rounds = Rounds(opened, patience=manifest.federation.patience, grace=grace)
            journal = Journal(folder / JOURNAL)
            course = Course(learning, manifest.start())
            for number in range(1, learning.rounds + 1):
                if journal.state(number) in (None, "open"):
                    verify_in_time(manifest)
                    rounds.wait(names, least=federation.threshold, seconds=wait)
                    rounds.play(DurableHub(journal, federation, number, key, task=task_of(course.task())))
                _fold(course, journal, manifest, number)
                tell(round_of(journal, manifest, number))
                progress(number, learning.rounds)
            document = _signed(manifest, key, journal, course.model)
            with placing(folder / MODEL, replace=True) as file:
                file.write(document)
            _hand_out(rounds, journal, manifest, key, document)
            journal.close()
    return read_model(document, manifest)[1]


def _fold(course: Course, journal: Journal, manifest: Manifest, number: int) -> None:
    """Step by what a round opened; one that was not committed changes nothing."""
    federation = manifest.settings()
    total = opened_sum(journal, number)
    if total is None:
        return
    survivors = survivors_of(journal, federation, number)
    weight = sum(federation.member(name).weight for name in survivors)
    course.take(
        mean_update(total, federation, survivors, number),
        number=number,
        share=weight / sum(member.weight for member in federation.members),
    )


def _hand_out(rounds: Rounds, journal: Journal, manifest: Manifest, key: PersonKey, document: bytes) -> None:
    """Begin one round more, whose task is the model, and end it: every site that is there has the model then."""
    number = manifest.learning.rounds + 1
    if journal.state(number) in (None, "open"):
        rounds.part(DurableHub(journal, manifest.settings(), number, key, task=document), "course-over")


def round_of(journal: Journal, manifest: Manifest, number: int) -> Json:
    """Return what became of a round, by the journal of a hub or of a site: public."""
    return {
        "number": number,
        "of": manifest.learning.rounds,
        "state": journal.state(number) or "to-come",
        "survivors": survivors_of(journal, manifest.settings(), number),
    }


def status_of(manifest: Manifest, file: Path) -> list[Json]:
    """Return what became of every round so far, by the journal of a hub or of a site.

    Raises:
        InvalidInput: there is no journal yet.
    """
    if not file.exists():
        raise InvalidInput("fed.no-journal", folder=file.parent.name)
    journal = Journal(file, looks=True)
    last = min(journal.last(), manifest.learning.rounds)
    found = [round_of(journal, manifest, number) for number in range(1, last + 1)]
    journal.close()
    return found


def _signed(manifest: Manifest, key: PersonKey, journal: Journal, model: Floats) -> bytes:
    prices = manifest.prices()
    weights = task_of(model)
    statement: Json = {
        "kind": _KIND,
        "federation": manifest.study.name,
        "manifest": manifest.digest(),
        "rounds": [round_of(journal, manifest, number + 1) for number in range(manifest.learning.rounds)],
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
