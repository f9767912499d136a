"""`[[train]]` of a study file with `task = "report"`: findings in, a draft report out. All fields public.

Checked by the same rules as the other tasks (`confide.tasks.section`). No file is opened here.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from confide.errors import InvalidInput
from confide.tasks.section import BANDS, LATER, complete, verify_whole

if TYPE_CHECKING:
    from confide.tasks.notes_section import NotesSection

FROM_NOTHING = "small"


def doc(sentence: str) -> dict[str, object]:
    """Return what the schema of the study file says of a field."""
    return {"doc": sentence}


PUBLIC = LATER | doc(
    "Files of public text that a model from scratch learns first, without privacy: JSON lines with `text` and, where there is one, "
    "the column that it is written from; or plain text. Never of patients."
)
PUBLIC_EPOCHS = LATER | doc("How often the public texts are gone through.")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportSection:
    """A model that drafts the text of a note from another of its columns: a report from findings."""

    task: Literal["report"] = field(metadata=doc("What is trained: drafting a report from findings."))
    source: str = field(metadata=doc("Name of the source, notes; their text is the report."))
    findings: str = field(metadata=doc("Column that a report is written from."))
    text_language: Literal["en", "zh"] = field(
        metadata=doc("Language of the notes; whose words a draft is checked for.")
    )
    epsilon: float = field(metadata=doc("What the whole step may cost one patient."))
    patients: int = field(metadata=doc("Public number of patients; never counted from the file."))
    delta: float = field(default=1e-9, metadata=doc("At most 1 / (100 patients)."))
    name: str = field(default="", metadata=doc("Name of the release; made up from the source if left out."))
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
    most_given: int = field(default=96, metadata=doc("Tokens of the findings that are read."))
    most_written: int = field(default=96, metadata=doc("Tokens of a report, at most."))
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
        """Refuse what could never be trained, and fill in what follows from public fields."""
        if self.text_language not in ("en", "zh"):
            raise InvalidInput("reports.language", found=self.text_language)
        verify_model(self)
        for name in ("most_given", "most_written"):
            verify_whole(name, getattr(self, name), 4, 4096)
        verify_whole("records", self.records, 1, 1024)
        complete(self, f"{self.source}-reports")

    @property
    def holds(self) -> Literal["notes"]:
        """What the source has to hold."""
        return "notes"

    @property
    def length(self) -> int:
        """Tokens of an example: its parts and the three marks between them."""
        return self.most_given + self.most_written + 3


def verify_model(settings: "ReportSection | NotesSection") -> None:
    """Raise unless the model that a section asks for can be made: its shape fits, and only one from scratch learns public text.

    Raises:
        InvalidInput: a number is out of range, or public text is named beside a checkpoint.
    """
    verify_whole("rank", settings.rank, 1, 256)
    verify_whole("layers", settings.layers, 1, 48)
    verify_whole("width", settings.width, 16, 4096)
    verify_whole("public_epochs", settings.public_epochs, 1, 100)
    if settings.width % 16:
        raise InvalidInput("reports.width", found=settings.width)
    if settings.public is not None and settings.model != FROM_NOTHING:
        raise InvalidInput("reports.public-checkpoint")
