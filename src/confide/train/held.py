"""What is kept of one parameter's gradient between its backward and the clip: factors, or explicit gradients.

Explicit where they take less memory than the factors and less time than the Gram matrices; a weight that is used
more than once is one vector, whatever is kept of its uses. Knows no module; `confide.train.engine` owns these.
"""

import torch
from torch import Tensor

from confide.train import convolved
from confide.train.convolved import Convolved
from confide.train.per_sample import (
    Outer,
    Patients,
    Rows,
    Use,
    explicit,
    inner,
    reach,
    squared_norms,
    weighted,
)

OPERATIONS_PER_BYTE = 30  # what writing and reading one byte of an explicit gradient costs beside a product
MORE_MEMORY = 1.0  # explicit gradients may take so many times the bytes of the factors


class Held:
    """One parameter's share of a backward pass: uses by factors, or one explicit gradient per patient."""

    def __init__(self, shape: torch.Size, patients: Patients) -> None:
        self._shape, self._patients = shape, patients
        self._uses: list[Use] = []
        self._convolved: Convolved | None = None  # the only use, where it is one
        self._explicit: Tensor | None = None

    @property
    def rule(self) -> str:
        """Return how the norm is found: `direct` from explicit gradients, `ghost` from factors."""
        return "ghost" if self._explicit is None else "direct"

    def add(self, found: Use | Convolved | Tensor) -> None:
        """Add one use: factors of the records, or explicit gradients of the patients."""
        if self._convolved is not None:  # used again
            self._explicit = convolved.explicit(self._convolved, self._patients, self._shape)
            self._convolved = None
        if isinstance(found, Convolved):
            first = not self._uses and self._explicit is None
            if first and convolved.is_smaller(found, self._patients, self._shape):
                self._convolved = found
                return
            found = convolved.explicit(found, self._patients, self._shape)
        if self._explicit is None and isinstance(found, Outer | Rows):
            self._uses.append(found)
            if not self._explicit_wins():
                return
            found = explicit(self._uses.pop(), self._patients, self._shape)
        if self._explicit is None and isinstance(found, Tensor):
            self._explicit = found
            for use in self._uses:
                self._explicit += explicit(use, self._patients, self._shape)
            self._uses.clear()
        elif isinstance(found, Tensor) and self._explicit is not None:
            self._explicit = self._explicit + found
        elif isinstance(found, Outer | Rows) and self._explicit is not None:
            self._explicit += explicit(found, self._patients, self._shape)

    def squares(self) -> Tensor:
        """Return the squared norm of each patient's gradient: fp32, shape (patients,)."""
        if self._explicit is not None:
            return squared_norms(self._explicit)
        if self._convolved is not None:
            return convolved.squares(self._convolved, self._patients, self._shape)
        total = torch.zeros(self._patients.n, device=self._patients.of_record.device)
        for at, use in enumerate(self._uses):
            total += inner(use, use, self._patients)
            for before in self._uses[:at]:
                total += 2 * inner(before, use, self._patients)
        return total

    def reach(self) -> Tensor:
        """Return what `squares` may be wrong in proportion to the square of: fp32, shape (patients,).

        Zero where it is the norm of the very numbers that are added.
        """
        total = torch.zeros(self._patients.n, device=self._patients.of_record.device)
        if self._convolved is not None:
            total += convolved.reach(self._convolved, self._patients, self._shape)
        for use in self._uses:
            total += reach(use, self._patients)
        return total

    def weighted(self, factor: Tensor, *, spoilt: bool) -> Tensor:
        """Return Σ factor · gradient over the patients: fp32, the parameter's shape.

        Args:
            factor: shape (patients,).
            spoilt: whether some factor is zero; that patient's gradient is dropped, whatever it holds.
        """
        if self._explicit is not None:
            kept = self._explicit.flatten(1)
            if spoilt:  # 0 · NaN is NaN
                kept = kept.masked_fill((factor == 0).unsqueeze(1), 0)
            return (factor @ kept).view(self._shape)
        if self._convolved is not None:
            return convolved.weighted(self._convolved, factor, self._patients, self._shape, spoilt=spoilt)
        first, *rest = self._uses
        total = weighted(first, factor, self._patients, self._shape, spoilt=spoilt)
        for use in rest:
            total += weighted(use, factor, self._patients, self._shape, spoilt=spoilt)
        return total

    def _explicit_wins(self) -> bool:
        """Compare bytes and operations of the two ways for all uses so far."""
        if any(isinstance(use, Rows) for use in self._uses):
            return False
        rows, columns = self._shape
        tokens = sum(use.x.shape[1] for use in self._uses if isinstance(use, Outer))
        dense = self._patients.n * rows * columns
        records = len(self._patients.of_record)
        pairs = sum(n * (each * tokens) ** 2 for n, each in self._patients.blocks)
        smaller = dense <= MORE_MEMORY * records * tokens * (rows + columns)
        return smaller and 4 * OPERATIONS_PER_BYTE * dense <= 2 * pairs * (rows + columns)
