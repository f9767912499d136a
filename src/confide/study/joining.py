"""A site's part of a federation: its own records, its own ledger, its own assent; what leaves is masked.

Guarantee: nothing is read or answered without an assent that stands; a round with noise is paid for at this site's ledger
before its noise is drawn, and a round that would overspend is not answered; without noise the ledger says *not private* before
the first update leaves. Records are read as a study reads them: sealed, under consent and crosswalk, in memory only.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from confide.errors import AccessDenied, InvalidInput
from confide.federated.distributed_dp import RoundPlan
from confide.federated.durable import DurableSite
from confide.federated.horizontal import Floats, Steps, model_of
from confide.federated.journal import Journal
from confide.federated.learners import Learner
from confide.federated.learning import local_update, task_length
from confide.federated.messages import Buffer, Parcel
from confide.federated.patient_unit import in_steps
from confide.federated.play import Give, Line, play_site
from confide.federated.private_training import LocalPlan
from confide.federated.settings import Federation, Member
from confide.federated.site_state import SiteState
from confide.ledger.charge import Charge
from confide.study.assent import verify_given
from confide.study.cohort import members_of
from confide.study.hosting import MODEL, read_model
from confide.study.learnt import begun, learner_of
from confide.study.manifest import Manifest
from confide.study.plans import all_plans, grant
from confide.study.sources import read_records, seal_sources
from confide.study.task_runs import notes_of
from confide.study.workplace import Workplace
from confide.types import Progress, no_progress
from confide.vault.boxes import signing_key
from confide.vault.durable import placing

JOURNAL = "site.journal"


@dataclass(frozen=True, slots=True)
class Joined:
    """What a site has of a federation, by its own journal; public."""

    folder: Path
    rounds: int  # that were to be played
    committed: int  # that ended with a sum in which this site is
    has_model: bool


def site_folder(study: Path, manifest: Manifest) -> Path:
    """Return where a site keeps its journal and the model of one federation, in the folder of its study."""
    return study / "federation" / manifest.digest()[:16]


def join(
    place: Workplace,
    manifest: Manifest,
    source: str,
    line: AbstractContextManager[Callable[[str], Line]],
    *,
    base: Path | None = None,
    progress: Progress = no_progress,
) -> Joined:
    """Take part until the last round is over, or go on with it after a kill.

    Args:
        place: the opened study of this site, whose account pays.
        manifest: what all approved.
        source: of the study: the table, or the notes, that are learnt from.
        line: what dials the hub, given this site's name; opened only once nothing is in the way.
        base: where the model is one of texts: folder of the language model.
        progress: called with each round that begins.

    Raises:
        AccessDenied: this institution is no member, or its assent does not stand.
        InvalidInput: no such source, or columns that the model wants are not there; nobody is in it; the last day is over; a
            language model that is not the one that was approved.
        BudgetExceeded: account or allowance cannot pay for all rounds; nothing was spent.
    """
    member, learning = member_of(place, manifest), manifest.learning
    settings = manifest.group_of(member.name)
    verify_given(place.ledger, manifest)
    verify_left(place, manifest, member)
    learner, commitment = _learner(place, manifest, source, base)
    grant(place.study, place.ledger)
    folder = site_folder(place.study.folder, manifest)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    journal = Journal(folder / JOURNAL)
    part = Part(place, manifest, settings, member, learner, commitment, folder, journal)

    def update(task: Buffer, number: int, give: Give) -> Parcel:
        verify_given(place.ledger, manifest)
        if number > learning.rounds:  # only so many were approved, whatever the hub begins
            raise AccessDenied("fed.round-beyond", rounds=learning.rounds)
        model = model_of(task, task_length(learning, manifest.length))
        parcel = (_noisy_steps if learning.protection == "each" else _noisy_sum)(part, model, number, give)
        progress(number, learning.rounds)
        return parcel

    try:
        durable = DurableSite(journal, settings, signing_key(place.vault))
        with line as dial:
            play_site(lambda: dial(member.name), durable, update, rounds=learning.rounds + 1)
        if durable.site is not None and durable.site.number > learning.rounds and durable.site.task:
            document = bytes(durable.site.task)
            read_model(document, manifest)
            with placing(folder / MODEL, replace=True) as file:
                file.write(document)
        return joined(folder, journal, manifest)
    finally:
        journal.close()


def joined(folder: Path, journal: Journal, manifest: Manifest) -> Joined:
    """Return what a site's journal says of a federation."""
    rounds = manifest.learning.rounds
    committed = sum(journal.state(number) == "commit" for number in range(1, rounds + 1))
    return Joined(folder, rounds, committed, (folder / MODEL).exists())


def member_of(place: Workplace, manifest: Manifest) -> Member:
    """Return which site of the manifest this institution is.

    Raises:
        AccessDenied: none: its key is not among the sites'.
    """
    own = signing_key(place.vault).public
    for member in manifest.settings().members:
        if member.key == own:
            return member
    raise AccessDenied("fed.not-a-member")


def plans_of(manifest: Manifest, member: Member) -> Sequence[RoundPlan | LocalPlan]:
    """Return what this site pays for, one plan a round; none where no privacy is claimed."""
    numbers = range(1, manifest.learning.rounds + 1)
    match manifest.learning.protection:
        case "none":
            return []
        case "each":
            return [manifest.local_plan(number) for number in numbers]
        case _:
            return [manifest.round_plan(number, member) for number in numbers]


def verify_left(place: Workplace, manifest: Manifest, member: Member) -> float:
    """Refuse, before anything is read, what account and allowance cannot pay; return the ε that would be left.

    Raises:
        BudgetExceeded: they cannot.
    """
    study, account = place.study, place.study.account
    left, _ = place.ledger.price(
        [*all_plans(study), *plans_of(manifest, member)],
        study=study.study.name,
        account=account.name,
        epsilon=account.epsilon,
        delta=account.delta,
        cohort=account.cohort,
    )
    return left


def _learner(place: Workplace, manifest: Manifest, source: str, base: Path | None) -> tuple[Learner, str]:
    """Read the source as every study reads one; return the model on it, and the commitment to what was read."""
    study, wanted = place.study, manifest.model.columns()
    kind: Literal["table", "notes"] = "notes" if manifest.model.kind == "texts" else "table"
    if source not in (named := study.held(kind)):
        raise InvalidInput("fed.no-source", known=", ".join(named) or "-")
    if study.patient.unit != "patient":
        raise InvalidInput("fed.unit-row")
    seal_sources(study, place.vault)
    members = members_of(study, place.ledger)
    records = read_records(study, place.vault, members=members, columns={source: wanted})
    frame = notes_of(study, records, source) if kind == "notes" else records.units[source]
    if missing := sorted(wanted - set(frame.columns)):
        raise InvalidInput("fed.no-columns", columns=", ".join(missing))
    learner = learner_of(manifest.model, frame, base=base)
    if not learner.n_patients:
        raise InvalidInput("fed.no-patients")
    return learner, records.commitments[source]


def own_model(place: Workplace, manifest: Manifest) -> Floats:
    """Return the model as this site uses it: what was learnt together, and behind it the head that stays here. Patient data.

    Raises:
        InvalidInput: there is no model yet.
        IntegrityError: it is not what the hub signed.
    """
    folder = site_folder(place.study.folder, manifest)
    if not (folder / MODEL).exists():
        raise InvalidInput("fed.no-model")
    together, _ = read_model((folder / MODEL).read_bytes(), manifest)
    journal, stays = Journal(folder / JOURNAL, looks=True), begun(manifest.model)[1]
    carried = manifest.length if manifest.learning.algorithm == "scaffold" else 0
    kept = SiteState.from_bytes(_state(place, folder, journal), carried, stays)
    journal.close()
    return np.concatenate([together, kept.personal])


def _state(place: Workplace, folder: Path, journal: Journal) -> bytes:
    for number in sorted((int(path.stem) for path in folder.glob("*.state")), reverse=True):
        if journal.state(number) == "commit":
            return place.vault.read(folder / f"{number}.state")
    return b""


@dataclass(frozen=True, slots=True)
class Part:
    """What a site needs in each of its rounds. Holds records: never printed."""

    place: Workplace
    manifest: Manifest
    settings: Federation  # of the group in which this site is summed
    member: Member
    learner: Learner
    commitment: str
    folder: Path
    journal: Journal

    def __repr__(self) -> str:
        return f"Part({self.member.name!r})"

    def state(self) -> bytes:
        """Return what the last committed round left for the next: patient data, sealed; nothing before the first."""
        return _state(self.place, self.folder, self.journal)

    def keep(self, number: int, state: bytes) -> None:
        """Seal what a round leaves for the next; it counts once the round is committed."""
        if state:
            self.place.vault.seal_bytes(state, self.folder / f"{number}.state")

    def charge(self, plan: RoundPlan | LocalPlan) -> AbstractContextManager[Charge]:
        """Pay for a round."""
        study, account = self.place.study.study.name, self.place.study.account
        return self.place.ledger.charge(
            plan, study=study, account=account.name, commitment=self.commitment, cohort=account.cohort
        )

    def hand_over(self, steps: Steps, plan: RoundPlan | LocalPlan, give: Give, sent: list[Parcel]) -> str:
        """Give an update together with what paid for it; return the digest of what was kept."""
        sent.append(give(steps, charge=plan.to_json()))
        return hashlib.sha256(sent[0].payload).hexdigest()


def _noisy_sum(part: Part, model: Floats, number: int, give: Give) -> Parcel:
    """Train, then give the update with this site's part of the noise under a charge; without noise, under a word.

    Guarantee: the charge is durable before noise is drawn, and what it paid for is in the journal before the charge is
    committed; a kill in between leaves a round that is said again word for word.
    """
    manifest, settings, sent = part.manifest, part.settings, list[Parcel]()
    update, after = local_update(
        manifest.learning, part.learner, model, number, part.state(), clip=settings.grid.clip
    )
    part.keep(number, after)
    steps = in_steps(manifest.learning, settings, part.member.name, number, update)
    if manifest.learning.protection == "none":
        study, account = part.place.study.study.name, part.place.study.account.name
        what = f"updates to the federated model {manifest.study.name}"
        part.place.ledger.note_not_private(what, study=study, account=account, commitment=part.commitment)
        return give(steps)
    plan = manifest.round_plan(number, part.member)
    with part.charge(plan) as charge:
        data = (steps, lambda noised: part.hand_over(noised, plan, give, sent))
        charge.commit(plan.execute(data, charge.noise))
    return sent[0]


def _noisy_steps(part: Part, model: Floats, number: int, give: Give) -> Parcel:
    """Train by steps that are noisy themselves, under one charge, and give what came out."""
    manifest, settings, sent = part.manifest, part.settings, list[Parcel]()
    plan = manifest.local_plan(number)

    def hand_over(update: Floats, after: bytes) -> str:
        part.keep(number, after)
        steps = in_steps(manifest.learning, settings, part.member.name, number, update)
        return part.hand_over(steps, plan, give, sent)

    with part.charge(plan) as charge:
        data = (part.learner, model, part.state(), settings.grid.clip, hand_over)
        charge.commit(plan.execute(data, charge.noise))
    return sent[0]
