"""Mean image and histogram of grey levels per group, from stacks of equal-sized grey images: the patient is the unit.

Guarantee: adding or removing one patient, with any number of any images, moves the vector of all exact integer sums
by at most `ImagePlan.sensitivity()` in L2; discrete Gaussian noise for that is added once. Size, groups, bins and
pooling are public settings. Proof: `docs/proofs/images.md`. Noise on a single image: `confide.stats.masking`.
"""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from confide.dp.accountant import calibrate_gaussian
from confide.dp.events import Composed, DiscreteGaussian, Event, Failure, check_number, check_whole
from confide.dp.noise import Noise
from confide.engines.polars import patient_codes
from confide.errors import InvalidInput
from confide.types import Json

GRID = 1 << 16  # what one patient's images weigh together, in fixed point
LEVELS = 256
SAMPLER_DELTA = 1e-18
MOST_FIGURES = 2_000_000
LARGEST_SIDE = 4096
_BLOCK = 1 << 22  # pixels at a time
_Z = 1.959964  # of the normal distribution, 95 % on both sides

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageStack:
    """Images with the patient and the group of each: patient data, never printed."""

    pixels: NDArray[np.uint8] = field(repr=False)  # shape (images, height, width)
    patients: Sequence[str | None] = field(repr=False)
    groups: Sequence[str | None] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ImagePlan:
    """What will be released of a stack of images and what it costs. Every field is public.

    `pool`: a square of so many pixels a side becomes one before the noise, which is smaller for it. `edges`: whole
    grey levels from 0 to 256 between which a histogram counts pixels; empty for none. `by`: the column of a source that
    the groups were read from; empty where they came otherwise, or where all images are one group.
    """

    name: str
    epsilon: float
    delta: float
    shape: tuple[int, int]
    groups: tuple[str, ...]
    source: str = ""
    max_images: int = 1
    pool: int = 1
    mean: bool = True
    edges: tuple[int, ...] = ()
    by: str = ""

    def __post_init__(self) -> None:
        """Refuse a plan that could not run, before any budget is touched."""
        check_number("epsilon", self.epsilon, 1e-6, 1e6)
        check_number("delta", self.delta, 1e-16, 0.01)
        check_whole("max_images", self.max_images, 1, GRID)
        for side in self.shape:
            check_whole("shape", side, 1, LARGEST_SIDE)
        check_whole("pool", self.pool, 1, min(self.shape))
        if any(side % self.pool for side in self.shape):
            raise InvalidInput("images.pool", pool=self.pool, height=self.shape[0], width=self.shape[1])
        if not self.groups or len(set(self.groups)) < len(self.groups):
            raise InvalidInput("images.groups")
        if self.edges and (
            self.edges[0] != 0 or self.edges[-1] != LEVELS or list(self.edges) != sorted(set(self.edges))
        ):
            raise InvalidInput("images.edges")
        if not (self.mean or self.edges):
            raise InvalidInput("images.nothing")
        if self.figures * len(self.groups) > MOST_FIGURES:
            raise InvalidInput("images.too-many", found=self.figures * len(self.groups), most=MOST_FIGURES)
        _ = self.sigma  # refuses what no noise could pay for

    @property
    def size(self) -> tuple[int, int]:
        """Return height and width of the mean image that is released."""
        return self.shape[0] // self.pool, self.shape[1] // self.pool

    @property
    def figures(self) -> int:
        """Return how many integers are released per group."""
        return 1 + self.mean * math.prod(self.size) + max(0, len(self.edges) - 1)

    @cached_property
    def units(self) -> tuple[int, int, int]:
        """Return by what a pixel's deviation, the count and a histogram's pixels are multiplied.

        The mean image and the histogram get about the same L2 norm, the count a quarter of it: its noise is then
        a few images, for 3 % more noise on the rest.
        """
        pixels = math.prod(self.shape)
        norm = (math.isqrt(math.prod(self.size)) if self.mean else 64) * (LEVELS - 1) * self.pool**2
        return 1, max(1, norm // 4), max(1, norm // pixels)

    def sensitivity(self) -> float:
        """Return how far one patient can move all sums together, in L2; rounded up."""
        deviation, count, histogram = self.units
        square = count**2
        if self.mean:
            square += math.prod(self.size) * (deviation * (LEVELS - 1) * self.pool**2) ** 2
        if self.edges:
            square += (histogram * math.prod(self.shape)) ** 2
        return GRID * math.sqrt(square) * (1 + 2.0**-50)

    @cached_property
    def sigma(self) -> float:
        """Return the noise on every integer."""
        return calibrate_gaussian(
            self.epsilon, self.delta - 2 * SAMPLER_DELTA, sensitivity=self.sensitivity()
        )

    def event(self) -> Event:
        """Return what one run costs when one patient is added or removed; data only."""
        noise = DiscreteGaussian(sensitivity=self.sensitivity(), sigma=self.sigma)
        return Composed((noise, Failure(delta=SAMPLER_DELTA)))

    def to_json(self) -> Json:
        """Return the kind and all public fields; numbers with a fraction as text."""
        return {
            "kind": "images",
            "name": self.name,
            "source": self.source,
            "shape": list(self.shape),
            "groups": list(self.groups),
            "max_images": self.max_images,
            "pool": self.pool,
            "mean": self.mean,
            "edges": list(self.edges),
            "epsilon": repr(self.epsilon),
            "delta": repr(self.delta),
        } | ({"by": self.by} if self.by else {})

    def text_columns(self) -> frozenset[str]:
        """Return the columns of a source that must be read cell by cell."""
        return frozenset({self.by} - {""})

    def verify_columns(self, columns: Collection[str]) -> None:
        """Raise if the column of the groups is not there; call it before anything is charged.

        Raises:
            InvalidInput: names it.
        """
        if self.by and self.by not in columns:
            raise InvalidInput("stats.no-column", column=self.by)

    def verify_size(self, size: tuple[int, int]) -> None:
        """Raise if images of this height and width are not those of the plan; call it before anything is charged.

        Raises:
            InvalidInput: another size.
        """
        if tuple(size) != tuple(self.shape):
            raise InvalidInput("images.shape", height=self.shape[0], width=self.shape[1])

    def verify_stack(self, stack: ImageStack) -> None:
        """Raise if the stack is not of the plan's size; call it before anything is charged.

        Raises:
            InvalidInput: another size or kind of pixels, or not a patient and a group for each.
        """
        if stack.pixels.dtype != np.uint8 or stack.pixels.ndim != 3 or stack.pixels.shape[1:] != self.shape:
            raise InvalidInput("images.shape", height=self.shape[0], width=self.shape[1])
        if not len(stack.pixels) == len(stack.patients) == len(stack.groups):
            raise InvalidInput("images.lengths")

    def verify_data(self, data: ImageStack) -> None:
        """Raise if the plan could not run on these data, by what is public of them; `Ledger.run` asks before it charges."""
        self.verify_stack(data)

    def expected_error(self, images: int) -> float | None:
        """Return half of the 95 % interval of a grey level in a group of so many images; None if none is said."""
        half = self._half_width(127.5, self.sigma / (2 * self.pool**2 * self.units[0]), images)
        return half if half < 127.5 else None

    def expected_share_error(self, images: int) -> float | None:
        """Return half of the 95 % interval of a histogram's share in a group of so many; None if none is said."""
        half = self._half_width(1.0, self.sigma / (self.units[2] * math.prod(self.shape)), images)
        return half if half < 0.5 else None

    def count_error(self) -> float:
        """Return half of the 95 % interval of the number of images, in every group the same."""
        return _Z * self.sigma / self.units[1] / (GRID // self.max_images)

    def _half_width(self, largest: float, noise: float, images: int) -> float:
        """Return half of the widest interval of a mean of what is `largest` at most, in size."""
        weight = GRID // self.max_images
        _, low, high = _ratios(
            np.array([largest * images * weight]),
            float(images * weight),
            noise,
            self.sigma / self.units[1],
        )
        return float((high - low)[0] / 2)

    def execute(self, data: ImageStack, noise: Noise) -> Json:
        """Return the release: per group how many images, the mean image, the histogram of its grey levels.

        Guarantee: (`epsilon`, `delta`)-differentially private for adding or removing one patient.

        Args:
            data: the images.
            noise: the charge's source of noise.

        Raises:
            InvalidInput: the stack is not of the plan's size; never a pixel's fault.
        """
        exact = exact_sums(self, data)
        noisy = exact + noise.discrete_gaussian(self.sigma, exact.shape)
        return {
            "kind": "images",
            "name": self.name,
            "source": self.source,
            "size": list(self.size),
            "bins": [f"[{low}, {high})" for low, high in zip(self.edges, self.edges[1:], strict=False)],
            "rows": [_row(self, group, sums) for group, sums in zip(self.groups, noisy, strict=True)],
            "epsilon": self.epsilon,
            "delta": self.delta,
            "max_images": self.max_images,
            "confidence": 0.95,
            "relation": "add or remove one patient",
        }


def exact_sums(plan: ImagePlan, stack: ImageStack) -> Ints:
    """Return the exact integers, shape (groups, figures): patient data, to be shown to nobody.

    Guarantee: one patient more or less moves them by at most `plan.sensitivity()` in L2, modulo 2^64. An image
    without a patient or of a group that is not listed counts nowhere, and lessens no weight.
    """
    plan.verify_stack(stack)
    patients = patient_codes(pl.Series(stack.patients, dtype=pl.String))
    place = {group: at for at, group in enumerate(plan.groups)}
    groups = np.array(
        [place.get(group, -1) if group is not None else -1 for group in stack.groups], dtype=np.int64
    )
    groups[patients < 0] = -1
    counted = np.flatnonzero(groups >= 0)
    images = np.bincount(patients[counted], minlength=1)
    weights = GRID // np.maximum(images[patients[counted]], plan.max_images)
    sums = np.zeros((len(plan.groups), plan.figures), dtype=np.int64)
    for part in _parts(len(counted), math.prod(plan.shape)):
        rows = _figures(plan, stack.pixels[counted[part]]) * weights[part, None]
        np.add.at(sums, groups[counted[part]], rows)
    return sums


def _parts(n: int, pixels: int) -> Iterator[slice]:
    step = max(1, _BLOCK // pixels)
    for start in range(0, n, step):
        yield slice(start, start + step)


def _figures(plan: ImagePlan, pixels: NDArray[np.uint8]) -> Ints:
    """Return what each image adds at weight 1: one for the count, its deviations from mid-grey, its histogram."""
    deviation, count, histogram = plan.units
    parts = [np.full((len(pixels), 1), count, dtype=np.int64)]
    if plan.mean:
        (height, width), side = plan.size, plan.pool
        squares = pixels.reshape(len(pixels), height, side, width, side).sum(axis=(2, 4), dtype=np.int64)
        parts.append(deviation * (2 * squares - (LEVELS - 1) * side**2).reshape(len(pixels), -1))
    if plan.edges:
        n_bins = len(plan.edges) - 1
        bins = np.searchsorted(plan.edges, np.arange(LEVELS), side="right") - 1
        places = bins[pixels].reshape(len(pixels), -1) + n_bins * np.arange(len(pixels))[:, None]
        found = np.bincount(places.ravel(), minlength=n_bins * len(pixels))
        parts.append(histogram * found.reshape(len(pixels), n_bins).astype(np.int64))
    return np.concatenate(parts, axis=1)


def _row(plan: ImagePlan, group: str, sums: Ints) -> Json:
    """Turn the noisy integers of one group into figures; only public numbers beside them."""
    deviation, count, histogram = plan.units
    whole = GRID // plan.max_images  # what an image of a patient with few weighs
    total, below = float(sums[0]) / count, plan.sigma / count
    middle, wide = total / whole, _Z * below / whole
    row: Json = {
        "group": group,
        "images": {
            "value": max(middle, 0.0),
            "low": max(middle - wide, 0.0),
            "high": max(middle + wide, 0.0),
        },
    }
    end = 1 + plan.mean * math.prod(plan.size)
    if plan.mean:
        unit = 2 * plan.pool**2 * deviation
        mean, low, high = _ratios(sums[1:end] / unit, total, plan.sigma / unit, below)
        half = float((high - low).max() / 2)
        said = half < (LEVELS - 1) / 2
        levels = np.clip(mean + 127.5, 0, LEVELS - 1).round(2).reshape(plan.size)
        row |= {"mean": levels.tolist() if said else None, "half_width": half if said else None}
    if plan.edges:
        unit = histogram * math.prod(plan.shape)
        shares, low, high = (
            np.clip(x, 0, 1) for x in _ratios(sums[end:] / unit, total, plan.sigma / unit, below)
        )
        values = [float(x) if high[at] - low[at] < 1 else None for at, x in enumerate(shares)]
        bins = [f"[{a}, {b})" for a, b in zip(plan.edges, plan.edges[1:], strict=False)]
        row["histogram"] = {"at": bins, "value": values, "low": low.tolist(), "high": high.tolist()}
    return row


def _ratios(above: Floats, below: float, above_sd: float, below_sd: float) -> tuple[Floats, Floats, Floats]:
    """Return above/below with 95 % intervals, for independent normal noise on both (Fieller 1954).

    Where the noise leaves everything open: minus and plus infinity. `above` may be of either sign.
    """
    lead = below**2 - (_Z * below_sd) ** 2
    if below <= 0 or lead <= 0:
        return np.zeros_like(above), np.full_like(above, -1e9), np.full_like(above, 1e9)
    middle = above * below / lead
    spread = np.sqrt(np.maximum(middle**2 - (above**2 - (_Z * above_sd) ** 2) / lead, 0))
    return above / below, middle - spread, middle + spread
