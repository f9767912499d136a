"""Encrypt and decrypt streams of any length in constant memory: Tink's AES256-GCM-HKDF-1MB.

    stream  = header || segment 0 || segment 1 || …
    header  = length of the header (1 byte, 40) || salt (32) || nonce prefix (7)
    segment = AES-256-GCM(derived key, prefix || index (4 bytes, big end first) || last (1 byte, 0 or 1))

Derived key = HKDF-SHA256(key, salt, info = associated bytes). A segment is 1 MiB with its tag, but
segment 0 is shorter by the header and the last one as short as it comes. Knows no file, no key store:
`confide.vault.seal` puts the stream into a file. Format in words: `docs/sealed-format.md`.
"""

import os
from collections.abc import Callable, Iterator
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from confide.crypto.derive import hkdf
from confide.errors import IntegrityError

KEY, HEADER, SEGMENT, TAG = 32, 40, 1 << 20, 16
_SALT, _PREFIX = 32, 7

Seen = Callable[[memoryview], None]  # is shown every plain segment in order, while it is in memory

Room = Callable[[int], memoryview]  # where the next piece of a stream shall stand


class Readable(Protocol):
    """What is read: an open binary file, or BytesIO."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill the buffer from the front and return how much; 0 at the end."""
        ...


class Writable(Protocol):
    """What is written: an open binary file, or BytesIO."""

    def write(self, data: memoryview, /) -> int | None:
        """Write from the front and return how much was taken."""
        ...


def ignore(plain: memoryview) -> None:
    """Look at nothing."""


def encrypt_stream(
    key: bytes, source: Readable, target: Writable, associated: bytes, *, seen: Seen = ignore
) -> int:
    """Encrypt all of `source` into `target`.

    Guarantee: `target` receives ciphertext only, in order; every call draws a fresh salt and nonce
    prefix, so that no key and nonce meet twice. Two segments of memory, whatever the length.

    Args:
        key: 32 uniform bytes.
        source: read to its end from where it stands; at most 4 PiB.
        target: written from where it stands.
        associated: bound to the stream, not stored in it.
        seen: is shown each plain segment; it must not keep the buffer.

    Returns:
        The number of plain bytes.

    Source: https://developers.google.com/tink/streaming-aead/aes_gcm_hkdf_streaming, with
    AES256_GCM_HKDF_1MB as parameters; Hoang, Reyhanitabar, Rogaway, Vizár 2015 (STREAM).

    >>> from io import BytesIO
    >>> out, back = BytesIO(), BytesIO()
    >>> encrypt_stream(bytes(32), BytesIO(b"note"), out, b"file 7")
    4
    >>> decrypt_stream(bytes(32), BytesIO(out.getvalue()), back, b"file 7")
    4
    >>> back.getvalue()
    b'note'
    """
    out = memoryview(bytearray(SEGMENT))
    pieces = encrypt_segments(key, source, associated, lambda size: out[:size], seen=seen)
    total = 0
    for piece in pieces:
        write_all(target, piece)
        total += len(piece)
    return plain_size(total)


def encrypt_segments(
    key: bytes, source: Readable, associated: bytes, room: Room, *, seen: Seen = ignore
) -> Iterator[memoryview]:
    """Yield the pieces of the stream in order, each in the buffer that `room` gave for it.

    Guarantee: as `encrypt_stream`, which explains the other arguments. `room` is asked for at most a
    segment at a time, and may return the same memory again.
    """
    salt, prefix = os.urandom(_SALT), os.urandom(_PREFIX)
    header = room(HEADER)
    header[:] = bytes([HEADER]) + salt + prefix
    yield header
    cipher = _cipher(key, salt, associated)
    for index, last, plain in _segments(source, SEGMENT - HEADER - TAG, SEGMENT - TAG):
        seen(plain)
        sealed = room(len(plain) + TAG)
        cipher.encrypt_into(_nonce(prefix, index, last), plain, None, sealed)
        yield sealed


def decrypt_stream(key: bytes, source: Readable, target: Writable, associated: bytes) -> int:
    """Decrypt all of `source` into `target`; returns the number of plain bytes.

    Guarantee: see `decrypt_segments`; when it raises, `target` may hold a true beginning of the
    plain text, which the caller throws away.
    """
    total = 0
    for plain in decrypt_segments(key, source, associated):
        write_all(target, plain)
        total += len(plain)
    return total


def decrypt_segments(key: bytes, source: Readable, associated: bytes) -> Iterator[memoryview]:
    """Yield the plain segments in order; a segment's buffer is used again for the next one.

    Guarantee: every byte that is yielded was encrypted at this place of this stream under `key` and
    `associated`. A stream that was changed, cut short, lengthened or put in another order anywhere
    raises; only a loop that ends by itself has seen the whole stream.

    Raises:
        IntegrityError: not a stream of this key and these associated bytes, or not all of it.
    """
    header = memoryview(bytearray(HEADER))
    if fill(source, header) < HEADER or header[0] != HEADER:
        raise IntegrityError("crypto.stream", segment=0)
    salt, prefix = bytes(header[1 : 1 + _SALT]), bytes(header[1 + _SALT :])
    cipher = _cipher(key, salt, associated)
    out = memoryview(bytearray(SEGMENT))
    for index, last, sealed in _segments(source, SEGMENT - HEADER, SEGMENT):
        if len(sealed) < TAG:
            raise IntegrityError("crypto.stream", segment=index)
        plain = out[: len(sealed) - TAG]
        try:
            cipher.decrypt_into(_nonce(prefix, index, last), sealed, None, plain)
        except InvalidTag:
            raise IntegrityError("crypto.stream", segment=index) from None
        yield plain


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


def _cipher(key: bytes, salt: bytes, associated: bytes) -> AESGCM:
    if len(key) != KEY:
        raise ValueError("the key of a stream has 32 bytes")
    return AESGCM(hkdf(key, associated, KEY, salt=salt))


def _nonce(prefix: bytes, index: int, last: bool) -> bytes:
    return prefix + index.to_bytes(4, "big") + bytes([last])  # OverflowError beyond 2**32 segments


def _segments(source: Readable, first: int, rest: int) -> Iterator[tuple[int, bool, memoryview]]:
    """Yield (index, whether it is the last, bytes), reading one byte ahead to know the last."""
    buffer = memoryview(bytearray(SEGMENT + 1))
    index, size, held = 0, first, 0
    while True:
        held += fill(source, buffer[held : size + 1])
        last = held <= size
        yield index, last, buffer[: min(held, size)]
        if last:
            return
        buffer[0] = buffer[size]
        index, size, held = index + 1, rest, 1
