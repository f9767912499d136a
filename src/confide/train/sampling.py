"""Who takes part in a step, and with which records: Poisson sampling over patients, also cut and filled up.

All coins come from the charge's noise. A patient's records are chosen and weighed by looking at that patient alone,
so that nobody else's part changes when a patient is added or removed. Knows no model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from confide.dp.noise import Noise
from confide.errors import InvalidInput
from confide.train.privacy import PrivacyPlan

Ints = NDArray[np.int64]
Singles = NDArray[np.float32]

NOBODY = -1  # where a batch is filled up


@dataclass(frozen=True, slots=True)
class Groups:
    """Records by patient: those of patient p are `order[starts[p] : starts[p + 1]]`. Shown to nobody."""

    order: Ints = field(repr=False)
    starts: Ints = field(repr=False)

    @property
    def patients(self) -> int:
        """Number of patients: patient data, never part of a formula or a message."""
        return len(self.starts) - 1


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that go through the model together; all chosen records of a patient are in one batch."""

    records: Ints = field(repr=False)
    patients: Ints = field(repr=False)  # no two of a logical batch share a number, nor does what fills up
    weights: Singles = field(repr=False)  # one over the patient's number of chosen records; 0 fills up


def group(patients: Sequence[Any] | NDArray[Any], privacy: PrivacyPlan) -> Groups:
    """Bring the records of each patient together; with `unit` "row" every record is a patient of its own.

    Args:
        patients: one id per record, whole numbers from 0 or texts.
        privacy: says what the unit is, and how many patients there may be.

    Raises:
        InvalidInput: a record has no patient, it is not said which; or truncation was priced for fewer patients.
    """
    inverse = numbered(patients, privacy.unit)
    counts = np.bincount(inverse)
    if privacy.largest_batch and len(counts) > privacy.patients:  # its failure was counted with that many
        raise InvalidInput("privacy.more-patients", most=privacy.patients)
    return Groups(np.argsort(inverse, kind="stable"), np.concatenate([[0], np.cumsum(counts)]))


def numbered(patients: Sequence[Any] | NDArray[Any], unit: Literal["patient", "row"]) -> Ints:
    """Return a number from 0 for each record, the same for the records of one patient, without gaps.

    Raises:
        InvalidInput: a record has no patient, it is not said which.
    """
    ids = np.asarray(patients)
    if ids.ndim != 1:
        raise InvalidInput("privacy.patient-missing")
    if unit == "row":
        ids = np.arange(len(ids))
    if ids.dtype.kind not in "iu":
        if any(each is None or each != each or str(each).strip() == "" for each in ids.tolist()):  # NaN ≠ NaN
            raise InvalidInput("privacy.patient-missing")
        ids = ids.astype(str)
    elif (ids < 0).any():
        raise InvalidInput("privacy.patient-missing")
    return np.unique(ids, return_inverse=True)[1].astype(np.int64)


def taking_part(groups: Groups, privacy: PrivacyPlan, noise: Noise) -> Ints:
    """Toss a coin for every patient; with `largest_batch`, leave out who is too many and fill up with `NOBODY`.

    Guarantee: whether a patient is drawn depends on nobody else; somebody is left out only in the event of
    `confide.dp.mechanisms.truncated_poisson`. Filled up, the number returned is public.
    """
    drawn = np.flatnonzero(noise.bernoulli(privacy.rate, groups.patients))
    if not privacy.largest_batch:
        return drawn
    kept = drawn[: privacy.largest_batch]
    return np.concatenate([kept, np.full(privacy.largest_batch - len(kept), NOBODY)])


def records_of(groups: Groups, who: Ints, most: int, noise: Noise) -> list[Ints]:
    """Choose at most `most` records of each patient in `who`, afresh at each call; none for `NOBODY`."""
    found = []
    for patient in who:
        own = (
            groups.order[groups.starts[patient] : groups.starts[patient + 1]]
            if patient != NOBODY
            else groups.order[:0]
        )
        if len(own) > most:
            coins = noise.bernoulli(0.5, (len(own), 16))  # keys to sort by; ties do no harm
            own = own[np.argsort(np.packbits(coins, axis=1).view(np.uint16)[:, 0], kind="stable")[:most]]
        found.append(own)
    return found


def batches(groups: Groups, privacy: PrivacyPlan, noise: Noise, physical: int) -> Iterator[Batch]:
    """Draw one logical batch and yield it in pieces of at most `physical` records, patients whole.

    With `largest_batch` the number of pieces and the records in each are public constants: every patient has
    `max_records` places and everybody up to `largest_batch` has some; places without a record weigh nothing.

    Raises:
        InvalidInput: a piece could not hold the records of one patient.
    """
    privacy.verify_physical(physical)
    most = privacy.records_a_step
    who = taking_part(groups, privacy, noise)
    chosen = records_of(groups, who, most, noise)
    if not privacy.largest_batch:
        yield from _pieces(who, chosen, physical)
    elif len(groups.order):
        per_piece = physical // most
        numbers = np.where(who == NOBODY, groups.patients + np.arange(len(who)), who)
        for start in range(0, len(who), per_piece):
            stop = start + per_piece
            yield _filled(numbers[start:stop], chosen[start:stop], most, groups.order[0])


def _pieces(who: Ints, chosen: list[Ints], physical: int) -> Iterator[Batch]:
    sizes = [len(each) for each in chosen]
    start = taken = 0
    for stop in range(len(who) + 1):
        if stop == len(who) or taken + sizes[stop] > physical:
            if stop > start:
                yield _exactly(who[start:stop], chosen[start:stop])
            start, taken = stop, 0
        if stop < len(who):
            taken += sizes[stop]


def _exactly(who: Ints, chosen: list[Ints]) -> Batch:
    counts = np.array([len(each) for each in chosen])
    weights = np.repeat(1 / counts, counts).astype(np.float32)
    return Batch(np.concatenate(chosen), np.repeat(who, counts), weights)


def _filled(numbers: Ints, chosen: list[Ints], most: int, anything: int) -> Batch:
    records = np.full((len(chosen), most), anything)
    weights = np.zeros((len(chosen), most), dtype=np.float32)
    for row, own in enumerate(chosen):
        if len(own):
            records[row] = own[0]
            records[row, : len(own)] = own
            weights[row, : len(own)] = 1 / len(own)
    return Batch(records.reshape(-1), np.repeat(numbers, most), weights.reshape(-1))
