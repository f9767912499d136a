"""Gather what the dossier says of a run: every fact, for the inside edition.

Nothing is computed from a record here. `confide.study.allowed` lists which of these facts may leave, and
`confide.study.dossier` puts the two editions together.
"""

from dataclasses import asdict, dataclass, field
from importlib.metadata import version

from confide.audit.bytesearch import ByteSearch
from confide.audit.membership import FEWEST
from confide.ledger.ledger import Ledger, now
from confide.study.config import AccountSection
from confide.study.declared import declared
from confide.study.gates import GATES, Gate, Verdict
from confide.study.keys_section import RECOVERY_KEY
from confide.study.models import Trained
from confide.study.outgoing import Output
from confide.study.rows import Rows
from confide.study.sample import measured
from confide.study.sources import Records, Sealed, sealed_folder
from confide.study.synthetic import Made
from confide.study.task_runs import Done
from confide.study.training_audits import Audited
from confide.study.workplace import Workplace
from confide.types import Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What the steps of one run came to."""

    began: str
    sealed: Sealed
    records: Records = field(repr=False)
    rows: Rows = field(repr=False)
    risk: list[Json] = field(repr=False)
    statistics: list[Json] = field(repr=False)
    made: list[Made] = field(repr=False)
    models: list[Trained] = field(repr=False)
    tasks: list[Done] = field(repr=False)
    audits: list[Audited] = field(repr=False)
    outputs: list[Output] = field(repr=False)
    search: ByteSearch = field(repr=False)
    gates: list[Gate] = field(repr=False)
    verdict: Verdict


def facts_of(place: Workplace, found: Found, seconds: dict[str, float]) -> Json:
    """Return the facts of a run, as `confide.study.dossier.build` takes them.

    Args:
        place: the study, its vault and its ledger.
        found: what the steps came to.
        seconds: how long each step took.
    """
    study, vault, ledger = place.study, place.vault, place.ledger
    attacked: list[Made | Trained | Done] = [*found.made, *found.models, *found.tasks]
    return {
        "study": {
            "name": study.study.name,
            "purpose": study.study.purpose,
            "requester": study.study.requester,
            "language": study.study.language,
            "unit": study.patient.unit,
            "confide_version": version("confide"),
            "started": found.began,
            "finished": now(),
        },
        "account": _account(ledger, study.account, study.study.name),
        "declared": asdict(declared(study)),
        "seal": asdict(found.sealed)
        | {
            "custody": study.keys.custody,
            "suite": "AES256-GCM-HKDF-1MB",
            "recovery_key_on_this_machine": (study.folder / RECOVERY_KEY).exists(),
        },
        "sources": found.records.counts,
        "deid": found.rows.figures,
        "sample": measured(vault, sealed_folder(study), found.rows.outputs),
        "risk": found.risk,
        "stats": found.statistics,
        "synth": [table.to_json() for table in found.made],
        "train": [model.to_json() for model in found.models],
        "tasks": [task.to_json() for task in found.tasks],
        "audit": {
            "bytes": asdict(found.search),
            "membership": [each for one in attacked if (each := one.attack_to_json())],
            "trainings": [audit.to_json() for audit in found.audits],
        },
        "outputs": [output.to_json(left=found.verdict == "pass") for output in found.outputs],
        "not_private": _not_private(ledger, study.account.name),
        "not_checked": _not_checked(place, found.rows),
        "not_checked_inside": ["membership"] if any(one.attack is None for one in attacked) else [],
        "openings": [asdict(each) | {"path": each.path.name} for each in vault.openings()],
        "gates": [asdict(gate) for gate in found.gates],
        "verdict": found.verdict,
        "seconds": seconds,
    }


def _account(ledger: Ledger, section: AccountSection, study: str) -> Json:
    account = section.name
    total, allowance = ledger.balance(account, cohort=section.cohort), ledger.balance(account, study)
    size, head = ledger.store.head()
    return {
        "name": account if section.cohort is None else f"{account} / {section.cohort}",
        "epsilon_total": total.epsilon,
        "delta_total": total.delta,
        "epsilon_spent_before": max(0.0, total.epsilon_spent - allowance.epsilon_spent),
        "epsilon_this_study": allowance.epsilon_spent,
        "delta_this_study": allowance.delta,
        # The page's parts add up: what the rule may admit beyond the plain sum is not promised here.
        "epsilon_left": total.epsilon_left,
        "allowance_epsilon": allowance.epsilon,
        "allowance_delta": allowance.delta,
        "abandoned_charges": total.abandoned,
        "ledger_id": ledger.id,
        "checkpoint_size": size,
        "checkpoint_hash": head,
        "scratch": ledger.scratch,
    }


def _not_private(ledger: Ledger, account: str) -> list[Json]:
    return [
        {"what": entry["what"], "when": entry["time"], "study": entry["study"]}
        for entry in ledger.not_private(account)
    ]


def _not_checked(place: Workplace, rows: Rows) -> list[str]:
    """Return the word keys of what this run did not look at; the first page of both editions prints them.

    Guarantee: they follow from the study file alone. Whether a model had patients enough for the attack
    would tell how many there are, so outside it is judged by the declared number.
    """
    study = place.study
    found = ["machine", "legal"]
    if rows.outputs:
        found += ["free-text", "linkage"]
    shares = [(section.patients, section.test_share) for section in study.train]
    shares += [(section.patients, section.control_share) for section in study.synth]
    if any(patients * min(share, 1 - share) < FEWEST for patients, share in shares):
        found.append("membership")
    if rows.tables and study.risk is None:
        found.append("risk")
    looked = {"epsilon", "identifier_risk"}
    looked |= (
        {"k", "open_reviews"} if rows.outputs else set()
    )  # where no row leaves there is nothing to look at
    looked |= {"refuted_claims"} if study.audit else set()
    unset = (name for name in GATES if getattr(study.gates, name) is None and name in looked)
    return [*found, *(f"gate-{name}" for name in unset)]
