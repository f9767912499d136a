"""Where the segments of an encrypted stream begin and end: sizes, and cutting what is read into numbered pieces.

Knows no cipher and no key; `confide.crypto.stream` encrypts the pieces. A segment takes 1 MiB of a stream with
its tag, the one numbered 0 shares that with the header, the last is as short as it comes.
"""

from collections.abc import Iterator
from itertools import accumulate, pairwise
from typing import Protocol

HEADER, SEGMENT, TAG = 40, 1 << 20, 16

Memory = bytes | bytearray | memoryview
Segment = tuple[int, bool, memoryview]  # its index, whether it is the last, its bytes


class Readable(Protocol):
    """What is read: an open binary file, or BytesIO."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer from the front and return how much; 0 at the end."""
        ...


class Seekable(Readable, Protocol):
    """What is read in places: an open binary file on a disk, or BytesIO."""

    def seek(self, offset: int, /) -> int:
        """Stand `offset` bytes from the beginning."""
        ...

    def tell(self) -> int:
        """Return where it stands."""
        ...


class Writable(Protocol):
    """What is written: an open binary file, or BytesIO."""

    def write(self, data: memoryview, /) -> int | None:
        """Write from the front and return how much was taken."""
        ...


def sealed_size(plain: int) -> int:
    """Return the length of a stream that holds `plain` bytes.

    >>> sealed_size(0), sealed_size(1 << 20)
    (56, 1048648)
    """
    beyond_first = max(0, plain - (SEGMENT - HEADER - TAG))
    segments = 1 + -(-beyond_first // (SEGMENT - TAG))
    return HEADER + plain + segments * TAG


def plain_size(sealed: int) -> int:
    """Return how many plain bytes a whole stream of `sealed` bytes holds.

    >>> plain_size(56), plain_size(1048648)
    (0, 1048576)
    """
    return sealed - HEADER - -(-sealed // SEGMENT) * TAG


def fill(source: Readable, buffer: memoryview) -> int:
    """Read until `buffer` is full or `source` ends; return how much was read."""
    got = 0
    while got < len(buffer):
        step = source.readinto(buffer[got:])
        if not step:
            break
        got += step
    return got


def write_all(target: Writable, data: memoryview) -> None:
    """Write all of `data`, in as many steps as `target` wants.

    Raises:
        OSError: `target` takes no more and does not say why.
    """
    while data:
        taken = target.write(data)
        if not taken:
            raise OSError("nothing was written")
        data = data[taken:]


def plain_before(index: int) -> int:
    """Return how many plain bytes stand before segment `index`."""
    return max(0, index * (SEGMENT - TAG) - HEADER)


def places_in(batch: list[Segment], out: memoryview, growth: int) -> list[memoryview]:
    """Cut `out` into one place after the other, each longer than its segment by `growth` bytes."""
    borders = accumulate((len(data) + growth for _, _, data in batch), initial=0)
    return [out[start:end] for start, end in pairwise(borders)]


def batches(source: Readable | Memory, full: int, count: int, index: int = 0) -> Iterator[list[Segment]]:
    """Yield up to `count` segments at a time, numbered; nothing else numbers segments.

    A segment takes `full` bytes of `source`, the one numbered 0 takes HEADER fewer, the last what there is.
    """
    short = HEADER if index == 0 else 0
    for window, ends in _windows(source, count * full - short, count * full):
        batch: list[Segment] = []
        while window or not batch:
            size = full - (HEADER if index == 0 else 0)
            batch.append((index, ends and len(window) <= size, window[:size]))
            index, window = index + 1, window[size:]
        yield batch


def _windows(source: Readable | Memory, first: int, rest: int) -> Iterator[tuple[memoryview, bool]]:
    """Yield the first bytes, then the rest piece by piece, and whether `source` ends with the piece."""
    if isinstance(source, Memory):
        data = memoryview(source).cast("B")
        while len(data) > first:
            yield data[:first], False
            data, first = data[first:], rest
        yield data, True
        return
    buffer = memoryview(bytearray(rest + 1))  # one byte ahead, to know the last
    held, size = 0, first
    while True:
        held += fill(source, buffer[held : size + 1])
        yield buffer[: min(held, size)], held <= size
        if held <= size:
            return
        buffer[0] = buffer[size]
        held, size = 1, rest
