"""`confide run`: the main job, from sealed originals to a verdict and its dossier.

Steps: 1 seal, 2 read, 3 de-identify, 4 measure risk, 5 statistics and synthetic tables, 6 train, 7 attack the
output, 8 gates, outgoing files, dossier. Restartable at any point: sealing goes on, row-level sets are made
again and come out the same, releases of the ledger are replayed byte for byte.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from confide.audit.bytesearch import search_bytes
from confide.errors import GateRefused
from confide.ledger.charge import Plan
from confide.ledger.ledger import now
from confide.risk.measure import measure
from confide.stats.series import NEW
from confide.study.cleaned import cleaned
from confide.study.cohort import members_of
from confide.study.dossier import build
from confide.study.facts import Found, facts_of
from confide.study.gates import Gate, Verdict, judge
from confide.study.images import as_table, expected_error, other_files, stack_of
from confide.study.keys import nobody_types
from confide.study.models import train_models
from confide.study.outgoing import FOLDER, Output, put_out, take_back
from confide.study.plans import (
    grant,
    image_plans,
    stats_plans,
    synth_plans,
    train_plans,
    verify_paid,
    verify_plans,
)
from confide.study.publish import write_dossier
from confide.study.replays import commitment_for
from confide.study.rows import Rows
from confide.study.series import Period, release_series
from confide.study.sources import Records, read_records, seal_sources
from confide.study.synthetic import make_tables
from confide.study.tables import other_editions, statistics_output
from confide.study.task_runs import do_tasks
from confide.study.training_audits import audit_trainings
from confide.study.workplace import Workplace, open_workplace
from confide.types import Json, Progress
from confide.words import say, speaking

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
    """Do the eight steps in order."""
    study, vault, ledger = place.study, place.vault, place.ledger
    began = now()
    verify_paid(study, ledger)
    with clock("seal") as progress:
        sealed = seal_sources(study, vault, progress=progress)
    with clock("read") as progress:
        records = read_records(study, vault, members=members_of(study, ledger), progress=progress)
    with clock("deid") as progress:
        rows = cleaned(place, records, began=began, progress=progress)
    with clock("risk"):
        risk = _risk(place, rows)
    verify_plans(study, ledger, records.columns, records.commitments, records.sizes)
    grant(study, ledger)
    with clock("stats") as progress:
        statistics = _release_statistics(place, records, progress) + _release_series(place, records)
        of_images = _release_images(place, records)
        statistics += [shown for shown, _ in of_images]
    with clock("synth") as progress:
        made = make_tables(place, records, synth_plans(study), progress=progress)
    with clock("train") as progress:
        models = train_models(place, records, train_plans(study), progress=progress)
        tasks = do_tasks(place, records, progress=progress)
    releases = [statistics_output(each["release"]) for each in statistics]
    with speaking(study.study.language):
        pictures = [file for each in statistics for file in other_editions(each["release"])]
    outputs = [
        *rows.outputs,
        *releases,
        *(table.output() for table in made),
        *(output for model in models for output in model.outputs()),
        *(output for task in tasks for output in task.outputs()),
        *pictures,
        *(output for _, files in of_images for output in files),
    ]
    with clock("audit") as progress:
        audits = audit_trainings(place, progress=progress)
        outgoing = [each for output in outputs for each in output.records]
        search = search_bytes(rows.known, outgoing, progress=progress)
        for streamed in records.streamed.values():
            search = search.plus(streamed.search(outgoing, records.ids, rows.known.keys()))
    gates, verdict = judge(
        study.gates,
        k=min((each["k"] for each in risk), default=None),
        search=search,
        epsilon=ledger.balance(study.account.name, study.study.name).epsilon_spent,
        open_reviews=rows.open_reviews,
        refuted_claims=sum(len(each.release["refuted"]) for each in audits) if audits else None,
    )
    passed = verdict == "pass"
    with clock("dossier"):
        if passed:
            _book_what_epsilon_does_not_cover(place, rows.outputs, records.commitments)
            put_out(study.folder, outputs)
        else:
            take_back(study.folder)
        found = Found(
            began=began, sealed=sealed, records=records, rows=rows, risk=risk, statistics=statistics,
            made=made, models=models, tasks=tasks, audits=audits, outputs=outputs, search=search, gates=gates, verdict=verdict,
        )  # fmt: skip
        facts = facts_of(place, found, clock.seconds)
        dossiers = write_dossier(study.folder, *build(facts), language=study.study.language)
    return Outcome(
        verdict=verdict,
        gates=gates,
        dossiers=dossiers,
        files=[study.folder / FOLDER / output.file for output in outputs] if passed else [],
        outgoing=study.folder / FOLDER,
        outputs=outputs,
        facts=facts,
    )


def _release_statistics(place: Workplace, records: Records, progress: Progress) -> list[Json]:
    """Charge, or show again, every `[[stats]]` of the study; return each release with the error expected of it."""
    study, found = place.study, []
    for done, plan in enumerate(stats_plans(study), start=1):
        release, replayed = place.ledger.run(
            plan,
            records.table(plan.source),
            study=study.study.name,
            account=study.account.name,
            commitment=commitment_for(
                study, place.ledger, plan, plan.source, records.commitments[plan.source]
            ),
            cohort=study.account.cohort,
        )
        expected = plan.expected_error()
        found.append(
            {"name": plan.name, "replayed": replayed, "release": release, "expected_error": expected}
        )
        progress(done, len(study.stats))
    return found


def _release_series(place: Workplace, records: Records) -> list[Json]:
    """Release what is new of every `[[series]]`; return the newest period's release, which holds those before it."""
    study, ledger, found = place.study, place.ledger, []
    for section in study.series:
        series, size = section.plan(), ledger.store.head()[0]
        periods = [
            Period(table=records.table(name), commitment=records.commitments[name])
            for name in section.sources
        ]

        def standing(step: Plan, commitment: str, sources: tuple[str, ...] = section.sources) -> str:
            return commitment_for(study, ledger, step, sources[step.to_json()["step"] - 1], commitment)

        releases = release_series(
            ledger, series, periods, study=study.study.name, account=study.account.name,
            cohort=study.account.cohort, standing=standing,
        )  # fmt: skip
        error = series.expected_error()[len(periods) - 1]
        found.append(
            {"name": series.name, "replayed": ledger.store.head()[0] == size, "release": releases[-1],
             "expected_error": {NEW: error}}
        )  # fmt: skip
    return found


def _release_images(place: Workplace, records: Records) -> list[tuple[Json, list[Output]]]:
    """Charge, or show again, every `[[images]]`; return each as a table and as files."""
    study, found = place.study, []
    for plan in image_plans(study):
        stack = stack_of(records.images[plan.source], records.units[plan.source], plan.by)
        release, replayed = place.ledger.run(
            plan,
            stack,
            study=study.study.name,
            account=study.account.name,
            commitment=commitment_for(
                study, place.ledger, plan, plan.source, records.commitments[plan.source]
            ),
            cohort=study.account.cohort,
        )
        shown = {"name": plan.name, "replayed": replayed, "release": as_table(plan, release),
                 "expected_error": expected_error(plan)}  # fmt: skip
        found.append((shown, other_files(plan, release)))
    return found


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
