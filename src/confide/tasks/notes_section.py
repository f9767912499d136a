"""`[[train]]` of a study file with `task = "notes"`: made-up notes, drawn from a private model of real ones. All fields public.

Checked by the same rules as the other tasks (`confide.tasks.section`). No file is opened here.
"""

from dataclasses import dataclass, field
from typing import Literal
from unicodedata import normalize

from confide.errors import InvalidInput
from confide.tasks.report_section import FROM_NOTHING, PUBLIC, PUBLIC_EPOCHS, doc, verify_model
from confide.tasks.section import BANDS, complete, verify_listed, verify_whole

MOST = 100_000  # notes of one release


@dataclass(frozen=True, kw_only=True, slots=True)
class NotesSection:
    """Made-up notes: a model learns to write like a source's notes, and so many new ones are drawn from it."""

    task: Literal["notes"] = field(metadata=doc("What is made: notes of nobody, written like a source's."))
    source: str = field(metadata=doc("Name of the source, notes."))
    count: int = field(metadata=doc("How many notes are made up: a public number; each costs nothing more."))
    epsilon: float = field(metadata=doc("What the whole training may cost one patient."))
    patients: int = field(metadata=doc("Public number of patients; never counted from the file."))
    delta: float = field(default=1e-9, metadata=doc("At most 1 / (100 patients)."))
    name: str = field(default="", metadata=doc("Name of the release; made up from the source if left out."))
    target: str | None = field(
        default=None,
        metadata=doc("Column that names the class of a note; notes are then made up class by class."),
    )
    classes: tuple[str, ...] = field(
        default=(),
        metadata=doc(
            "The classes, listed by you; each gets its even share of `count`, a note of another is left out."
        ),
    )
    model: str = field(
        default=FROM_NOTHING,
        metadata=doc(
            '"small": a model from scratch, by characters. Else a public checkpoint: a folder, or a GGUF file.'
        ),
    )
    public: str | None = field(default=None, metadata=PUBLIC)
    public_epochs: int = field(default=6, metadata=PUBLIC_EPOCHS)
    rank: int = field(default=8, metadata=doc("Rank of LoRA on a checkpoint."))
    width: int = field(default=128, metadata=doc("Width of a model from scratch."))
    layers: int = field(default=2, metadata=doc("Layers of a model from scratch."))
    most_written: int = field(
        default=128, metadata=doc("Tokens of a note that are learnt and written, at most; its beginning.")
    )
    records: int = field(default=2, metadata=doc("Notes of a patient that take part in a step, at most."))
    steps: int = field(default=80, metadata=doc("How many noisy steps to take."))
    expected_batch: int = field(
        default=0,
        metadata=doc("Patients expected in a step; 0 stands for a quarter of the training patients."),
    )
    bands: int = field(default=1, metadata=BANDS)
    clip: float = field(default=1.0, metadata=doc("Largest L2 norm of one patient's gradient."))
    learning_rate: float = field(default=0.002, metadata=doc("Size of a step."))
    test_share: float = field(
        default=0.2, metadata=doc("Share of the patients held out, to measure on inside.")
    )

    def __post_init__(self) -> None:
        """Refuse what could never be made, and fill in what follows from public fields."""
        verify_whole("count", self.count, 1, MOST)
        if (self.target is None) != (not self.classes):
            raise InvalidInput("made-up.classes", field="classes" if self.classes else "target")
        if self.classes:
            verify_listed("classes", self.classes, least=2)
        verify_model(self)
        verify_whole("most_written", self.most_written, 4, 4096)
        verify_whole("records", self.records, 1, 1024)
        complete(self, f"{self.source}-made-up")

    @property
    def holds(self) -> Literal["notes"]:
        """What the source has to hold."""
        return "notes"

    @property
    def most_given(self) -> int:
        """Tokens of a class at most, in any tongue: no token is shorter than a byte. 0 where there are no classes."""
        return max((len(normalize("NFKC", name).encode()) + 1 for name in self.classes), default=0)

    @property
    def length(self) -> int:
        """Tokens of an example: its parts and the three marks between them."""
        return self.most_given + self.most_written + 3

    @property
    def wanted(self) -> tuple[tuple[str, int], ...]:
        """Return each class and how many notes it gets; one nameless class where there are none.

        An even share, and one more for the first where `count` cannot be divided.
        """
        names = self.classes or ("",)
        share, more = divmod(self.count, len(names))
        return tuple((name, share + (at < more)) for at, name in enumerate(names))
