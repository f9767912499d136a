"""What a site keeps from round to round: its control variate, and what of the model never leaves. Patient data: seal it.

A state counts once its round was committed with this site among the survivors; else the one before it stays.
"""

import struct
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from confide.errors import IntegrityError

Floats = NDArray[np.float64]

_HEAD = struct.Struct("<16sQQ")
_MAGIC = b"confide learn 1\0"


@dataclass(frozen=True, slots=True)
class SiteState:
    """Numbers of a site between rounds."""

    control: Floats = field(repr=False)
    personal: Floats = field(repr=False)

    def to_bytes(self) -> bytes:
        """Write both as little-endian doubles behind their lengths; nothing where there is nothing to keep."""
        if not len(self.control) and not len(self.personal):
            return b""
        head = _HEAD.pack(_MAGIC, len(self.control), len(self.personal))
        return head + self.control.astype("<f8").tobytes() + self.personal.astype("<f8").tobytes()

    @classmethod
    def from_bytes(cls, state: bytes, control: int, stays: Floats) -> Self:
        """Read a state; the empty one is that of a site that has not taken part yet.

        Args:
            state: of `to_bytes`.
            control: how long a control variate is; it is zero at first.
            stays: what of the model never leaves, as it is at first.

        Raises:
            IntegrityError: another length or form, or a number that is not finite.
        """
        if not state:
            return cls(np.zeros(control), stays)
        head = _HEAD.pack(_MAGIC, control, len(stays))
        if state[: _HEAD.size] != head or len(state) != len(head) + 8 * (control + len(stays)):
            raise IntegrityError("learning.state")
        numbers = np.frombuffer(state, dtype="<f8", offset=_HEAD.size).astype(np.float64)
        if not np.isfinite(numbers).all():
            raise IntegrityError("learning.state")
        return cls(numbers[:control], numbers[control:])
