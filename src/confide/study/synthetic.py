"""Make the synthetic tables of a study under its ledger, and measure them inside.

Guarantee: a table's release is charged and committed before anybody sees it; what is measured on patients, those who
took part and those held out, is exact, so it is for the inside edition only.
"""

from dataclasses import dataclass, field

from confide.audit.membership import Membership
from confide.study.attacked import attack_to_json, attacked
from confide.study.outgoing import Output
from confide.study.replays import commitment_for
from confide.study.sources import Records
from confide.study.workplace import Workplace
from confide.synth.inside import closest_distances, fidelity, usefulness
from confide.synth.plan import SynthPlan
from confide.synth.write import csv_of, frame_of
from confide.train.split import split_patients
from confide.types import Json, Progress


@dataclass(frozen=True, slots=True)
class Made:
    """One synthetic table and what was measured with it. The attack is None where there were too few patients."""

    name: str
    replayed: bool
    release: Json = field(repr=False)
    fidelity: list[Json] = field(repr=False)
    usefulness: Json | None = field(repr=False)
    attack: Membership | None

    def output(self) -> Output:
        """Return the file that leaves."""
        return Output(
            file=f"synthetic/{self.name}.csv",
            kind="synthetic",
            status="dp",
            rows=self.release["rows"],
            records=[(None, csv_of(self.release))],
        )

    def to_json(self) -> Json:
        """Return what the dossier says of the table."""
        return {
            "name": self.name,
            "replayed": self.replayed,
            "release": self.release,
            "fidelity": self.fidelity,
            "usefulness": self.usefulness,
        }

    def attack_to_json(self) -> Json | None:
        """Return what the attack by distance reached, beside the bound that it must respect."""
        return attack_to_json(self.attack, self.name, self.release["epsilon"])


def make_tables(
    place: Workplace, records: Records, plans: list[SynthPlan], *, progress: Progress
) -> list[Made]:
    """Make, or replay, one synthetic table per plan."""
    study = place.study
    key = place.vault.subkey(f"split/{study.study.name}")
    made = []
    for done, plan in enumerate(plans, start=1):
        members, controls = split_patients(records.units[plan.source], key, plan.settings.control_share)
        release, replayed = place.ledger.run(
            plan,
            members,
            study=study.study.name,
            account=study.account.name,
            commitment=commitment_for(
                study, place.ledger, plan, plan.source, records.commitments[plan.source]
            ),
            cohort=study.account.cohort,
        )
        table, settings = frame_of(release), plan.settings
        distances = [closest_distances(settings, each, table) for each in (members, controls)]
        attack = attacked(*distances, delta=plan.delta)
        near = fidelity(settings, members, table)
        use = usefulness(settings, members, controls, table)
        made.append(Made(plan.name, replayed, release, near, use, attack))
        progress(done, len(plans))
    return made
