"""Write a grey image as PNG, with the standard library alone. Source: W3C, PNG specification, 3rd edition, section 11."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from confide.types import Json


def grey_png(pixels: NDArray[np.uint8], *, enlarge: int = 1) -> bytes:
    r"""Return a PNG of 8 bits per pixel.

    Args:
        pixels: uint8, shape (height, width).
        enlarge: how many pixels of the file a side one pixel becomes.

    >>> grey_png(np.zeros((2, 3), dtype=np.uint8))[:8]
    b'\x89PNG\r\n\x1a\n'
    """
    large = pixels.repeat(enlarge, axis=0).repeat(enlarge, axis=1)
    height, width = large.shape
    lines = b"".join(b"\0" + line.tobytes() for line in large)  # filter 0 before every line
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def mean_images(release: Json, *, enlarge: int = 1) -> dict[str, bytes]:
    """Return the mean image of each group of a release of `ImagePlan` that has one, as PNG."""
    return {
        row["group"]: grey_png(np.rint(np.array(row["mean"])).astype(np.uint8), enlarge=enlarge)
        for row in release["rows"]
        if row.get("mean") is not None
    }


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
