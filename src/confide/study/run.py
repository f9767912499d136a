"""`confide run`: the main job, from sealed originals to a verdict and its dossier.

Steps: 1 seal, 2 read, 3 de-identify, 4 measure risk, 5 statistics, 6 train, 7 attack the output,
8 gates, outgoing files, dossier. Restartable at any point: sealing goes on, row-level sets are made
again and come out the same, releases of the ledger are replayed byte for byte.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path

from confide.audit.bytesearch import search_bytes
from confide.audit.membership import FEWEST
from confide.errors import GateRefused
from confide.ledger.ledger import Ledger, now
from confide.risk.measure import measure
from confide.study.config import RECOVERY_KEY
from confide.study.dossier import build
from confide.study.gates import GATES, Gate, Verdict, judge
from confide.study.models import train_models
from confide.study.outgoing import FOLDER, Output, put_out, take_back
from confide.study.plans import grant, stats_plans, train_plans, verify_paid, verify_plans
from confide.study.publish import write_dossier
from confide.study.rows import Rows, deidentify
from confide.study.sources import read_records, seal_sources
from confide.study.tables import statistics_output
from confide.study.workplace import Workplace, nobody_types, open_workplace
from confide.types import Json, Progress
from confide.words import say

Step = Callable[[str], AbstractContextManager[Progress]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a run ended; figures and paths, nothing of a patient."""

    verdict: Verdict
    gates: list[Gate]
    dossiers: list[Path]
    files: list[Path]
    outgoing: Path
    outputs: list[Output] = field(repr=False)
    facts: Json = field(repr=False)

    def to_json(self) -> Json:
        """Return what `--json` prints."""
        return {
            "verdict": self.verdict,
            "gates": [asdict(gate) for gate in self.gates],
            "dossiers": [str(path) for path in self.dossiers],
            "outgoing": [str(path) for path in self.files],
        }

    def refusal(self) -> GateRefused | None:
        """Return what names the gates that do not hold; None if the verdict is "pass"."""
        if self.verdict == "pass":
            return None
        broken = ", ".join(say(f"study.gate.{gate.name}") for gate in self.gates if gate.holds is False)
        verdict = say(f"study.verdict.{self.verdict}")
        return GateRefused(verdict=verdict, gates=broken, folder=self.outgoing.name)

    def raise_unless_passed(self) -> None:
        """Raise GateRefused unless the verdict is "pass"."""
        if (refused := self.refusal()) is not None:
            raise refused


class Clock:
    """Times each step beside showing it."""

    def __init__(self, step: Step) -> None:
        self.seconds: dict[str, float] = {}
        self._step = step

    @contextmanager
    def __call__(self, name: str) -> Iterator[Progress]:
        """Show and time one step."""
        began = time.monotonic()
        with self._step(name) as progress:
            yield progress
        self.seconds[name] = round(time.monotonic() - began, 2)


def run_study(folder: Path, *, step: Step, ask: Callable[[], str] = nobody_types) -> Outcome:
    """Run the study in `folder`, or go on where an earlier run ended.

    Guarantee: nothing is put into `outgoing/` unless the verdict is "pass". Nothing is charged, and no
    allowance taken, unless every step of the study can be paid and finds its columns.

    Raises:
        ConfideError: one sentence that says what to do; what was done so far is kept.
    """
    with open_workplace(folder, ask=ask) as place:
        return _run(place, Clock(step))


def _run(place: Workplace, clock: Clock) -> Outcome:
    study, vault, ledger = place.study, place.vault, place.ledger
    began = now()
    verify_paid(study, ledger)
    with clock("seal") as progress:
        sealed = seal_sources(study, vault, progress=progress)
    with clock("read") as progress:
        records = read_records(study, vault, progress=progress)
    granted = ledger.granted_on(study.account.name, study.study.name) or began
    with clock("deid") as progress:
        today = date.fromisoformat(granted[:10])
        rows = deidentify(study, records, vault, today=today, progress=progress)
    with clock("risk"):
        risk = _risk(place, rows)
    name, account = study.study.name, study.account.name
    verify_plans(study, ledger, records.tables, records.commitments)
    grant(study, ledger)
    statistics, releases = [], []
    with clock("stats") as progress:
        for done, plan in enumerate(stats_plans(study)):
            frame, commitment = records.units[plan.source], records.commitments[plan.source]
            release, replayed = ledger.run(plan, frame, study=name, account=account, commitment=commitment)
            expected = plan.expected_error()
            statistics.append(
                {"name": plan.name, "replayed": replayed, "release": release, "expected_error": expected}
            )
            releases.append(statistics_output(release))
            progress(done + 1, len(study.stats))
    with clock("train") as progress:
        models = train_models(place, records, train_plans(study), progress=progress)
    with clock("audit") as progress:
        outputs = [*rows.outputs, *releases, *(model.output() for model in models)]
        search = search_bytes(
            rows.known, [each for output in outputs for each in output.records], progress=progress
        )
    allowance = ledger.balance(account, name)
    ks = [each["k"] for each in risk]
    gates, verdict = judge(
        study.gates,
        k=min(ks) if ks else None,
        search=search,
        epsilon=allowance.epsilon_spent,
        open_reviews=rows.open_reviews,
    )
    with clock("dossier"):
        if verdict == "pass":
            _book_what_epsilon_does_not_cover(place, rows.outputs, records.commitments)
            put_out(study.folder, outputs)
        else:
            take_back(study.folder)
        facts: Json = {
            "study": {
                "name": name,
                "purpose": study.study.purpose,
                "requester": study.study.requester,
                "language": study.study.language,
                "unit": study.patient.unit,
                "confide_version": version("confide"),
                "started": began,
                "finished": now(),
            },
            "account": _account(ledger, account, name),
            "seal": asdict(sealed)
            | {
                "custody": study.keys.custody,
                "suite": "AES256-GCM-HKDF-1MB",
                "recovery_key_on_this_machine": (study.folder / RECOVERY_KEY).exists(),
            },
            "sources": records.counts,
            "deid": rows.figures,
            "risk": risk,
            "stats": statistics,
            "train": [model.to_json() for model in models],
            "audit": {
                "bytes": asdict(search),
                "membership": [each for model in models if (each := model.attack_to_json())],
            },
            "outputs": [output.to_json(left=verdict == "pass") for output in outputs],
            "not_private": _not_private(ledger, account),
            "not_checked": _not_checked(place, rows),
            "not_checked_inside": ["membership"] if any(model.attack is None for model in models) else [],
            "openings": [asdict(each) | {"path": each.path.name} for each in vault.openings()],
            "gates": [asdict(gate) for gate in gates],
            "verdict": verdict,
            "seconds": clock.seconds,
        }
        dossiers = write_dossier(study.folder, *build(facts), language=study.study.language)
    files = [study.folder / FOLDER / output.file for output in outputs] if verdict == "pass" else []
    return Outcome(
        verdict=verdict,
        gates=gates,
        dossiers=dossiers,
        files=files,
        outgoing=study.folder / FOLDER,
        outputs=outputs,
        facts=facts,
    )


def _risk(place: Workplace, rows: Rows) -> list[Json]:
    """Measure every table that leaves row by row, over the columns that the study names."""
    section = place.study.risk
    if section is None:
        return []
    found = []
    for name, table in rows.tables.items():
        columns = [column for column in section.quasi_identifiers if column in table.columns]
        figures = measure(table, columns or list(section.quasi_identifiers))
        found.append(asdict(figures) | {"source": name, "quasi_identifiers": columns})
    return found


def _book_what_epsilon_does_not_cover(
    place: Workplace, outputs: list[Output], commitments: dict[str, str]
) -> None:
    """Write row-level sets into the ledger before they are put out (promise 6).

    The commitment is to the data and to what is put out: the same data under an altered policy is another set.
    """
    study = place.study
    for output in outputs:
        source = Path(output.file).stem
        place.ledger.note_not_private(
            " · ".join([output.file, output.kind, output.status, study.deid.policy if study.deid else "-"]),
            study=study.study.name,
            account=study.account.name,
            commitment=place.vault.keyed_digest(
                commitments[source].encode() + b"\0" + output.content, "not-private"
            ),
        )


def _account(ledger: Ledger, account: str, study: str) -> Json:
    total, allowance = ledger.balance(account), ledger.balance(account, study)
    size, head = ledger.store.head()
    return {
        "name": account,
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
    if any(
        section.patients * min(section.test_share, 1 - section.test_share) < FEWEST for section in study.train
    ):
        found.append("membership")
    if rows.tables and study.risk is None:
        found.append("risk")
    of_rows = () if rows.outputs else ("k", "open_reviews")  # where no row leaves there is nothing to look at
    unset = (name for name in GATES if getattr(study.gates, name) is None and name not in of_rows)
    return [*found, *(f"gate-{name}" for name in unset)]
