"""Train the models of a study under its ledger, split by patient, and measure them inside.

Guarantee: a model's release is charged and committed before anybody sees it; what is measured on
held-out patients is exact, so it is for the inside edition only.
"""

import json
from dataclasses import dataclass, field

from confide.audit.membership import Membership
from confide.study.attacked import attack_to_json, attacked
from confide.study.config import Study
from confide.study.outgoing import Output, model_file
from confide.study.replays import commitment_for
from confide.study.sources import Records
from confide.study.watched import Watched
from confide.study.workplace import Workplace
from confide.train.card import card_of_release
from confide.train.logistic import LogisticPlan
from confide.train.plain import plain_model
from confide.train.predict import evaluate, patient_losses
from confide.train.split import split_patients
from confide.train.tuned import Sides, TunedPlan
from confide.types import Json, Progress


@dataclass(frozen=True, slots=True)
class Trained:
    """One model and what was measured with it. The attack is None where there were too few patients."""

    name: str
    replayed: bool
    release: Json = field(repr=False)
    card: str
    held_out: Json = field(repr=False)
    plain: Json = field(repr=False)
    attack: Membership | None

    def outputs(self) -> list[Output]:
        """Return the files that leave: the model, and its card."""
        content = json.dumps(self.release, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        return [model_file(self.name, "json", content), model_file(self.name, "md", self.card)]

    def to_json(self) -> Json:
        """Return what the dossier says of the model."""
        return {
            "name": self.name,
            "replayed": self.replayed,
            "release": self.release,
            "held_out": self.held_out,
            "plain": self.plain,
        }

    def attack_to_json(self) -> Json | None:
        """Return what the membership attack reached, beside the bound that it must respect."""
        return attack_to_json(self.attack, self.name, self.release["epsilon"])


def card_of(study: Study, release: Json) -> str:
    """Return the card of a model that the study releases."""
    charge = {"account": study.account.name, "study": study.study.name}
    return card_of_release(release, unit=study.patient.unit, charge=charge)


def train_models(
    place: Workplace, records: Records, plans: list[LogisticPlan | TunedPlan], *, progress: Progress
) -> list[Trained]:
    """Train, or replay, one model per plan."""
    study = place.study
    key = place.vault.subkey(f"split/{study.study.name}")
    trained = []
    for done, plan in enumerate(plans):
        frame = records.units[plan.source]
        members, others = split_patients(frame, key, plan.settings.test_share)
        release, replayed = place.ledger.run(
            Watched(plan, done, len(plans), progress),
            Sides(members, others) if isinstance(plan, TunedPlan) else members,
            study=study.study.name,
            account=study.account.name,
            commitment=commitment_for(
                study, place.ledger, plan, plan.source, records.commitments[plan.source]
            ),
            cohort=study.account.cohort,
        )
        losses = (patient_losses(release, members), patient_losses(release, others))
        attack = attacked(*losses, delta=release["delta"])
        plain = evaluate(plain_model(plan.settings, members), others)
        card = card_of(study, release)
        trained.append(Trained(plan.name, replayed, release, card, evaluate(release, others), plain, attack))
        progress(done + 1, len(plans))
    return trained
