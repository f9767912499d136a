"""Classifiers that look like scikit-learn's and are private per patient: `DPLogisticRegression`, `DPMLP`.

Guarantee: of `confide.train.loop`, under one charge of the ledger that `fit` is given. Classes and bounds are public
and listed by the user, never read from the data. Columns of tables become numbers by `confide.train.features.matrix`.
"""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from confide.errors import InvalidInput
from confide.train.adam import AdamBC
from confide.train.charged import LedgerLike, TrainingPlan
from confide.train.loop import load_weights, train_privately, weights_to_json
from confide.train.params import change, settings_of, tags_of
from confide.train.privacy import PrivacyPlan
from confide.train.sampling import group
from confide.types import Progress, no_progress

Figures = NDArray[np.float64]


class DPMLP:
    """A classifier with hidden layers.

    Args:
        privacy: what is paid for.
        classes: all labels there can be, public, in the order of the columns of `predict_proba`.
        bounds: the least and the largest value of each column by common knowledge; a value is brought inside and
            scaled to -1 … 1, a missing one is 0. None for columns that are so already.
        hidden: widths of the hidden layers.
        learning_rate: size of a step of `confide.train.adam`.
        physical_batch: records that go through the network at once.
        name: of the release.
        seed: of the first weights, which are public.
    """

    def __init__(
        self,
        *,
        privacy: PrivacyPlan,
        classes: Sequence[Any],
        bounds: Sequence[tuple[float, float]] | None = None,
        hidden: Sequence[int] = (64,),
        learning_rate: float = 0.02,
        physical_batch: int = 1024,
        name: str = "mlp",
        seed: int = 0,
    ) -> None:
        self.privacy, self.classes, self.bounds, self.hidden = privacy, classes, bounds, hidden
        self.learning_rate, self.physical_batch, self.name, self.seed = (
            learning_rate,
            physical_batch,
            name,
            seed,
        )

    def fit(
        self,
        X: Any,  # noqa: N803  # as in scikit-learn
        y: Sequence[Any],
        *,
        patients: Sequence[Any] | None = None,
        ledger: LedgerLike,
        account: str,
        study: str = "training",
        commitment: str = "",
        progress: Progress = no_progress,
    ) -> Self:
        """Train under one charge, or put a committed release of the same settings back, which costs nothing.

        Args:
            X: shape (records, columns), numbers; NaN where a value is missing.
            y: one of `classes` per record.
            patients: whose each record is; may be left out only where `privacy.unit` is "row".
            ledger: from `confide.open_ledger()`.
            account: whose patients they are.
            study: whose allowance pays.
            commitment: keyed digest of the records, as hex.
            progress: told after each step.

        Raises:
            BudgetExceeded: the account or the study has too little left; nothing was spent.
            InvalidInput: shapes, labels or ids that cannot be.
        """
        inputs, labels = self._scaled(X), self._numbered(y)
        if len(inputs) != len(labels) or (patients is None and self.privacy.unit != "row"):
            raise InvalidInput("privacy.patient-missing")
        owners = range(len(labels)) if patients is None else patients
        group(owners, self.privacy)  # a missing id is refused before the charge
        self.privacy.verify_physical(self.physical_batch)
        network, plan = self._network(inputs.shape[1]), self._plan(inputs.shape[1])
        whose = {"study": study, "account": account, "commitment": commitment}
        release = ledger.released(plan, **whose)
        if release is None:
            with ledger.charge(plan, **whose) as charge:
                optimiser = AdamBC(
                    network.parameters(), lr=self.learning_rate, noise=self.privacy.noise_on_gradient
                )
                train_privately(
                    network, list(zip(inputs, labels, strict=True)), owners,
                    _loss, privacy=self.privacy, noise=charge.noise, optimiser=optimiser,
                    physical_batch=self.physical_batch, progress=progress,
                )  # fmt: skip
                release = charge.commit({**plan.to_json(), **weights_to_json(network)})
        load_weights(network, release)
        self.network_, self.release_, self.classes_ = network, release, np.asarray(self.classes)
        return self

    def predict_proba(self, X: Any) -> Figures:  # noqa: N803
        """Return a probability per record and class."""
        with torch.no_grad():
            found: Figures = self.network_(self._scaled(X)).softmax(dim=1).numpy().astype(np.float64)
        return found

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """Return the likeliest class of each record."""
        found: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return found

    def score(self, X: Any, y: Sequence[Any]) -> float:  # noqa: N803
        """Return the share of records that are predicted right: patient data, for inside."""
        return float((self.predict(X) == np.asarray(y)).mean())

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return every setting, as scikit-learn asks for them."""
        return settings_of(self)

    def set_params(self, **settings: Any) -> Self:
        """Change settings; the next `fit` is another plan."""
        change(self, settings)
        return self

    def __sklearn_tags__(self) -> Any:
        """Return what a Pipeline of scikit-learn asks of its steps."""
        return tags_of("classifier")

    def _plan(self, columns: int) -> TrainingPlan:
        told = self.get_params() | {"columns": columns, "form": type(self).__name__}
        recipe = tuple((key, repr(told[key])) for key in sorted(told) if key not in {"privacy", "name"})
        return TrainingPlan(name=self.name, privacy=self.privacy, recipe=recipe)

    def _network(self, columns: int) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            layers: list[nn.Module] = []
            for wide in self.hidden:
                layers += [nn.Linear(columns, wide), nn.ReLU()]
                columns = wide
            return nn.Sequential(*layers, nn.Linear(columns, len(self.classes)))

    def _scaled(self, values: Any) -> Tensor:
        raw = np.asarray(values, dtype=np.float64)
        if raw.ndim != 2 or (self.bounds is not None and raw.shape[1] != len(self.bounds)):
            raise InvalidInput(
                "privacy.columns", wanted=len(self.bounds or ()) or "some", found=str(raw.shape[1:])
            )
        if self.bounds is not None:
            low, high = np.asarray(self.bounds, dtype=np.float64).T
            if not (np.isfinite([low, high]).all() and (low < high).all()):
                raise InvalidInput("privacy.bounds")
            raw = 2 * (raw - low) / (high - low) - 1
        inside = np.clip(np.nan_to_num(raw, nan=0.0, posinf=1.0, neginf=-1.0), -1, 1)
        return torch.from_numpy(inside.astype(np.float32))

    def _numbered(self, labels: Sequence[Any]) -> Tensor:
        numbers = {each: number for number, each in enumerate(self.classes)}
        values = np.asarray(labels).tolist()
        if len(numbers) < 2 or any(each not in numbers for each in values):
            raise InvalidInput("privacy.label")
        return torch.tensor([numbers[each] for each in values], dtype=torch.int64)


class DPLogisticRegression(DPMLP):
    """Logistic regression: no hidden layer; several classes share one softmax. Settings as of `DPMLP`."""

    def __init__(
        self,
        *,
        privacy: PrivacyPlan,
        classes: Sequence[Any],
        bounds: Sequence[tuple[float, float]] | None = None,
        learning_rate: float = 0.1,
        physical_batch: int = 4096,
        name: str = "logistic",
    ) -> None:
        super().__init__(
            privacy=privacy, classes=classes, bounds=bounds, hidden=(), learning_rate=learning_rate,
            physical_batch=physical_batch, name=name,
        )  # fmt: skip

    @property
    def coef_(self) -> Figures:
        """Weights, shape (classes, columns), of columns scaled to -1 … 1."""
        found: Figures = self.network_[0].weight.detach().numpy().astype(np.float64)  # type: ignore[index]
        return found


def _loss(network: nn.Module, batch: list[tuple[Tensor, Tensor]]) -> Tensor:
    inputs, labels = (torch.stack(each) for each in zip(*batch, strict=True))
    return nn.functional.cross_entropy(network(inputs), labels, reduction="none")
