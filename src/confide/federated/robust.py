"""Combine updates of which some are hostile: medians, trimming, Krum, centred clipping, mixing, buckets, trust.

Guarantee: what comes out is finite for every input; a row that is not finite is left out before anything is computed. Each
rule says how many hostile rows it stands. Pure array functions that see rows in the clear: with secrecy the rows are sums of
fixed groups (`groups_of`), and a hostile site hides among its group.
"""

import hashlib
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from confide.errors import InvalidInput
from confide.federated.settings import FEWEST_HONEST, Federation, grouped

Floats = NDArray[np.float64]
Rule = Literal["median", "trimmed", "krum", "geometric", "mixed"]

_LARGEST = 1e100  # beyond, squares of distances would overflow: such a row is hostile or broken


def sound(rows: Floats) -> Floats:
    """Return the rows that are finite and of a size with which distances can be computed.

    Raises:
        InvalidInput: not two-dimensional, or no row is left.
    """
    rows = np.asarray(rows, dtype=np.float64)
    if rows.ndim != 2:
        raise InvalidInput("fed.rows")
    with np.errstate(invalid="ignore"):
        kept: Floats = rows[(np.abs(rows) <= _LARGEST).all(axis=1)]
    if not len(kept):
        raise InvalidInput("fed.rows")
    return kept


def clipped(rows: Floats, bound: float) -> Floats:
    """Shrink each row to L2 norm `bound` or less; the bound is public, or that of the last round."""
    rows = sound(rows)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    short: Floats = rows * (bound / np.maximum(norms, bound))
    return short


def clipped_to_median(rows: Floats) -> Floats:
    """Shrink each row to the median of their L2 norms; fewer hostile rows than half cannot raise it beyond an honest one.

    >>> clipped_to_median(np.array([[1.0, 0.0], [0.0, 2.0], [300.0, 400.0]])).round(3).tolist()
    [[1.0, 0.0], [0.0, 2.0], [1.2, 1.6]]
    """
    rows = sound(rows)
    bound = float(np.median(np.linalg.norm(rows, axis=1)))
    return clipped(rows, bound) if bound > 0 else np.zeros_like(rows)


def coordinate_median(rows: Floats) -> Floats:
    """Return the median of each coordinate; stands fewer hostile rows than half.

    Source: Yin et al. 2018, "Byzantine-Robust Distributed Learning", Definition 1.

    >>> coordinate_median(np.array([[0.0], [1.0], [np.inf], [2.0]]))
    array([1.])
    """
    middle: Floats = np.median(sound(rows), axis=0)
    return middle


def trimmed_mean(rows: Floats, hostile: int) -> Floats:
    """Leave out the `hostile` largest and smallest of each coordinate and average the rest.

    Source: Yin et al. 2018, Definition 2.
    """
    rows = _enough(rows, 2 * hostile + 1)
    kept = np.sort(rows, axis=0)[hostile : len(rows) - hostile]
    mean: Floats = kept.mean(axis=0)
    return mean


def multi_krum(rows: Floats, hostile: int) -> Floats:
    """Average the rows whose nearest neighbours are nearest; `hostile` rows are left out.

    Source: Blanchard et al. 2017, "Machine Learning with Adversaries", section 4 (m-Krum, m = n - f).
    """
    rows = _enough(rows, 2 * hostile + 1)
    nearest = np.sort(_square_distances(rows), axis=1)[:, 1 : max(2, len(rows) - hostile - 1)]
    chosen = np.argsort(nearest.sum(axis=1), kind="stable")[: len(rows) - hostile]
    mean: Floats = rows[chosen].mean(axis=0)
    return mean


def geometric_median(rows: Floats, passes: int = 30) -> Floats:
    """Return nearly the point whose distances to all rows add up to the least; stands fewer hostile rows than half.

    Source: Pillutla et al. 2022, "Robust Aggregation for Federated Learning", Algorithm 2 (smoothed Weiszfeld).
    """
    rows = sound(rows)
    centre = np.median(rows, axis=0)
    for _ in range(passes):
        far = np.linalg.norm(rows - centre, axis=1)
        weights = 1 / np.maximum(far, 1e-9 * max(1.0, float(far.max())))
        centre = weights @ rows / weights.sum()
    return centre


def centred_clipping(rows: Floats, centre: Floats, radius: float, passes: int = 3) -> Floats:
    """Move from `centre`, the last round's result, by the average of the differences, each at most `radius` long.

    Guarantee: whatever the rows, the result lies within `passes` times `radius` of `centre`.

    Source: Karimireddy, He, Jaggi 2021, "Learning from History", Algorithm 2.
    """
    rows = sound(rows)
    for _ in range(passes):
        centre = centre + clipped(rows - centre, radius).mean(axis=0)
    return centre


def mixed_with_nearest(rows: Floats, hostile: int) -> Floats:
    """Replace each row by the average of its nearest len(rows) - `hostile`: before another rule (NNM).

    Source: Allouah et al. 2023, "Fixing by Mixing", Algorithm 2.
    """
    rows = _enough(rows, 2 * hostile + 1)
    near = np.argsort(_square_distances(rows), axis=1, kind="stable")[:, : len(rows) - hostile]
    mixed: Floats = rows[near].mean(axis=1)
    return mixed


def in_buckets(rows: Floats, size: int, order: Sequence[int]) -> Floats:
    """Average rows in buckets of `size` in a drawn `order`: before another rule, where sites' data differ much.

    Source: Karimireddy, He, Jaggi 2022, "Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing".
    """
    rows = sound(np.asarray(rows)[list(order)])
    cuts = range(0, len(rows), size)
    return np.stack([rows[at : at + size].mean(axis=0) for at in cuts])


def trusted(rows: Floats, reference: Floats) -> Floats:
    """Weigh each row by how far it points where `reference` does, at the reference's length (FLTrust).

    `reference` is the update of a small public or own data set; what points away from it counts nothing.

    Source: Cao et al. 2021, "FLTrust", Algorithm 2.
    """
    directions, [towards] = _directions(sound(rows)), _directions(sound(reference[None]))
    scores = np.maximum(directions @ towards, 0)
    if not scores.sum() > 0:
        return np.zeros_like(reference)
    combined: Floats = scores @ directions / scores.sum() * np.linalg.norm(reference)
    return combined


def combined(rule: Rule, rows: Floats, *, hostile: int) -> Floats:
    """Combine rows by the rule that a federation names, after shortening each to the median of their lengths.

    Guarantee: finite; whatever `hostile` of the rows hold, no row counts with more than the length of an honest one.

    Args:
        rule: "median" and "trimmed" of each coordinate; "krum": the mean of the rows with near neighbours; "geometric": the
            median of points; "mixed": each row with its nearest ones, then trimmed.
        rows: shape (groups, numbers): the mean update of each group.
        hostile: how many rows may be anything at all.

    Raises:
        InvalidInput: fewer than 2 hostile + 1 rows.
    """
    rows = clipped_to_median(_enough(rows, 2 * hostile + 1))
    match rule:
        case "median":
            return coordinate_median(rows)
        case "trimmed":
            return trimmed_mean(rows, hostile)
        case "krum":
            return multi_krum(rows, hostile)
        case "geometric":
            return geometric_median(rows)
        case "mixed":
            return trimmed_mean(mixed_with_nearest(rows, hostile), hostile)


def groups_of(
    names: Sequence[str], *, colluders: int, seed: bytes, alone: bool = False, size: int = 0
) -> list[list[str]]:
    """Return the fixed groups in which sites are summed secretly, so that a rule can compare the sums of groups.

    Guarantee: with all of a group standing, at least 3 honest sites are in each sum (1, where each site's own noise
    suffices: `alone`), even if all `colluders` fell into it. The groups follow from names and seed: never draw them anew, for
    sums over other groups can be solved for single sites.

    Args:
        names: of all sites.
        colluders: how many sites may side with the hub, over all groups.
        seed: public, agreed before the first round.
        alone: whether each site's own noise suffices.
        size: of a group, at least; 0 for as few as hide a site. Where `alone`, 1 will do: each site's noisy update is seen.

    Raises:
        InvalidInput: too few sites for a single group, or so small a group that a site would be bare.
    """
    least = 1 if alone and size else colluders + (1 if alone else FEWEST_HONEST)
    if size and size < least:
        raise InvalidInput("fed.group-small", found=size, least=least)
    size = size or max(2, least)
    if len(names) < size:
        raise InvalidInput("fed.too-few-honest", found=len(names) - colluders, wanted=size - colluders)
    count = len(names) // size
    drawn = sorted(names, key=lambda name: hashlib.sha256(seed + b"\0" + name.encode()).digest())
    return [sorted(drawn[at::count]) for at in range(count)]


def secret_groups(federation: Federation, *, colluders: int, size: int = 0) -> list[Federation]:
    """Return the groups of a federation, each a federation of its own that sums in secret.

    Guarantee: they follow from what all approved by its digest, so nobody can draw them anew: every site works out its
    own, and takes part in no other.

    Args:
        federation: of all sites.
        colluders: how many sites of one group may side with the hub.
        size: of a group, at least; 0 for as few as hide a site, or as the noise counts on.

    Raises:
        InvalidInput: too few sites for groups that hide a single one.
    """
    if federation.noise is not None and not federation.alone:
        size = size or colluders + max(FEWEST_HONEST, federation.noise.honest)
    names = [member.name for member in federation.members]
    seed = bytes.fromhex(federation.digest())
    groups = groups_of(names, colluders=colluders, seed=seed, alone=federation.alone, size=size)
    return grouped(federation, groups, colluders=colluders)


def _enough(rows: Floats, wanted: int) -> Floats:
    rows = sound(rows)
    if len(rows) < wanted:
        raise InvalidInput("fed.too-hostile", found=len(rows), wanted=wanted)
    return rows


def _directions(rows: Floats) -> Floats:
    """Return rows of length 1, and of length 0 where a row is zero; the smallest do not vanish on the way."""
    largest = np.abs(rows).max(axis=1, keepdims=True)
    rows = rows / np.where(largest > 0, largest, 1)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)  # at least 1, but for a row of zeros
    directions: Floats = rows / np.maximum(lengths, 1)
    return directions


def _square_distances(rows: Floats) -> Floats:
    """Return squared distances, after scaling so that nothing overflows; only their order is used."""
    scale = float(np.abs(rows).max())
    if not math.isfinite(scale) or scale == 0:
        return np.zeros((len(rows), len(rows)))
    scaled = rows / scale
    gaps: Floats = np.stack([((scaled - row) ** 2).sum(axis=1) for row in scaled])
    return gaps
