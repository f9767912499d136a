"""Scale and encode columns before a private model: means, spreads and categories of the patients, released once with noise.

Guarantee: of a `fit`, the (`epsilon`, `delta`) of its one charge, per patient with all records; whoever holds what was
learnt learns no more. `transform` costs nothing: it treats each record alone, by what was released. Columns whose scale
and values are common knowledge need neither: `bounds` of the estimators, and scikit-learn's OneHotEncoder with its
categories listed, are public and free. Proof: `docs/proofs/train.md`. Knows the ledger as an argument.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from confide.dp.accountant import calibrate_gaussian
from confide.dp.clip import Floats, Integers, sum_by_patient, to_grid
from confide.dp.events import Composed, DiscreteGaussian, Event, Failure, check_number, check_whole
from confide.dp.noise import Noise
from confide.dp.unknown import UnknownKeys
from confide.errors import InvalidInput
from confide.train.charged import LedgerLike
from confide.train.params import change, settings_of, tags_of
from confide.train.sampling import numbered
from confide.types import Json

GRID = 1 << 20  # units in the largest norm of one patient
_SAMPLERS = 1e-18  # all draws together
_HEARD = 4.0  # a column whose patients are fewer than so many standard deviations of the noise keeps its public scale
_EVEN = 1 / math.sqrt(3)  # standard deviation of values spread evenly from -1 to 1


@dataclass(frozen=True, kw_only=True, slots=True)
class ScalesPlan:
    """Which means and spreads are released and what they cost. Every field is public."""

    name: str
    bounds: tuple[tuple[float, float], ...]
    epsilon: float
    delta: float
    unit: Literal["patient", "row"] = "patient"

    def __post_init__(self) -> None:
        """Refuse what could not be released, before any budget is touched."""
        _verify(self.epsilon, self.delta, self.unit)
        if not self.bounds or not all(math.isfinite(high - low) and low < high for low, high in self.bounds):
            raise InvalidInput("privacy.bounds")

    @property
    def norm(self) -> float:
        """Return the largest norm of what one patient adds: for each column 1, a mean, and a mean of squares."""
        return math.sqrt(3 * len(self.bounds))

    @property
    def sigma(self) -> float:
        """Return the standard deviation of the noise on each sum, in units of the grid."""
        return _calibrated(self.epsilon, self.delta)

    def event(self) -> Event:
        """Return what the sums cost when one patient is added or removed; data only."""
        noise = DiscreteGaussian(sensitivity=float(GRID), sigma=self.sigma)
        return Composed((noise, Failure(delta=_SAMPLERS)))

    def to_json(self) -> Json:
        """Return the kind and every field; numbers with a fraction as text."""
        bounds = [[repr(float(low)), repr(float(high))] for low, high in self.bounds]
        told = {**asdict(self), "bounds": bounds, "epsilon": repr(self.epsilon), "delta": repr(self.delta)}
        return {"kind": "scales", **told}

    def execute(self, data: tuple[Floats, Integers], noise: Noise) -> Json:
        """Return mean and spread of each column, every patient counting once.

        Args:
            data: values, shape (records, columns), and whose each record is, as numbers from 0.
            noise: the charge's.
        """
        unit = self.norm / GRID
        whole = sums(self, *data)
        patients, means, squares = (whole + noise.discrete_gaussian(self.sigma, whole.shape)).reshape(
            3, -1
        ) * unit
        loud = self.sigma * unit
        heard = patients > _HEARD * loud
        among = np.where(heard, patients, 1.0)
        mean = np.where(heard, np.clip(means / among, -1, 1), 0.0)
        least = loud / among  # a spread below what noise alone makes would blow it up
        spread = np.where(heard, np.sqrt(np.maximum(squares / among - mean**2, least)), _EVEN)
        low, high = np.array(self.bounds).T
        half = high / 2 - low / 2
        return {
            **self.to_json(),
            "mean": (low + half * (mean + 1)).tolist(),
            "scale": (half * np.minimum(spread, 1.0)).tolist(),
            "noise": loud,
            "relation": f"add or remove one {self.unit}",
        }


def sums(plan: ScalesPlan, values: Floats, codes: Integers) -> Integers:
    """Return the exact sums over patients in units of the grid: patient data, shown to nobody before noise is added.

    Guarantee: adding or removing one patient moves them by at most GRID in L2, whatever the values are; a patient's part
    depends on that patient's records alone.

    Returns:
        Shape (3 · columns,): patients with a value, sums of their means, sums of their mean squares, scaled to -1 … 1.
    """
    low, high = np.array(plan.bounds).T
    there = ~np.isnan(values)
    with np.errstate(over="ignore"):
        inside = np.clip((values - low) / (high / 2 - low / 2) - 1, -1, 1)
    inside = np.where(there, inside, 0.0)
    n_patients = int(codes.max()) + 1 if len(codes) else 0
    known, total, square = np.split(
        sum_by_patient(np.hstack([there, inside, inside**2]), codes, n_patients), 3, axis=1
    )
    often = np.maximum(known, 1)
    parts = np.hstack([known > 0, total / often, square / often])
    found: Integers = to_grid(parts, plan.norm, GRID).sum(axis=0, dtype=np.int64)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class CategoriesPlan:
    """Which categories are looked for and what they cost. Every field is public."""

    name: str
    columns: int
    most: int
    epsilon: float
    delta: float
    unit: Literal["patient", "row"] = "patient"

    def __post_init__(self) -> None:
        """Refuse what could not be released, before any budget is touched."""
        _verify(self.epsilon, self.delta, self.unit)
        check_whole("columns", self.columns, 1, 10_000)
        check_whole("most", self.most, 1, 1000)

    @property
    def counted(self) -> UnknownKeys:
        """Return how categories that nobody listed are shown: from a threshold up."""
        keys = self.columns * self.most
        return UnknownKeys.for_delta(epsilon=self.epsilon, delta=self.delta, sensitivity=keys, keys=keys)

    def event(self) -> Event:
        """Return what the categories cost when one patient is added or removed; data only."""
        return self.counted.event()

    def to_json(self) -> Json:
        """Return the kind and every field; numbers with a fraction as text."""
        return {
            "kind": "categories",
            **asdict(self),
            "epsilon": repr(self.epsilon),
            "delta": repr(self.delta),
        }

    def execute(self, data: tuple[NDArray[Any], Integers], noise: Noise) -> Json:
        """Return the categories of each column that enough patients have.

        Args:
            data: values, shape (records, columns), and whose each record is, as numbers from 0.
            noise: the charge's.
        """
        counts = Counter(key for keys in keys_of(self, *data) for key in keys)
        shown = [key.split(":", 1) for key in self.counted.show(counts, noise)]
        return {
            **self.to_json(),
            "categories": [[value for at, value in shown if int(at) == n] for n in range(self.columns)],
            "threshold": self.counted.threshold,
            "relation": f"add or remove one {self.unit}",
        }


def keys_of(plan: CategoriesPlan, values: NDArray[Any], codes: Integers) -> list[list[str]]:
    """Return for each patient the keys that count, as "column:value": patient data.

    Guarantee: at most `most` for each column, each once, those of most records first, decided by that patient's alone.
    """
    found: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for row, code in zip(values.tolist(), codes.tolist(), strict=True):
        for at, value in enumerate(row):
            if (text := _text(value)) is not None:
                found[code, at][text] += 1
    keys: dict[int, list[str]] = defaultdict(list)
    for (code, at), often in found.items():
        first = sorted(often, key=lambda text: (-often[text], text))[: plan.most]
        keys[code] += [f"{at}:{text}" for text in first]
    return list(keys.values())


class DPStandardScaler:
    """Subtract a private mean and divide by a private standard deviation, column by column.

    Every patient counts once, with the mean over that patient's records. A missing value stays missing. Most values then
    lie within -3 … 3: give an estimator behind it `bounds=((-3, 3),) * columns`.

    Args:
        epsilon: what a `fit` costs one patient.
        delta: at which; at most 1 / (100 · patients).
        bounds: the least and the largest value of each column by common knowledge, never read off the data.
        unit: "patient"; "row" protects one record only, and has to be written out.
        name: of the release.
    """

    def __init__(
        self,
        *,
        epsilon: float,
        bounds: Sequence[tuple[float, float]],
        delta: float = 1e-9,
        unit: Literal["patient", "row"] = "patient",
        name: str = "scales",
    ) -> None:
        self.epsilon, self.bounds, self.delta, self.unit, self.name = epsilon, bounds, delta, unit, name

    def fit(
        self,
        X: Any,  # noqa: N803  # as in scikit-learn
        y: object = None,
        *,
        patients: Sequence[Any] | None = None,
        ledger: LedgerLike,
        account: str,
        study: str = "training",
        commitment: str = "",
    ) -> Self:
        """Release means and spreads under one charge, or put a committed release back, which costs nothing.

        Args:
            X: shape (records, columns), numbers; NaN where a value is missing.
            y: not looked at.
            patients: whose each record is; may be left out only where `unit` is "row".
            ledger: from `confide.open_ledger()`.
            account: whose patients they are.
            study: whose allowance pays.
            commitment: keyed digest of the records, as hex.

        Raises:
            BudgetExceeded: the account or the study has too little left; nothing was spent.
            InvalidInput: shapes, bounds or ids that cannot be.
        """
        plan = ScalesPlan(
            name=self.name,
            bounds=tuple((float(low), float(high)) for low, high in self.bounds),
            epsilon=self.epsilon,
            delta=self.delta,
            unit=self.unit,
        )
        values = _numbers(X, len(plan.bounds))
        data = values, _owners(patients, len(values), self.unit)
        release, _ = ledger.run(plan, data, study=study, account=account, commitment=commitment)
        self.mean_, self.scale_ = np.array(release["mean"]), np.array(release["scale"])
        self.release_ = release
        return self

    def transform(self, X: Any) -> Floats:  # noqa: N803
        """Return scaled values, each by itself; what lies outside the bounds is brought inside first."""
        low, high = np.array(self.bounds, dtype=np.float64).T
        found: Floats = (np.clip(_numbers(X, len(low)), low, high) - self.mean_) / self.scale_
        return found

    def fit_transform(self, X: Any, y: object = None, **whose: Any) -> Floats:  # noqa: N803
        """Return what `transform` gives after `fit`."""
        return self.fit(X, y, **whose).transform(X)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return every setting, as scikit-learn asks for them."""
        return settings_of(self)

    def set_params(self, **settings: Any) -> Self:
        """Change settings; the next `fit` is another plan."""
        change(self, settings)
        return self

    def __sklearn_tags__(self) -> Any:
        """Return what a Pipeline of scikit-learn asks of its steps."""
        return tags_of("transformer")


class DPOneHotEncoder:
    """Turn columns of texts into columns of 0 and 1, one for each category that enough patients have.

    A category of few patients is not shown and reads like a missing value: zeros throughout. Where the categories are known,
    list them instead: scikit-learn's OneHotEncoder with `categories=` and `handle_unknown="ignore"` costs nothing.

    Args:
        epsilon: what a `fit` costs one patient.
        delta: the chance that something is shown which only one patient has; at most 1 / (100 · patients).
        most: categories of one patient that count in each column: those of most records.
        unit: "patient"; "row" protects one record only, and has to be written out.
        name: of the release.
    """

    def __init__(
        self,
        *,
        epsilon: float,
        delta: float = 1e-9,
        most: int = 1,
        unit: Literal["patient", "row"] = "patient",
        name: str = "categories",
    ) -> None:
        self.epsilon, self.delta, self.most, self.unit, self.name = epsilon, delta, most, unit, name

    def fit(
        self,
        X: Any,  # noqa: N803  # as in scikit-learn
        y: object = None,
        *,
        patients: Sequence[Any] | None = None,
        ledger: LedgerLike,
        account: str,
        study: str = "training",
        commitment: str = "",
    ) -> Self:
        """Release the categories under one charge; arguments and refusals as of `DPStandardScaler.fit`."""
        values = _texts(X, None)
        plan = CategoriesPlan(
            name=self.name,
            columns=values.shape[1],
            most=self.most,
            epsilon=self.epsilon,
            delta=self.delta,
            unit=self.unit,
        )
        data = values, _owners(patients, len(values), self.unit)
        release, _ = ledger.run(plan, data, study=study, account=account, commitment=commitment)
        self.categories_ = release["categories"]
        self.release_ = release
        return self

    def transform(self, X: Any) -> Floats:  # noqa: N803
        """Return a column of 0 and 1 for each category, each record by itself."""
        columns = _texts(X, len(self.categories_)).T.tolist()
        listed = [(at, value) for at, values in enumerate(self.categories_) for value in values]
        found = np.zeros((len(columns[0]), len(listed)))
        for place, (at, value) in enumerate(listed):
            found[:, place] = [_text(each) == value for each in columns[at]]
        return found

    def fit_transform(self, X: Any, y: object = None, **whose: Any) -> Floats:  # noqa: N803
        """Return what `transform` gives after `fit`."""
        return self.fit(X, y, **whose).transform(X)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return every setting, as scikit-learn asks for them."""
        return settings_of(self)

    def set_params(self, **settings: Any) -> Self:
        """Change settings; the next `fit` is another plan."""
        change(self, settings)
        return self

    def __sklearn_tags__(self) -> Any:
        """Return what a Pipeline of scikit-learn asks of its steps."""
        return tags_of("transformer")


def _verify(epsilon: float, delta: float, unit: str) -> None:
    check_number("epsilon", epsilon, 0.01, 1000)
    check_number("delta", delta, 1e-16, 1e-3)
    if unit not in ("patient", "row"):
        raise InvalidInput("privacy.out-of-range", field="unit", found=unit)


def _owners(patients: Sequence[Any] | None, records: int, unit: Literal["patient", "row"]) -> Integers:
    if patients is None and unit == "row":
        patients = range(records)
    if patients is None or len(patients) != records:
        raise InvalidInput("privacy.patient-missing")
    return numbered(patients, unit)


def _numbers(values: Any, columns: int) -> Floats:
    return _columns(np.asarray(values, dtype=np.float64), columns)


def _texts(values: Any, columns: int | None) -> NDArray[Any]:
    return _columns(np.asarray(values, dtype=object), columns)


def _columns(found: NDArray[Any], columns: int | None) -> NDArray[Any]:
    if found.ndim != 2 or found.shape[1] != (columns or max(1, found.shape[1])):
        raise InvalidInput("privacy.columns", wanted=columns or "some", found=str(found.shape[1:]))
    return found


def _text(value: object) -> str | None:
    """Return a cell as text; None where it is missing."""
    if value is None or value != value:  # NaN ≠ NaN
        return None
    return str(value).strip() or None


@lru_cache(maxsize=64)
def _calibrated(epsilon: float, delta: float) -> float:
    return calibrate_gaussian(epsilon, delta - 2 * _SAMPLERS, sensitivity=float(GRID))
