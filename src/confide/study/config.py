"""`study.toml`: one purpose, one folder, one file; read strictly, free of patient data.

The sections of a room live in that room (`confide.stats.section`, …), so that a new measure or
policy touches its room only. `load_study` reads and checks all that can be known without opening
a record; nothing is spent and no source is read here.
"""

import math
import re
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

from confide.audit.section import AuditSection
from confide.deid.section import DeidSection
from confide.dp.accountant import exact
from confide.errors import InvalidInput
from confide.ledger.accounts import verify_day
from confide.records.section import SourceSection
from confide.risk.section import RiskSection
from confide.stats.images_section import ImagesSection
from confide.stats.section import StatsSection
from confide.stats.series_section import SeriesSection
from confide.study.keys_section import KeysSection
from confide.study.tokens import check_tokens
from confide.study.toml import Lines, read_sections, read_text
from confide.synth.section import SynthSection
from confide.tasks.image_section import ImageSection
from confide.tasks.notes_section import NotesSection
from confide.tasks.report_section import ReportSection
from confide.tasks.section import DiagnoseSection, GraphSection, NerSection, TeachersSection
from confide.train.section import TrainSection
from confide.vault.section import TokenSection

FILE = "study.toml"
_FILE_NAME = re.compile(r"(?!\.)[^/\\\x00-\x1f]{1,80}")  # a release is put out as a file of its name


@dataclass(frozen=True, kw_only=True, slots=True)
class StudySection:
    """What the study is for."""

    name: str = field(metadata={"doc": "Name of the study; charges are booked under it."})
    purpose: str = field(metadata={"doc": "One sentence: what the results are for."})
    requester: str = field(metadata={"doc": "Who answers for the study."})
    language: Literal["en", "zh"] = field(default="en", metadata={"doc": "Language of the dossier."})

    def __post_init__(self) -> None:
        """A study without a name or a purpose cannot be approved."""
        for name in ("name", "purpose", "requester"):
            if not getattr(self, name).strip():
                raise InvalidInput("study.empty", key=name)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountSection:
    """The allowance asked of the institution's account."""

    name: str = field(metadata={"doc": "Name of the account of the patient population."})
    epsilon: float = field(metadata={"doc": "Allowance: the most that all releases of this study may cost."})
    delta: float = field(metadata={"doc": "Allowance: at most 1 / (100 * patients of the account)."})
    expires: str | None = field(
        default=None, metadata={"doc": 'Last day on which the study may spend, such as "2027-12-31" (UTC).'}
    )
    cohort: str | None = field(
        default=None,
        metadata={
            "doc": "Only these patients are read and exposed: a cohort that was declared in the ledger."
        },
    )

    def __post_init__(self) -> None:
        """Refuse a budget that could not be spent."""
        if not (math.isfinite(self.epsilon) and self.epsilon > 0):
            raise InvalidInput("error.invalid-input", field="epsilon", wanted="> 0", found=self.epsilon)
        if not 0 < self.delta < 0.01:
            raise InvalidInput("error.invalid-input", field="delta", wanted="> 0, < 0.01", found=self.delta)
        if self.expires is not None:
            verify_day(self.expires)


@dataclass(frozen=True, kw_only=True, slots=True)
class PatientSection:
    """Who is one patient, over all sources."""

    id: str = field(metadata={"doc": "Column that holds the patient's id, unless a source names another."})
    crosswalk: str | None = field(
        default=None, metadata={"doc": "CSV with columns id, patient: joins several ids of one patient."}
    )
    unit: Literal["patient", "row"] = field(
        default="patient",
        metadata={
            "doc": "What is protected. 'row' must be written out, and the dossier says so on its first page."
        },
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentSection:
    """Lists of ids, applied before anything else is read."""

    optout: str | None = field(default=None, metadata={"doc": "CSV: patients who must not be in any step."})
    consented: str | None = field(
        default=None, metadata={"doc": "CSV: only these patients may be in any step."}
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class GatesSection:
    """What must hold before anything leaves. A gate left out is not checked, and the dossier says so."""

    k: int | None = field(
        default=None, metadata={"doc": "Row-level output: at least so many patients share each combination."}
    )
    identifier_risk: float | None = field(
        default=None,
        metadata={"doc": "Upper 95 % bound on the share of known identifiers that the byte search finds."},
    )
    epsilon: float | None = field(
        default=None, metadata={"doc": "All releases of this study together cost at most."}
    )
    open_reviews: int | None = field(
        default=None, metadata={"doc": "At most so many doubtful documents are open."}
    )
    refuted_claims: int | None = field(
        default=None, metadata={"doc": "At most so many claims of trainings are refuted by [[audit]]."}
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Study:
    """One study file, read and checked. Every field is public but for where `folder` is."""

    folder: Path = field(metadata={"inner": True})
    study: StudySection
    account: AccountSection
    patient: PatientSection
    consent: ConsentSection = field(default_factory=ConsentSection)
    keys: KeysSection = field(default_factory=KeysSection)
    source: tuple[SourceSection, ...]
    deid: DeidSection | None = None
    risk: RiskSection | None = None
    stats: tuple[StatsSection, ...] = ()
    series: tuple[SeriesSection, ...] = ()
    images: tuple[ImagesSection, ...] = ()
    synth: tuple[SynthSection, ...] = ()
    train: tuple[
        TrainSection
        | NerSection
        | DiagnoseSection
        | GraphSection
        | ReportSection
        | NotesSection
        | TeachersSection
        | ImageSection,
        ...,
    ] = ()
    audit: tuple[AuditSection, ...] = ()
    token: tuple[TokenSection, ...] = ()
    gates: GatesSection = field(default_factory=GatesSection)

    def source_named(self, name: str) -> SourceSection:
        """Return the source with this name; `load_study` has seen that it exists."""
        return next(source for source in self.source if source.name == name)

    @property
    def leaving(self) -> tuple[str, ...]:
        """Names of the sources that leave row by row after de-identification."""
        if self.deid is None:
            return ()
        if self.deid.sources is not None:
            return self.deid.sources
        return self.held("notes")

    def held(self, what: Literal["table", "notes"]) -> tuple[str, ...]:
        """Return the names of the sources of this kind that a run holds as a whole, not in pieces."""
        return tuple(source.name for source in self.source if source.holds == what and not source.pieces)


def load_study(folder: Path) -> Study:
    """Read and check `study.toml` in `folder`.

    Raises:
        InvalidInput: naming the line and what to write instead.
    """
    return read_study(read_text(folder / FILE), folder)


def read_study(text: str, folder: Path) -> Study:
    """Check the text of a study file; relative paths in it start at `folder`. Raises as `load_study`."""
    values, lines = read_sections(Study, text, FILE)
    study = Study(folder=folder, **values)
    _check_references(study, lines)
    check_tokens(study, lines, FILE)
    _check_budget(study, lines)
    return study


def _check_references(study: Study, lines: Lines) -> None:
    """Every name that one section uses is the name of another, and names are used once."""
    kinds: dict[str, str] = {source.name: source.holds for source in study.source}
    for section in ("source", "stats", "series", "images", "synth", "train", "audit"):
        names = [each.name for each in getattr(study, section)]
        for at, name in enumerate(names):
            line = lines.of(f"{section}.{at}", "name")
            if not _FILE_NAME.fullmatch(name):
                raise InvalidInput("study.name-no-file", file=FILE, line=line, name=name, section=section)
            if name in names[:at]:
                raise InvalidInput("study.name-twice", file=FILE, line=line, name=name, section=section)
    for section in ("stats", "images", "synth", "train"):
        for at, each in enumerate(getattr(study, section)):
            wanted = "images" if section == "images" else getattr(each, "holds", "table")
            if kinds.get(each.source) != wanted:
                line = lines.of(f"{section}.{at}", "source")
                known = ", ".join(name for name, kind in kinds.items() if kind == wanted) or "-"
                where = {"file": FILE, "line": line, "name": each.source, "known": known}
                if wanted == "images":
                    raise InvalidInput("study.no-such-images", **where)
                code = "study.no-such-table" if wanted == "table" else "tasks.no-such-notes"
                raise InvalidInput(code, **where)
    _check_pieces(study, lines)
    _check_series(study, kinds, lines)
    _check_images(study, lines)
    for name in study.leaving:
        if name not in kinds:
            line = lines.of("deid", "sources")
            raise InvalidInput(
                "study.no-such-source", file=FILE, line=line, name=name, known=", ".join(kinds)
            )
        if kinds[name] == "images":
            raise InvalidInput("study.images-leave", file=FILE, line=lines.of("deid", "sources"), name=name)


def _check_pieces(study: Study, lines: Lines) -> None:
    """Of a table in pieces only statistics and series are asked, and each row belongs to a patient."""
    for at, source in enumerate(study.source):
        if not source.pieces:
            continue
        for section in ("synth", "train"):
            for place, each in enumerate(getattr(study, section)):
                if each.source == source.name:
                    _refuse_pieces(source.name, lines.of(f"{section}.{place}", "source"))
        if source.name in study.leaving or study.patient.unit == "row":
            _refuse_pieces(source.name, lines.of(f"source.{at}", "pieces"))


def _refuse_pieces(name: str, line: int) -> None:
    raise InvalidInput("study.pieces", file=FILE, line=line, name=name)


def _check_series(study: Study, kinds: dict[str, str], lines: Lines) -> None:
    """A series reads tables of patients, and each of its releases is a file of its own."""
    for at, series in enumerate(study.series):
        for name in series.sources:
            if kinds.get(name) != "table":
                line = lines.of(f"series.{at}", "sources")
                tables = ", ".join(each for each, kind in kinds.items() if kind == "table")
                raise InvalidInput(
                    "study.no-such-table", file=FILE, line=line, name=name, known=tables or "-"
                )
        if study.patient.unit == "row":
            raise InvalidInput("series.of-rows", name=series.name)
        for period in series.periods:
            name, line = f"{series.name} {period}", lines.of(f"series.{at}", "periods")
            if not _FILE_NAME.fullmatch(name):
                raise InvalidInput("study.name-no-file", file=FILE, line=line, name=name, section="series")
            if name in {each.name for each in study.stats}:
                raise InvalidInput("study.name-twice", file=FILE, line=line, name=name, section="stats")


def _check_images(study: Study, lines: Lines) -> None:
    """Each release of images is a file of its own beside the tables."""
    taken = {each.name for each in study.stats}
    taken |= {f"{each.name} {period}" for each in study.series for period in each.periods}
    for at, images in enumerate(study.images):
        if images.name in taken:
            line = lines.of(f"images.{at}", "name")
            raise InvalidInput("study.name-twice", file=FILE, line=line, name=images.name, section="images")


def _check_budget(study: Study, lines: Lines) -> None:
    """The steps together fit into the allowance, as the decimals that are written, or the run could never be finished."""
    parts = (study.stats, study.series, study.images, study.synth, study.train)
    asked = sum((exact(each.epsilon) for part in parts for each in part), Fraction(0))
    if asked > exact(study.account.epsilon):
        raise InvalidInput(
            "study.impossible-budget",
            file=FILE,
            line=lines.of("account", "epsilon"),
            asked=f"{float(asked):.15g}",
            allowance=f"{study.account.epsilon:.15g}",
        )
