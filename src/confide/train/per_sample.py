"""Per-patient squared norms and clipped sums of gradients that are never written down record by record.

A layer's weight gradient is a sum of outer products over tokens, an embedding's a sum of rows by id. From these
factors come, exactly, the inner product of two uses of a weight per patient, and the sum over patients with one
factor each. Pure functions of tensors: no module, no hook, no randomness. `confide.train.held` chooses between
factors and explicit gradients, `confide.train.engine` collects them. Proof: `docs/proofs/per-sample.md`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

GRAM_BYTES = 64 << 20  # largest temporary of token pairs; patients are taken a few at a time above it

STRIP = 64  # tokens in a strip of the symmetric Gram matrix: narrower ones cost more than they save


@dataclass(frozen=True, kw_only=True, slots=True)
class Patients:
    """Which records of a batch belong together. Patients with equally many records stand side by side."""

    n: int
    of_record: Tensor  # (records,): the patient's place, from 0 below n
    order: Tensor | None  # brings the records of a patient together; None where they are already
    blocks: tuple[tuple[int, int], ...]  # (patients, records of each), in the order of the places

    @property
    def alone(self) -> bool:
        """Say whether every record is a patient of its own."""
        return self.order is None and all(each == 1 for _, each in self.blocks)

    def spread(self, rows: int) -> "Patients":
        """Return whose each of so many rows is, where every record is equally many of them, one after another."""
        each = rows // len(self.of_record)
        if each == 1:
            return self
        inside = torch.arange(each, device=self.of_record.device)
        return Patients(
            n=self.n,
            of_record=self.of_record.repeat_interleave(each),
            order=None if self.order is None else (self.order.unsqueeze(1) * each + inside).flatten(),
            blocks=tuple((n, each * of) for n, of in self.blocks),
        )

    def arrange(self, rows: Tensor) -> Tensor:
        """Return the records (the first dimension) in the order of the places."""
        return rows if self.order is None else rows.index_select(0, self.order)

    def total(self, rows: Tensor) -> Tensor:
        """Sum the records of each patient, in fp32: shape (patients, …)."""
        rows = rows.float()
        if self.alone:
            return rows
        return rows.new_zeros(self.n, *rows.shape[1:]).index_add_(0, self.of_record, rows)


def as_patients(ids: Tensor | None, records: int, device: torch.device) -> Patients:
    """Return who owns which record; `ids` equal means the same patient, None that each record stands alone.

    >>> as_patients(torch.tensor([7, 9, 7]), 3, torch.device("cpu")).blocks
    ((1, 1), (1, 2))
    """
    if ids is None:
        alone = torch.arange(records, device=device)
        return Patients(n=records, of_record=alone, order=None, blocks=((records, 1),))
    _, code, counts = torch.unique(ids.to(device), return_inverse=True, return_counts=True)
    by_count = torch.argsort(counts, stable=True)
    place = torch.empty_like(by_count)
    place[by_count] = torch.arange(len(counts), device=device)
    of_record = place[code]
    order = torch.argsort(of_record, stable=True)
    each, patients = torch.unique(counts, return_counts=True)
    blocks = tuple(zip(patients.tolist(), each.tolist(), strict=True))
    still = bool((order == torch.arange(records, device=device)).all())
    return Patients(n=len(counts), of_record=of_record, order=None if still else order, blocks=blocks)


@dataclass(frozen=True, slots=True)
class Outer:
    """A weight's gradient as a sum of outer products: x (records, tokens, rows), y (records, tokens, columns)."""

    x: Tensor
    y: Tensor


@dataclass(frozen=True, slots=True)
class Rows:
    """An embedding's gradient: `g` (records, tokens, width) belongs to the rows `ids` (records, tokens)."""

    ids: Tensor
    g: Tensor


Use = Outer | Rows


def by_block(patients: Patients, *tensors: Tensor) -> Iterator[tuple[slice, list[Tensor]]]:
    """Yield the places of each block and its tensors as (patients, tokens of all their records, …)."""
    arranged = [patients.arrange(each) for each in tensors]
    patient = record = 0
    for n, each in patients.blocks:
        rows = slice(record, record + n * each)
        yield (
            slice(patient, patient + n),
            [t[rows].reshape(n, each * t.shape[1], *t.shape[2:]) for t in arranged],
        )
        patient, record = patient + n, rows.stop


def inner(one: Use, other: Use, patients: Patients) -> Tensor:
    """Return ⟨gradient of one, gradient of other⟩ for each patient, in fp32: shape (patients,).

    Identities: ⟨Σ x yᵀ, Σ u vᵀ⟩ = Σ over token pairs of (x·u)(y·v); rows of an embedding meet where their ids
    are equal; and ⟨Σ x yᵀ, row i gets g⟩ = Σ x[i] (y·g).
    """
    if isinstance(one, Rows) and isinstance(other, Outer):
        one, other = other, one
    if isinstance(one, Rows) and isinstance(other, Rows):
        return _rows_rows(one, other, patients)
    found = torch.zeros(patients.n, device=patients.of_record.device)
    if isinstance(one, Outer) and isinstance(other, Outer):
        for places, (x, y, u, v) in by_block(patients, one.x, one.y, other.x, other.y):
            found[places] = _pairs(x, y, u, v)
    elif isinstance(one, Outer) and isinstance(other, Rows):
        for places, (x, y, ids, g) in by_block(patients, one.x, one.y, other.ids, other.g):
            found[places] = _pairs_with_rows(x, y, ids, g)
    return found


def reach(use: Use, patients: Patients) -> Tensor:
    """Return Σ over tokens of ‖x‖‖y‖ for each patient: the gradient is no longer, and rounds in proportion to it."""
    factors = (use.g,) if isinstance(use, Rows) else (use.x, use.y)
    norms = [torch.linalg.vector_norm(each.float(), dim=2) for each in factors]
    return patients.total(torch.stack(norms).prod(0).sum(1))


def _pairs(x: Tensor, y: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Sum (x·u)(y·v) over the token pairs of each patient, a few patients at a time."""
    if x.shape[1] == u.shape[1] == 1:
        return (x.float() * u.float()).sum((1, 2)) * (y.float() * v.float()).sum((1, 2))
    step = max(1, GRAM_BYTES // (4 * x.shape[1] * u.shape[1]))
    found = []
    for at in range(0, len(x), step):
        here = slice(at, at + step)
        if x is u and y is v:
            found.append(_own_pairs(x[here], y[here]))
        else:
            found.append(_gram(x[here], y[here], u[here], v[here]).sum((1, 2)))
    return torch.cat(found)


def _own_pairs(x: Tensor, y: Tensor) -> Tensor:
    """Sum (x·x)(y·y) over the token pairs: pairs are symmetric, so strips right of the diagonal count twice."""
    total = x.new_zeros(len(x), dtype=torch.float32)
    strip = max(STRIP, -(-x.shape[1] // 4))
    for at in range(0, x.shape[1], strip):
        row = slice(at, at + strip)
        pairs = _gram(x[:, row], y[:, row], x[:, at:], y[:, at:])
        total += 2 * pairs.sum((1, 2)) - pairs[:, :, :strip].sum((1, 2))
    return total


def _gram(x: Tensor, y: Tensor, u: Tensor, v: Tensor) -> Tensor:
    return product(x, u.mT).mul_(product(y, v.mT))


def _pairs_with_rows(x: Tensor, y: Tensor, ids: Tensor, g: Tensor) -> Tensor:
    """Sum x[token, id] (y·g) over the pairs of a token and an embedded token, a few patients at a time."""
    step = max(1, GRAM_BYTES // (4 * x.shape[1] * g.shape[1]))
    found = []
    for at in range(0, len(x), step):
        here = slice(at, at + step)
        where = ids[here].unsqueeze(1).expand(-1, x.shape[1], -1)
        found.append((x[here].gather(2, where).float() * product(y[here], g[here].mT)).sum((1, 2)))
    return torch.cat(found)


def _rows_rows(one: Rows, other: Rows, patients: Patients) -> Tensor:
    patient = patients.of_record.unsqueeze(1)
    width = 1 + int(torch.stack([one.ids.max(), other.ids.max()]).max()) if one.ids.numel() else 1
    keys = [(patient * width + use.ids).flatten() for use in (one, other)]
    found, place = torch.unique(keys[0] if one is other else torch.cat(keys), return_inverse=True)
    first = _gathered(one, place[: keys[0].numel()], len(found))
    second = first if one is other else _gathered(other, place[keys[0].numel() :], len(found))
    products: Tensor = (first * second).sum(1)
    return products.new_zeros(patients.n).index_add_(0, found // width, products)


def _gathered(use: Rows, place: Tensor, n: int) -> Tensor:
    g = use.g.flatten(0, 1).float()
    return g.new_zeros(n, g.shape[1]).index_add_(0, place, g)


def explicit(use: Use, patients: Patients, shape: torch.Size) -> Tensor:
    """Return the gradient of each patient, written down: fp32, shape (patients, *shape)."""
    if isinstance(use, Rows):
        dense = torch.zeros(patients.n * shape[0], shape[1], device=use.g.device)
        row = (patients.of_record.unsqueeze(1) * shape[0] + use.ids).flatten()
        return dense.index_add_(0, row, use.g.flatten(0, 1).float()).view(patients.n, *shape)
    if len(patients.blocks) == 1:
        ((_, (x, y)),) = by_block(patients, use.x, use.y)
        return product(x.mT, y)
    dense = torch.empty(patients.n, *shape, device=use.x.device)
    for places, (x, y) in by_block(patients, use.x, use.y):
        dense[places] = product(x.mT, y)
    return dense


def weighted(use: Use, factor: Tensor, patients: Patients, shape: torch.Size, *, spoilt: bool) -> Tensor:
    """Return Σ factor[patient] · gradient, in fp32: for outer products the one product a plain backward makes.

    Args:
        use: factors of the gradient.
        factor: shape (patients,).
        patients: whose records.
        shape: of the parameter.
        spoilt: whether some factor is zero; what it multiplies is then dropped, NaN and infinity included.
    """
    of_record = factor[patients.of_record].view(-1, 1, 1)
    first, second = (use.ids.unsqueeze(-1), use.g) if isinstance(use, Rows) else (use.x, use.y)
    if spoilt:
        first, second = (each.masked_fill(of_record == 0, 0) for each in (first, second))
    if isinstance(use, Rows):
        g = (second.float() * of_record).flatten(0, 1)
        return torch.zeros(shape, device=g.device).index_add_(0, first.flatten(), g)
    if first.shape[-1] <= second.shape[-1]:
        first = first.float() * of_record
    else:
        second = second.float() * of_record
    return product(first.flatten(0, 1).T, second.flatten(0, 1))


def squared_norms(dense: Tensor) -> Tensor:
    """Return the squared norm of each patient's gradient, written down: fp32, shape (patients,)."""
    # row by row: one long fp32 norm is off by 3e-5 on two million numbers
    rows = torch.linalg.vector_norm(dense.unsqueeze(-1).flatten(2), dim=2)
    squares: Tensor = rows.square().sum(1)
    return squares


def product(left: Tensor, right: Tensor) -> Tensor:
    """Multiply matrices with fp32 sums, whatever their type."""
    return torch.matmul(left.float(), right.float())
