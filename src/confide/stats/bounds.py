"""How many rows of a patient count, chosen from a noisy histogram of rows per patient that is paid for.

Guarantee: `sketch` moves by at most 1 where one patient comes or goes; the rest looks at its noisy counts and at
public numbers only. Also says, from the same counts, which share of all rows was cut off. Proof: `docs/proofs/stats.md`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from confide.engines.polars import Floats, Ints

SHARE = Fraction(1, 20)  # of a table's ε, where the bound is chosen
MOST = 1 << 10  # rows of one patient; more count as so many, in what is said of all rows
ASSUMED = 4  # where nothing is known: before a run, or of a table of hardly anybody

_IN_TOTALS = 4.0  # a patient's rows gather in few groups, and a count loses them together
_IN_RATIOS = 1 / 16  # values differ by about a quarter of their bounds, and weights matter only as far

_STEPS = tuple(sorted({round(2 ** (k / 2)) for k in range(2 * 10 + 1)}))  # 1, 2, 3, 4, 6, 8, 11, … 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """How many rows of a patient are whole ones. Public: after the noise.

    `total`: in counts and sums; `ratio`: in means, shares and quantiles. `kept`: which share of all rows the
    totals keep, by which they are divided; 1 if that is not known.
    """

    total: int
    ratio: int
    kept: float = 1.0


def sketch(rows: Ints) -> Ints:
    """Count the patients in each of some bins of rows per patient; those without a row are in none.

    Args:
        rows: of each patient, from 0.
    """
    held = np.minimum(rows[rows > 0], MOST)
    return np.bincount(np.searchsorted(_STEPS, held, side="left"), minlength=len(_STEPS)).astype(np.int64)


def chosen(
    noisy: Ints, scale: float, epsilons: tuple[Iterable[float], Iterable[float]], cells: int
) -> Bounds:
    """Choose the two bounds that should err least in a group of middling size, powers of two both.

    What a bound costs: its noise; and that patients weigh unequally, which differs from group to group. Bins that
    noise alone may fill are taken for empty, the more surely the more rows their patients would have: patients
    with very many rows are seen only where there are enough of them.

    Args:
        noisy: the sketch after its noise.
        scale: of that noise.
        epsilons: what the parts for totals and those for ratios may each cost.
        cells: number of groups.
    """
    patients = np.where(noisy >= scale * (2 + np.log(_TYPICAL)), noisy, 0).astype(np.float64)
    rows = float(patients @ _TYPICAL)
    if rows <= 0:
        return Bounds(total=ASSUMED, ratio=ASSUMED)
    group = max(1.0, rows / cells)
    total, ratio = (
        min(_LADDER, key=lambda most: _error(patients, most, min(each, default=1.0), group, alike))
        for each, alike in zip(epsilons, (_IN_TOTALS, _IN_RATIOS), strict=True)
    )
    return Bounds(
        total=total, ratio=ratio, kept=min(1.0, float(patients @ np.minimum(_TYPICAL, total)) / rows)
    )


def _error(patients: Floats, most: int, epsilon: float, group: float, alike: float) -> float:
    """Return the square of the relative error to expect in a group of so many rows.

    `alike`: how much more unequal weights cost than if rows were spread by chance.
    """
    weights = np.minimum(1.0, most / _TYPICAL)
    rows = patients * _TYPICAL
    kept = float(rows @ weights / rows.sum())
    unequal = float(rows @ (weights / kept - 1) ** 2 / rows.sum())
    return 2 * (most / (epsilon * kept * group)) ** 2 + alike * unequal / group


def _middles() -> Floats:
    """Return the number of rows that stands for each bin: the middle of the whole numbers in it."""
    lower = (0, *_STEPS[:-1])
    return np.array([(low + 1 + high) / 2 for low, high in zip(lower, _STEPS, strict=True)])


_TYPICAL = _middles()
_LADDER = tuple(1 << k for k in range(int(math.log2(MOST)) + 1))
