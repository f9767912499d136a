"""`[[train]]` of a study file with `task = "ner"`, `"diagnose"`, `"graph"` or `"teachers"`. All fields public.

One class per task, told apart by `task`; what they share is checked in one place. No file is opened here.
"""

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from confide.errors import InvalidInput
from confide.train.privacy import PrivacyPlan

LARGEST_TYPES = 200


def _doc(sentence: str) -> dict[str, object]:
    return {"doc": sentence}


LATER = {
    "later": True
}  # a field left out where it has its default, so that releases from before it are found
_SOURCE = _doc("Name of the source, notes.")
_EPSILON = _doc("What the whole step may cost one patient.")
_PATIENTS = _doc("Public number of patients; never counted from the file.")
_DELTA = _doc("At most 1 / (100 patients).")
_NAME = _doc("Name of the release; made up from the source if left out.")
_STEPS = _doc("How many noisy steps to take.")
_BATCH = _doc("Patients expected in a step; 0 stands for a quarter of the training patients.")
BANDS = LATER | _doc(
    "So many steps share their noise: later ones take back part of what earlier ones added, and patients take turns in as many "
    "groups. Pays where many steps are taken with small batches; 1 draws it afresh for each step."
)
_CLIP = _doc("Largest L2 norm of one patient's gradient.")
_LEARNING_RATE = _doc("Size of a step.")
_TEST_SHARE = _doc("Share of the patients held out, to measure on inside.")
_PUBLIC = _doc("Files of public text to learn words from before; never of patients.")
_ENCODER = LATER | _doc(
    "Absolute path of a public encoder: a folder of transformers, such as a BERT of the notes' language. It stays as it is; one layer over it is learnt."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class NerSection:
    """A model that finds entities in notes, learnt from notes whose entities somebody marked."""

    task: Literal["ner"] = field(metadata=_doc("What is trained: finding entities in notes."))
    source: str = field(metadata=_SOURCE)
    labels: str = field(
        metadata=_doc('Column that names the entities: a JSON list of {"start", "end", "type"}, as text.')
    )
    types: tuple[str, ...] = field(
        metadata=_doc("Types of entities, listed by you and not read from the notes.")
    )
    epsilon: float = field(metadata=_EPSILON)
    patients: int = field(metadata=_PATIENTS)
    delta: float = field(default=1e-9, metadata=_DELTA)
    name: str = field(default="", metadata=_NAME)
    public: str | None = field(default=None, metadata=_PUBLIC)
    encoder: str | None = field(default=None, metadata=_ENCODER)
    piece: int = field(
        default=128, metadata=_doc("Tokens of a piece of a note; longer notes become several.")
    )
    pieces: int = field(default=4, metadata=_doc("Pieces of a patient that take part in a step, at most."))
    steps: int = field(default=200, metadata=_STEPS)
    expected_batch: int = field(default=0, metadata=_BATCH)
    bands: int = field(default=1, metadata=BANDS)
    clip: float = field(default=0.5, metadata=_CLIP)
    learning_rate: float = field(default=0.02, metadata=_LEARNING_RATE)
    test_share: float = field(default=0.2, metadata=_TEST_SHARE)

    def __post_init__(self) -> None:
        """Refuse what could never be trained, and fill in what follows from public fields."""
        verify_listed("types", self.types)
        for name in ("piece", "pieces"):
            verify_whole(name, getattr(self, name), 1, 4096)
        complete(self, f"{self.source}-entities")

    @property
    def holds(self) -> Literal["notes"]:
        """What the source has to hold."""
        return "notes"


@dataclass(frozen=True, kw_only=True, slots=True)
class DiagnoseSection:
    """A model that says which of some classes a note belongs to: a department, a diagnosis."""

    task: Literal["diagnose"] = field(metadata=_doc("What is trained: a class from a note."))
    source: str = field(metadata=_SOURCE)
    target: str = field(metadata=_doc("Column that names the class of a note."))
    classes: tuple[str, ...] = field(
        metadata=_doc("The classes, listed by you; a note of another class is left out.")
    )
    epsilon: float = field(metadata=_EPSILON)
    patients: int = field(metadata=_PATIENTS)
    delta: float = field(default=1e-9, metadata=_DELTA)
    name: str = field(default="", metadata=_NAME)
    encoder: str | None = field(default=None, metadata=_ENCODER)
    steps: int = field(default=60, metadata=_STEPS)
    expected_batch: int = field(default=0, metadata=_BATCH)
    bands: int = field(default=1, metadata=BANDS)
    clip: float = field(default=1.0, metadata=_CLIP)
    learning_rate: float = field(default=10.0, metadata=_LEARNING_RATE)
    test_share: float = field(default=0.2, metadata=_TEST_SHARE)

    def __post_init__(self) -> None:
        """Refuse what could never be trained, and fill in what follows from public fields."""
        verify_listed("classes", self.classes, least=2)
        complete(self, f"{self.source}-{self.target}")

    @property
    def holds(self) -> Literal["notes"]:
        """What the source has to hold."""
        return "notes"


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphSection:
    """A graph of what a released model finds in notes: how many patients have an entity, and two of them together."""

    task: Literal["graph"] = field(
        metadata=_doc("What is made: a graph of entities, with counts of patients.")
    )
    source: str = field(metadata=_SOURCE)
    model: str = field(
        metadata=_doc('Name of a [[train]] with task = "ner", further up, whose model reads the notes.')
    )
    epsilon: float = field(metadata=_EPSILON)
    patients: int = field(metadata=_PATIENTS)
    delta: float = field(default=1e-9, metadata=_DELTA)
    name: str = field(default="", metadata=_NAME)
    terms: tuple[str, ...] = field(
        default=(),
        metadata=_doc(
            "Public list of terms to count; left out, terms are shown from a threshold up, paid by delta."
        ),
    )
    entities: int = field(default=12, metadata=_doc("Entities of a patient that are counted, at most."))
    pairs: int = field(default=12, metadata=_doc("Pairs of entities of a patient that are counted, at most."))

    def __post_init__(self) -> None:
        """Refuse what could never be counted."""
        if self.terms:
            verify_listed("terms", self.terms)
        verify_whole("entities", self.entities, 1, 1000)
        verify_whole("pairs", self.pairs, 1, 1000)
        if not self.name:
            object.__setattr__(self, "name", f"{self.source}-graph")
        verify_budget(self.epsilon, self.delta, self.patients)

    @property
    def holds(self) -> Literal["notes"]:
        """What the source has to hold."""
        return "notes"

    @property
    def test_share(self) -> float:
        """Nobody is held out: a count is measured against nothing."""
        return 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class TeachersSection:
    """A class from few labels: teachers on disjoint patients vote on public texts, and a student learns the noisy winners."""

    task: Literal["teachers"] = field(metadata=_doc("What is made: labels of public texts, and a student."))
    source: str = field(metadata=_SOURCE)
    target: str = field(metadata=_doc("Column that names the class of a note."))
    classes: tuple[str, ...] = field(
        metadata=_doc("The classes, listed by you; a note of another class is left out.")
    )
    public: str = field(
        metadata=_doc("Files of public texts that teachers are asked about; never of patients.")
    )
    questions: int = field(
        metadata=_doc("How many of the public texts are asked about: the first ones; each costs.")
    )
    epsilon: float = field(metadata=_EPSILON)
    patients: int = field(metadata=_PATIENTS)
    delta: float = field(default=1e-9, metadata=_DELTA)
    name: str = field(default="", metadata=_NAME)
    teachers: int = field(
        default=100, metadata=_doc("How many teachers the patients are dealt out to, by a keyed hash.")
    )
    test_share: float = field(default=0.2, metadata=_TEST_SHARE)

    def __post_init__(self) -> None:
        """Refuse what could never be asked."""
        verify_listed("classes", self.classes, least=2)
        verify_whole("teachers", self.teachers, 2, 1 << 20)
        verify_whole("questions", self.questions, 1, 1 << 20)
        if not self.name:
            object.__setattr__(self, "name", f"{self.source}-{self.target}-labels")
        verify_budget(self.epsilon, self.delta, self.patients)
        if not 0 <= self.test_share < 1:
            raise InvalidInput("train.test-share", found=self.test_share)

    @property
    def holds(self) -> Literal["notes"]:
        """What the source has to hold."""
        return "notes"


def training_patients(section: Any) -> int:
    """Return how many of the declared patients are expected on the training side."""
    expected: float = section.patients * (1 - section.test_share)
    return max(1, round(expected))


def verify_listed(
    field_name: str, listed: tuple[str, ...], *, least: int = 1, most: int = LARGEST_TYPES
) -> None:
    """Refuse a list of names that is too short, too long, or names one twice or nothing.

    Raises:
        InvalidInput: says which field.
    """
    fit = all(each.strip() and each.isprintable() for each in listed)
    if not (fit and least <= len(listed) <= most and len(set(listed)) == len(listed)):
        raise InvalidInput("tasks.listed", field=field_name, least=least, most=most)


def verify_whole(field_name: str, found: int, least: int, most: int) -> None:
    """Refuse a number that is not whole or out of range.

    Raises:
        InvalidInput: says which field.
    """
    if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= most:
        raise InvalidInput("tasks.whole", field=field_name, low=least, high=most, found=found)


def verify_budget(epsilon: float, delta: float, patients: int) -> None:
    """Refuse a budget that could never be charged; public values only.

    Raises:
        InvalidInput: names the first field that cannot be.
    """
    if isinstance(patients, bool) or not 1 <= patients <= 1 << 32:
        raise InvalidInput("train.patients", found=patients)
    if not (math.isfinite(epsilon) and epsilon > 0):
        raise InvalidInput("train.epsilon", found=epsilon)
    if not 1e-16 <= delta <= 1 / (100 * patients):
        raise InvalidInput("train.delta", found=delta, most=f"{1 / (100 * patients):.3g}")


def privacy_of(section: Any, *, max_records: int) -> PrivacyPlan:
    """Return how the steps of a section are protected; `max_records` of a patient are read in each.

    Raises:
        InvalidInput: steps that could not be taken so; says which field.
    """
    return PrivacyPlan(
        epsilon=section.epsilon,
        delta=section.delta,
        expected_batch=section.expected_batch,
        steps=section.steps,
        patients=training_patients(section),
        clip=section.clip,
        max_records=max_records,
        bands=section.bands,
    )


def complete(section: Any, name: str) -> None:
    """Check what all trainings by noisy steps share, and fill in name and batch."""
    if not section.name:
        object.__setattr__(section, "name", name)
    verify_budget(section.epsilon, section.delta, section.patients)
    verify_whole("steps", section.steps, 1, 100_000)
    if not 0 <= section.test_share < 1:
        raise InvalidInput("train.test-share", found=section.test_share)
    for each in ("clip", "learning_rate"):
        if not 1e-9 <= (found := getattr(section, each)) <= 1e9:
            raise InvalidInput("train.positive", field=each, found=found)
    most = training_patients(section)
    if isinstance(section.expected_batch, bool) or not 0 <= section.expected_batch <= most:
        raise InvalidInput("train.expected-batch", found=section.expected_batch, most=most)
    if section.expected_batch == 0:
        object.__setattr__(section, "expected_batch", max(1, round(most / 4)))
    privacy_of(section, max_records=1)
