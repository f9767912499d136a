"""`[[train]]` of a study file with `task = "image"`: a class from an image, pneumonia say. All fields public.

Checked by the same rules as the other tasks (`confide.tasks.section`). No file is opened here.
"""

from dataclasses import dataclass, field
from typing import Literal

from confide.errors import InvalidInput
from confide.tasks.report_section import doc
from confide.tasks.section import BANDS, complete, verify_listed, verify_whole

GROUPS = 4  # of the network's channels are normalised together


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageSection:
    """A model that says which of some classes an image is of: whether a chest film shows pneumonia."""

    task: Literal["image"] = field(metadata=doc("What is trained: a class from an image."))
    source: str = field(metadata=doc("Name of the source, of kind images."))
    target: str = field(
        metadata=doc(
            "Column that names the class of an image. Of an .npz, the name of its array (`labels` for `train_labels`)."
        )
    )
    classes: tuple[str, ...] = field(
        metadata=doc("The classes, listed by you; an image of another class is left out.")
    )
    shape: tuple[int, ...] = field(
        metadata=doc(
            "Height and width of every image, such as [28, 28]; an image of another size is refused."
        )
    )
    epsilon: float = field(metadata=doc("What the whole step may cost one patient."))
    patients: int = field(metadata=doc("Public number of patients; never counted from the file."))
    delta: float = field(default=1e-9, metadata=doc("At most 1 / (100 patients)."))
    name: str = field(default="", metadata=doc("Name of the release; made up from the source if left out."))
    channels: int = field(default=16, metadata=doc("Channels of the first layer; a multiple of four."))
    images: int = field(
        default=4, metadata=doc("Images of a patient that take part in a step, at most; they count as one.")
    )
    steps: int = field(default=150, metadata=doc("How many noisy steps to take."))
    expected_batch: int = field(
        default=0,
        metadata=doc("Patients expected in a step; 0 stands for a quarter of the training patients."),
    )
    bands: int = field(default=1, metadata=BANDS)
    clip: float = field(default=1.0, metadata=doc("Largest L2 norm of one patient's gradient."))
    learning_rate: float = field(default=0.005, metadata=doc("Size of a step."))
    test_share: float = field(
        default=0.2, metadata=doc("Share of the patients held out, to measure on inside.")
    )

    def __post_init__(self) -> None:
        """Refuse what could never be trained, and fill in what follows from public fields."""
        verify_listed("classes", self.classes, least=2)
        if len(self.shape) != 2:
            raise InvalidInput("images.section-shape")
        for side in self.shape:
            verify_whole("shape", side, 8, 1024)
        verify_whole("channels", self.channels, GROUPS, 1024)
        if self.channels % GROUPS:
            raise InvalidInput("tasks.whole", field="channels", low=GROUPS, high=1024, found=self.channels)
        verify_whole("images", self.images, 1, 1024)
        complete(self, f"{self.source}-{self.target}")

    @property
    def holds(self) -> Literal["images"]:
        """What the source has to hold."""
        return "images"

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.shape[0], self.shape[1]

    def verify_size(self, size: tuple[int, int]) -> None:
        """Raise if images of this height and width are not those of the plan; call it before anything is charged.

        Raises:
            InvalidInput: another size.
        """
        if tuple(size) != self.size:
            raise InvalidInput("images.shape", height=self.shape[0], width=self.shape[1])
