"""Counts of keys that were read from the data: a key is shown, with its noisy count, from a threshold up.

Guarantee: `event()`, if one patient adds at most `sensitivity` to all counts together and has at most `keys` keys.
Keys come out in the order of their letters, so the order in which the data held them is not told. Proof:
`docs/proofs/answers.md`, section 3, and `docs/proofs/accountant.md`, section 7.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from operator import index

import numpy as np

from confide.dp.accountant import calibrate_laplace
from confide.dp.events import LARGEST_SENSITIVITY, Composed, Failure
from confide.dp.mechanisms import thresholding
from confide.dp.noise import Noise
from confide.errors import InvalidInput

_LARGEST_COUNT = 1 << 62


@dataclass(frozen=True, kw_only=True, slots=True)
class UnknownKeys:
    """Count by keys that nobody listed beforehand. Every field is public.

    Source: Korolova, Kenthapadi, Mishra, Ntoulas 2009; the worst split over keys: our docs.

    >>> asked = UnknownKeys.for_delta(epsilon=1.0, delta=1e-8, sensitivity=8, keys=8)
    >>> asked.scale, asked.threshold
    (8.0, 160)
    """

    sensitivity: int  # the most that one patient adds to all counts together, in whole units
    scale: float  # of the noise
    threshold: int  # a key with this noisy count, or more, is shown
    keys: int  # the most keys that one patient has: to be enforced before counting

    def __post_init__(self) -> None:
        """Refuse what could not run, before any budget is touched."""
        self.event()

    @classmethod
    def for_delta(cls, *, epsilon: float, delta: float, sensitivity: int, keys: int) -> "UnknownKeys":
        """Return the settings with the smallest threshold whose failure is at most `delta`.

        Raises:
            InvalidInput: a setting is out of range, or no threshold is high enough.
        """
        scale = calibrate_laplace(epsilon, sensitivity=sensitivity)

        def settings(threshold: int) -> UnknownKeys:
            return cls(sensitivity=sensitivity, scale=scale, threshold=threshold, keys=keys)

        low, high = sensitivity + 1, LARGEST_SENSITIVITY
        if settings(high).failure > delta:
            raise InvalidInput("dp.unreachable", high=f"{scale:g}", epsilon=epsilon, delta=delta)
        while low < high:  # the failure falls as the threshold rises
            middle = (low + high) // 2
            low, high = (low, middle) if settings(middle).failure <= delta else (middle + 1, high)
        return settings(low)

    def event(self) -> Composed:
        """Return the noise on the counts, and the chance that a lone patient's key is shown."""
        return thresholding(
            sensitivity=self.sensitivity, scale=self.scale, threshold=self.threshold, keys=self.keys
        )

    @property
    def failure(self) -> float:
        """The δ of the event."""
        return sum(leaf.delta for leaf in self.event().events if isinstance(leaf, Failure))

    def show(self, counts: Mapping[str, int], noise: Noise) -> dict[str, int]:
        """Return the keys that are shown, in order, each with its noisy count.

        Args:
            counts: of the keys that somebody has; a count below 1 is nobody's, and its key is left out.
            noise: of the charge.

        Raises:
            InvalidInput: the stream is closed or forked.
            TypeError: a count is no whole number.
        """
        present = sorted(key for key, count in counts.items() if count >= 1)
        true = np.array([min(index(counts[key]), _LARGEST_COUNT) for key in present], dtype=np.int64)
        noisy = true + noise.discrete_laplace(self.scale, len(present))
        shown = noisy >= self.threshold
        return {key: int(count) for key, count, there in zip(present, noisy, shown, strict=True) if there}
