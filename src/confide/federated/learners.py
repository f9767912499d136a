"""A model on one site's records, as a vector: start, gradient, and the sum of the patients' clipped gradients.

Guarantee of `clipped_sum`: one patient more or less, with all records, moves it by at most `clip` in L2 (and 2^-20 of that
for the arithmetic), for every input; a patient whose gradient is not finite adds nothing. A patient's gradient is the mean over
that patient's records, found from these records alone to the last bit. Models are forms: `confide.federated.glm`, `mlp`, `survival`;
any torch module: `torch_learner`. Records are held and never shown. Proof: `docs/proofs/patient-unit.md`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from confide.dp.clip import sum_by_patient, to_grid
from confide.errors import InvalidInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

FINE = 1 << 24  # units of a clip in which a patient's gradient is written before it is added to others
_CELLS = 1 << 22  # numbers of gradients in memory at once


class Learner(Protocol):
    """A model on one site's records. Settings are public and give the same `length` and `start` at every site."""

    @property
    def length(self) -> int:
        """How many numbers of the model travel."""
        ...

    @property
    def n_patients(self) -> int:
        """How many patients this site has: never sent, never shown."""
        ...

    def start(self) -> Floats:
        """Return what the first round starts from, shape (length,): from public settings alone."""
        ...

    def stays(self) -> Floats:
        """Return what of the model never leaves a site, as it is at first; mostly nothing."""
        ...

    def gradient(self, model: Floats, chosen: Ints | None = None) -> Floats:
        """Return the mean over the chosen patients (None: all) of their gradient; zeros where there is nobody.

        Args:
            model: what travels and then what stays, shape (length + len(stays()),); so is the result.
            chosen: places of patients, 0 … n_patients - 1.
        """
        ...

    def clipped_sum(self, model: Floats, clip: float, chosen: Mask | None = None) -> Floats:
        """Return the sum over the chosen patients (None: all) of their gradient, each at most `clip` long.

        Raises:
            InvalidInput: patients are coupled in this model, so that none has a gradient of its own.
        """
        ...


class Form(Protocol):
    """A model of independent records: public settings and pure array functions."""

    @property
    def length(self) -> int:
        """How many numbers the model has."""
        ...

    def start(self) -> Floats:
        """Return the numbers at first, the same everywhere."""
        ...

    def rows(self, model: Floats, inputs: Floats, outcomes: Floats) -> Floats:
        """Return each record's gradient, shape (records, length), each from its own record alone to the last bit."""
        ...

    def total(self, model: Floats, inputs: Floats, outcomes: Floats, weights: Floats) -> Floats:
        """Return the weighted sum of `rows`, shape (length,), as quickly as it goes."""
        ...

    def predict(self, model: Floats, inputs: Floats) -> Floats:
        """Return what the model says of each record."""
        ...


@dataclass(frozen=True, slots=True)
class Table:
    """Records as numbers, sorted by patient: patient data, shown to nobody."""

    inputs: Floats = field(repr=False)
    outcomes: Floats = field(repr=False)
    patients: Ints = field(repr=False)  # 0, 1, 2 … without gaps
    shares: Floats = field(repr=False)  # one over the number of records of the record's patient

    def __len__(self) -> int:
        return len(self.inputs)


def table(inputs: Floats, outcomes: Floats, patients: Ints | None = None) -> Table:
    """Return records ready to learn from.

    Args:
        inputs: shape (records, features). A missing value is whatever the caller put there; NaN leaves the patient out.
        outcomes: shape (records,) or (records, columns), as the form wants them.
        patients: whole numbers, equal for the records of one patient; None: each record is a patient.

    Raises:
        InvalidInput: the shapes do not fit.
    """
    inputs, outcomes = (np.ascontiguousarray(each, dtype=np.float64) for each in (inputs, outcomes))
    codes = np.arange(len(inputs)) if patients is None else np.asarray(patients)
    if inputs.ndim != 2 or not len(inputs) == len(outcomes) == len(codes) or codes.ndim != 1:
        raise InvalidInput("learning.table")
    by_patient = np.argsort(codes, kind="stable")
    _, dense, counts = np.unique(codes[by_patient], return_inverse=True, return_counts=True)
    dense = dense.astype(np.int64)
    return Table(inputs[by_patient], outcomes[by_patient], dense, 1.0 / counts[dense])


class TableLearner:
    """A form on a table of records.

    Args:
        form: the model.
        data: this site's records.
    """

    def __init__(self, form: Form, data: Table) -> None:
        self.form, self._data = form, data
        self.length = form.length
        self.n_patients = int(data.patients[-1]) + 1 if len(data) else 0

    def __repr__(self) -> str:
        return f"TableLearner({self.form!r})"

    def start(self) -> Floats:
        """Return the form's start."""
        return self.form.start()

    def stays(self) -> Floats:
        """Return nothing: all of the model travels."""
        return np.zeros(0)

    def gradient(self, model: Floats, chosen: Ints | None = None) -> Floats:
        """Return the mean gradient of the chosen patients; one whose gradient is not finite adds nothing."""
        data = self._data
        counts = (
            np.ones(self.n_patients) if chosen is None else np.bincount(chosen, minlength=self.n_patients)
        )
        weights = counts[data.patients] * data.shares / max(1.0, float(counts.sum()))
        used = np.flatnonzero(weights)
        inputs, outcomes, weights = data.inputs[used], data.outcomes[used], weights[used]
        with np.errstate(over="ignore", invalid="ignore"):
            found = self.form.total(model, inputs, outcomes, weights)
            if np.isfinite(found).all():
                return found
            rows = self.form.rows(model, inputs, outcomes) * weights[:, None]
        whose = data.patients[used]
        spoilt = np.bincount(whose, weights=~np.isfinite(rows).all(axis=1), minlength=self.n_patients) > 0
        total: Floats = rows[~spoilt[whose]].sum(axis=0)
        return total

    def clipped_sum(self, model: Floats, clip: float, chosen: Mask | None = None) -> Floats:
        """Return the sum of the patients' clipped gradients, in whole units of clip / 2^24 until it is complete."""
        total = np.zeros(self.length, dtype=np.int64)
        for records, first, last in self._pieces():
            data = self._data
            with np.errstate(over="ignore", invalid="ignore"):  # such patients count as zero
                rows = self.form.rows(model, data.inputs[records], data.outcomes[records])
                rows *= data.shares[records, None]
            several = (
                len(rows) > last - first
            )  # else each patient has one record, and its row is the patient's
            each = sum_by_patient(rows, data.patients[records] - first, last - first) if several else rows
            whole = to_grid(each, clip, FINE)
            total += (whole if chosen is None else whole[chosen[first:last]]).sum(axis=0, dtype=np.int64)
        return total.astype(np.float64) * (clip / FINE)

    def predict(self, model: Floats, inputs: Floats) -> Floats:
        """Return what the model says of each of these records."""
        return self.form.predict(model, np.ascontiguousarray(inputs, dtype=np.float64))

    def _pieces(self) -> Iterator[tuple[slice, int, int]]:
        """Cut the records between patients, so that few gradients are in memory at once."""
        starts = np.searchsorted(self._data.patients, np.arange(self.n_patients + 1))
        most = max(1, _CELLS // self.length)
        first = 0
        while first < self.n_patients:
            last = int(np.searchsorted(starts, starts[first] + most, side="right")) - 1
            last = min(self.n_patients, max(first + 1, last))
            yield slice(int(starts[first]), int(starts[last])), first, last
            first = last
