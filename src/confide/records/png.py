"""Read a grey PNG of 8 bits a pixel, with numpy and the standard library alone; `confide.stats.png` writes them.

Guarantee: the pixels are those of the file, whose checksums hold; whatever the bytes are, no more memory is taken than
an image of `LARGEST_SIDE` pixels a side has. Colour, other depths and interlacing are refused, nothing is converted.
Source: W3C, PNG specification, 3rd edition, sections 5, 7, 9 and 11.
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

LARGEST_SIDE = 4096
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY = (8, 0, 0, 0, 0)  # bits, colour type, compression, filter, no interlacing
_NONE, _SUB, _UP, _AVERAGE, _PAETH = range(5)

Pixels = NDArray[np.uint8]
Filtered = NDArray[np.int64]


def read_grey_png(data: bytes) -> Pixels:
    """Return the pixels, shape (height, width).

    Raises:
        ValueError: this is no whole PNG of 8-bit grey levels; says nothing of what it holds.
    """
    header, body = b"", []
    for kind, content in _chunks(data):
        if kind == b"IHDR" and not header:
            header = content
        elif kind == b"IDAT":
            body.append(content)
    if len(header) != 13:
        raise ValueError("no header")
    width, height, *settings = struct.unpack(">IIBBBBB", header)
    if tuple(settings) != _GREY or not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE):
        raise ValueError("not 8-bit grey")
    size = height * (width + 1)
    unpacker = zlib.decompressobj()
    try:
        lines = unpacker.decompress(b"".join(body), size + 1)
    except zlib.error:
        raise ValueError("not compressed data") from None
    if len(lines) != size or not unpacker.eof:
        raise ValueError("not as many pixels as the header says")
    table = np.frombuffer(lines, dtype=np.uint8).reshape(height, width + 1)
    kinds, filtered = table[:, 0], table[:, 1:].astype(np.int64)
    if int(kinds.max()) > _PAETH:
        raise ValueError("no such filter")
    slow = bool((kinds >= _AVERAGE).any())
    return _by_diagonals(kinds, filtered) if slow else _by_lines(kinds, filtered)


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return kind and content of each chunk, up to the end of the image."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("no PNG")
    found, at = list[tuple[bytes, bytes]](), len(_SIGNATURE)
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        check = data[at + 8 + length : at + 12 + length]
        if check != zlib.crc32(kind + content).to_bytes(4, "big"):
            raise ValueError("a checksum does not hold")
        if kind == b"IEND":
            return found
        if kind not in (b"IHDR", b"IDAT", b"PLTE") and not kind[0] & 0x20:
            raise ValueError("a part that must be understood is not")
        found.append((kind, content))
        at += 12 + length
    raise ValueError("no end")


def _by_lines(kinds: Pixels, filtered: Filtered) -> Pixels:
    """Undo the filters that look to the left or up, line by line."""
    above, lines = np.zeros(filtered.shape[1], dtype=np.int64), list[Filtered]()
    for kind, line in zip(kinds.tolist(), filtered, strict=True):
        above = (np.cumsum(line) if kind == _SUB else line + above if kind == _UP else line) & 255
        lines.append(above)
    return np.array(lines, dtype=np.uint8)


def _by_diagonals(kinds: Pixels, filtered: Filtered) -> Pixels:
    """Undo any filters, all pixels of a diagonal at once: what each looks at lies on the two diagonals before."""
    height, width = filtered.shape
    made = np.zeros((height + 1, width + 1), dtype=np.int64)  # a row and a column of zeros before the first
    for diagonal in range(height + width - 1):
        rows = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        columns = diagonal - rows
        left, up, corner = made[rows + 1, columns], made[rows, columns + 1], made[rows, columns]
        to_left, to_up, to_corner = abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)
        paeth = np.where(
            (to_left <= to_up) & (to_left <= to_corner), left, np.where(to_up <= to_corner, up, corner)
        )
        guess = np.choose(kinds[rows], [np.zeros_like(left), left, up, (left + up) // 2, paeth])
        made[rows + 1, columns + 1] = (filtered[rows, columns] + guess) & 255
    return made[1:, 1:].astype(np.uint8)
