"""Bound what one patient can contribute: join the rows of a patient, clip to an L2 ball, round to a grid.

Pure array functions: no files, no randomness, no budgets. Guarantees hold for every input, NaN, infinity and
1e308 included. `confide.dp.noise` adds the noise, the ledger pays for it. Proofs: `docs/proofs/clip.md`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from confide.errors import InvalidInput

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LARGEST_GRID = 2**31  # its square, and the exact sum of squares of a row, fit int64


def clipped_sum(rows: Floats, bound: float) -> Floats:
    """Sum the rows after shrinking each to L2 norm `bound` or less.

    Guarantee: adding or removing one row moves the result by at most `bound` in L2, but for the rounding of
    the sum itself (relative 1e-9): where noise is added, take `to_grid`, whose integer sums are exact.
    This holds for every input, because a row whose norm is not finite counts as zero.

    Args:
        rows: shape (patients, features), in the units of the features. May have no rows.
        bound: largest norm a row keeps, same units as `rows`; finite and above zero.

    Returns:
        Shape (features,), same units. All zeros when there are no rows.

    Raises:
        InvalidInput: `rows` is not two-dimensional, or `bound` is not finite and positive.

    Source: Abadi et al. 2016, "Deep Learning with Differential Privacy", Algorithm 1
    (the clipping line). We sum and leave the division by the batch size to the caller.

    >>> clipped_sum(np.array([[3.0, 4.0], [0.3, 0.4]]), bound=1.0).round(3)
    array([0.9, 1.2])
    """
    rows, norms = _checked(rows, bound)
    # divided first: bound / norm would lose its digits where it is below 1e-308
    total: Floats = (rows / np.maximum(norms, bound)[:, None]).sum(axis=0) * bound
    return total


def sum_by_patient(rows: Floats, patient_codes: Integers, n_patients: int) -> Floats:
    """Sum the rows of each patient, so that what follows clips patients and not rows.

    Guarantee: row i of the result depends on the rows of patient i only, whatever the others hold.

    Args:
        rows: shape (rows, features).
        patient_codes: shape (rows,), whole numbers from 0 below `n_patients`, in any order.
        n_patients: rows of the result; a patient without a row is zero.

    Returns:
        Shape (n_patients, features). NaN and infinity stay with the patient who brought them.

    Raises:
        InvalidInput: the shapes do not fit, or a code is out of range.

    >>> sum_by_patient(np.array([[1.0], [2.0], [4.0]]), np.array([1, 0, 1]), 3).ravel()
    array([2., 5., 0.])
    """
    rows = _two_dimensional(rows)
    codes = np.asarray(patient_codes)
    fits = codes.shape == (len(rows),) and np.issubdtype(codes.dtype, np.integer)
    if not fits or (len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) < n_patients):
        raise InvalidInput("dp.patient-codes", rows=len(rows), last=n_patients - 1)
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)
    total = np.zeros((n_patients, rows.shape[1]))
    if len(codes):
        with np.errstate(
            over="ignore", invalid="ignore"
        ):  # stays with the patient; clipping counts it as zero
            total[present] = np.add.reduceat(rows[order], starts, axis=0)
    return total


def to_grid(rows: Floats, bound: float, grid: int) -> Integers:
    """Clip each row to L2 norm `bound` and write it in whole units of `bound / grid`.

    Guarantee: every row of the result has L2 norm at most `grid`, in exact arithmetic. So the sum over
    patients moves by an integer vector of L2 norm at most `grid` when a patient is added or removed: the
    `sensitivity` of the event. For every input, because a row whose norm is not finite counts as zero.

    Args:
        rows: shape (patients, features): one row per patient, see `sum_by_patient`.
        bound: largest norm that a row keeps, in the units of `rows`; finite and above zero.
        grid: units in one `bound`, from 1 to 2^31. Rounding is toward zero, by less than one unit a cell.

    Returns:
        int64, shape of `rows`; multiply by `bound / grid` to come back.

    Raises:
        InvalidInput: `rows` is not two-dimensional, or `bound` or `grid` is out of range.

    >>> to_grid(np.array([[3.0, 4.0], [0.3, 0.4]]), bound=1.0, grid=100)
    array([[60, 80],
           [30, 40]])
    """
    if isinstance(grid, bool) or not isinstance(grid, int) or not 1 <= grid <= LARGEST_GRID:
        raise InvalidInput("dp.not-whole", field="grid", low=1, high=LARGEST_GRID, found=grid)
    rows, norms = _checked(rows, bound)
    scaled = rows / np.maximum(norms, bound)[:, None] * grid
    # the nudge lets 29.999999999999996 stand for 30; the guarantee rests on the check below alone
    whole = np.trunc(scaled * (1 + 2.0**-50)).astype(np.int64)
    if (above := _above(whole, grid)).any():
        whole[above] = np.trunc(scaled[above] * (1 - 1e-9)).astype(np.int64)
        whole[_above(whole, grid)] = 0
    return whole


def _above(whole: Integers, grid: int) -> NDArray[np.bool_]:
    """Say which rows have a norm above `grid`.

    First in doubles: where those say at most 1.01 grid², the integer sum is below 2^63 and therefore exact.
    """
    doubles = whole.astype(np.float64)
    roughly: NDArray[np.bool_] = np.einsum("ij,ij->i", doubles, doubles) > 1.01 * grid * grid
    exactly: NDArray[np.bool_] = np.einsum("ij,ij->i", whole, whole) > grid * grid
    return roughly | exactly


def _checked(rows: Floats, bound: float) -> tuple[Floats, Floats]:
    """Return the rows as doubles and their norms; rows without a finite norm become zero."""
    rows = _two_dimensional(rows)
    if not (math.isfinite(bound) and bound > 0):
        raise InvalidInput("dp.not-positive", field="bound", found=bound)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        norms = np.linalg.norm(rows, axis=1)
        # squares overflow or vanish far from 1: there, divide by the largest cell first
        if (far := ~((norms > 1e-120) & (norms < 1e120))).any():
            largest = np.abs(rows[far]).max(axis=1, initial=0.0)
            unit = np.where(largest > 0, largest, 1.0)
            norms[far] = np.linalg.norm(rows[far] / unit[:, None], axis=1) * unit
    if not (finite := np.isfinite(norms)).all():
        rows, norms = np.where(finite[:, None], rows, 0.0), np.where(finite, norms, 0.0)
    return rows, norms


def _two_dimensional(rows: Floats) -> Floats:
    # one memory order, so that the rounding of a row's norm depends on that row alone
    rows = np.ascontiguousarray(rows, dtype=np.float64) if np.ndim(rows) else np.asarray(rows)
    if rows.ndim != 2:
        raise InvalidInput("dp.rows-shape", found=str(rows.shape))
    return rows
