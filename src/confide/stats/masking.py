"""Noise on the pixels of a single image: masking, which ε does not cover and no account pays for.

Guarantee: none in the sense of differential privacy. To hide whether a patient's image was this one or any other would
take noise for all pixels together (784 times an ε of 1 for 28 × 28), and nothing would be left to see. So what comes
out is called masked, and the ledger's entry, of kind *not private*, is written before there is anything to show.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from confide.dp.events import check_whole
from confide.errors import InvalidInput

STATUS = "masked, not differentially private"


@dataclass(frozen=True, kw_only=True, slots=True)
class Masked:
    """One masked image. `status` goes wherever the image goes."""

    pixels: NDArray[np.uint8] = field(repr=False)
    strength: int
    status: str = STATUS


def mask_pixels(image: NDArray[np.uint8], *, strength: int, note: Callable[[str], None]) -> Masked:
    """Add noise to each pixel, evenly between -strength and +strength, held at 0 and 255.

    Args:
        image: uint8, shape (height, width).
        strength: in grey levels, 1 to 255.
        note: writes the entry, such as `lambda what: ledger.note_not_private(what, study=…, account=…, commitment=…)`;
            called first, with a public description.

    Raises:
        InvalidInput: not such an image, or not such a strength. Whatever `note` raises: then nothing is masked.
    """
    check_whole("strength", strength, 1, 255)
    if image.dtype != np.uint8 or image.ndim != 2:
        raise InvalidInput("images.not-an-image")
    note(f"image · {STATUS} · strength {strength}")
    drawn = np.frombuffer(os.urandom(8 * image.size), dtype=np.uint64).reshape(image.shape)
    shift = (drawn % np.uint64(2 * strength + 1)).astype(np.int64) - strength
    return Masked(pixels=np.clip(image + shift, 0, 255).astype(np.uint8), strength=strength)
