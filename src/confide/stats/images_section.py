"""The `[[images]]` section of a study file: mean image and grey levels per group of a source of images. All fields public."""

from dataclasses import dataclass, field

from confide.errors import InvalidInput
from confide.stats.images import ImagePlan

ALL = "*"  # the one group where nothing groups the images


def _doc(sentence: str) -> dict[str, str]:
    return {"doc": sentence}


@dataclass(frozen=True, kw_only=True, slots=True)
class ImagesSection:
    """One mean image and histogram of grey levels per group: which source, which groups, what it may cost."""

    source: str = field(metadata=_doc("Name of the source, of kind images."))
    shape: tuple[int, ...] = field(
        metadata=_doc(
            "Height and width of every image, such as [28, 28]; an image of another size is refused."
        )
    )
    epsilon: float = field(metadata=_doc("What the whole release may cost one patient."))
    delta: float = field(default=1e-9, metadata=_doc("At most 1 / (100 patients)."))
    by: str = field(
        default="",
        metadata=_doc(
            "Column that says the group of an image; left out, all images are one group. Of an .npz, the name of its array "
            "(`labels` for `train_labels`)."
        ),
    )
    groups: tuple[str, ...] = field(
        default=(),
        metadata=_doc("The groups, a public list of texts; an image of any other counts nowhere."),
    )
    max_images: int = field(
        default=1,
        metadata=_doc("How many images of one patient weigh whole; of a patient with more each weighs less."),
    )
    pool: int = field(
        default=1,
        metadata=_doc(
            "A square of so many pixels a side becomes one before the noise, which is smaller for it."
        ),
    )
    mean: bool = field(default=True, metadata=_doc("Whether the mean image is released."))
    edges: tuple[int, ...] = field(
        default=(),
        metadata=_doc(
            "Grey levels from 0 to 256 between which a histogram counts pixels, such as [0, 64, 128, 256]."
        ),
    )
    name: str = field(
        default="",
        metadata=_doc("Name of the release inside its study; made up from source and column if left out."),
    )

    def __post_init__(self) -> None:
        """Refuse what could never be released, and give the release a name."""
        if len(self.shape) != 2:
            raise InvalidInput("images.section-shape")
        if bool(self.by) != bool(self.groups):
            raise InvalidInput("images.section-groups")
        if not self.name:
            object.__setattr__(self, "name", f"{self.source}-by-{self.by}" if self.by else self.source)
        self.plan()

    def plan(self) -> ImagePlan:
        """Return what is charged."""
        height, width = self.shape
        return ImagePlan(
            name=self.name, source=self.source, epsilon=self.epsilon, delta=self.delta, shape=(height, width),
            by=self.by, groups=self.groups or (ALL,), max_images=self.max_images, pool=self.pool, mean=self.mean,
            edges=self.edges,
        )  # fmt: skip
