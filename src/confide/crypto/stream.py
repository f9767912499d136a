"""Encrypt and decrypt streams of any length in constant memory: Tink's AES256-GCM-HKDF-1MB.

    stream  = header || segment 0 || segment 1 || …
    header  = length of the header (1 byte, 40) || salt (32) || nonce prefix (7)
    segment = AES-256-GCM(derived key, prefix || index (4 bytes, big end first) || last (1 byte, 0 or 1))

Derived key = HKDF-SHA256(key, salt, info = associated bytes). A segment is 1 MiB with its tag, but
segment 0 is shorter by the header and the last one as short as it comes. A second suite puts SM4-GCM and
SM3 in place of AES-GCM and SHA-256 and keeps all else (`confide.crypto.suites`; where segments begin and end:
`confide.crypto.segments`). Knows no file, no key store: `confide.vault.seal` puts the stream into a file.
Format in words: `docs/sealed-format.md`.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from cryptography.exceptions import InvalidTag

from confide.crypto.segments import (
    HEADER,
    SEGMENT,
    TAG,
    Memory,
    Readable,
    Seekable,
    Writable,
    batches,
    fill,
    places_in,
    plain_before,
    plain_size,
    write_all,
)
from confide.crypto.suites import AES, BoundCipher, Suite, cipher_for
from confide.errors import IntegrityError

AT_ONCE = 4  # segments that a thread takes at a time: enough to hide what waking it costs
_SALT, _PREFIX = 32, 7

Seen = Callable[[memoryview], None]  # is shown every plain segment in order, while it is in memory
Room = Callable[[int], memoryview]  # where the next piece of a stream shall stand
_Job = Callable[[], object]


def ignore(plain: memoryview) -> None:
    """Look at nothing."""


def encrypt_stream(
    key: bytes,
    source: Readable | Memory,
    target: Writable,
    associated: bytes,
    *,
    seen: Seen = ignore,
    suite: Suite = AES,
    threads: int = 1,
) -> int:
    """Encrypt all of `source` into `target`.

    Guarantee: `target` receives ciphertext only, in order; every call draws a fresh salt and nonce
    prefix, so that no key and nonce meet twice. Memory does not grow with the length: two segments,
    or with several threads 2 * AT_ONCE segments for each.

    Args:
        key: 32 uniform bytes.
        source: read to its end from where it stands; at most 4 PiB. Bytes in memory are not copied.
        target: written from where it stands.
        associated: bound to the stream, not stored in it.
        seen: is shown each plain segment; it must not keep the buffer.
        suite: `AES` (which Tink reads) or `SM4`; a reader has to be told which.
        threads: how many encrypt side by side. The format does not show it.

    Returns:
        The number of plain bytes.
    Raises:
        InvalidInput: the OpenSSL that is installed lacks the suite.

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
    out = memoryview(bytearray(_at_once(threads) * SEGMENT))
    pieces = encrypt_segments(
        key, source, associated, lambda size: out[:size], seen=seen, suite=suite, threads=threads
    )
    total = 0
    for piece in pieces:
        write_all(target, piece)
        total += len(piece)
    return plain_size(total)


def encrypt_segments(
    key: bytes,
    source: Readable | Memory,
    associated: bytes,
    room: Room,
    *,
    seen: Seen = ignore,
    suite: Suite = AES,
    threads: int = 1,
) -> Iterator[memoryview]:
    """Yield the pieces of the stream in order, each in the buffer that `room` gave for it.

    Guarantee: as `encrypt_stream`, which explains the other arguments. `room` is asked for at most a
    segment at a time, with several threads for at most `AT_ONCE * threads` segments in one piece; it
    may return the same memory again.
    """
    salt, prefix = os.urandom(_SALT), os.urandom(_PREFIX)
    cipher = cipher_for(suite, key, salt, associated)
    header = room(HEADER)
    header[:] = bytes([HEADER]) + salt + prefix
    yield header
    with _workers(threads) as start:
        for batch in batches(source, SEGMENT - TAG, _at_once(threads)):
            out = room(sum(len(plain) + TAG for _, _, plain in batch))
            places = places_in(batch, out, TAG)
            wait = start(
                [
                    partial(cipher.encrypt_into, _nonce(prefix, index, last), plain, None, sealed)
                    for (index, last, plain), sealed in zip(batch, places, strict=True)
                ]
            )
            for _, _, plain in batch:
                seen(plain)
            wait()
            yield out


def decrypt_stream(
    key: bytes,
    source: Readable,
    target: Writable,
    associated: bytes,
    *,
    suite: Suite = AES,
    threads: int = 1,
) -> int:
    """Decrypt all of `source` into `target`; returns the number of plain bytes.

    Guarantee: see `decrypt_segments`; when it raises, `target` may hold a true beginning of the
    plain text, which the caller throws away.
    """
    total = 0
    for plain in decrypt_segments(key, source, associated, suite=suite, threads=threads):
        write_all(target, plain)
        total += len(plain)
    return total


def decrypt_segments(
    key: bytes, source: Readable, associated: bytes, *, suite: Suite = AES, threads: int = 1
) -> Iterator[memoryview]:
    """Yield the plain segments in order; a segment's buffer is used again for a later one.

    Guarantee: every byte that is yielded was encrypted at this place of this stream under `key` and
    `associated`. A stream that was changed, cut short, lengthened or put in another order anywhere
    raises; only a loop that ends by itself has seen the whole stream.

    Raises:
        IntegrityError: not a stream of this key, these associated bytes and this suite, or not all of it.
        InvalidInput: the OpenSSL that is installed lacks the suite.
    """
    cipher, prefix = _read_header(key, source, associated, suite)
    yield from _decrypted(cipher, prefix, source, 0, threads)


def decrypt_range(
    key: bytes,
    source: Seekable,
    size: int,
    associated: bytes,
    start: int,
    stop: int,
    *,
    suite: Suite = AES,
) -> Iterator[memoryview]:
    """Yield the plain bytes from `start` up to `stop`, reading the segments that hold them, and the last one.

    Guarantee: every byte that is yielded was encrypted at this place of this stream, and the stream ended after
    exactly `size` bytes when it was written: the last segment is checked before anything is yielded, and
    `source` may not go on behind it. So neither a cut nor an added end goes unseen, wherever the range lies.
    Segments that hold nothing of the range are not looked at: they may have been changed.

    Args:
        key: as for `decrypt_segments`, and so are `associated` and `suite`.
        source: stands at the beginning of the stream; may have other bytes before it.
        size: length of the whole stream in bytes; need not be trusted.
        start: first plain byte, from 0.
        stop: behind the last plain byte; at most `plain_size(size)`.

    Raises:
        IntegrityError: the stream does not have `size` bytes, or a segment that was read was changed.
        ValueError: the range does not lie in a stream of this size.

    >>> from io import BytesIO
    >>> out = BytesIO()
    >>> encrypt_stream(bytes(32), b"a long note", out, b"file 7")
    11
    >>> pieces = decrypt_range(bytes(32), BytesIO(out.getvalue()), len(out.getvalue()), b"file 7", 2, 6)
    >>> b"".join(pieces)
    b'long'
    """
    if not 0 <= start <= stop <= max(0, plain_size(size)):
        raise ValueError("the range does not lie in a stream of this size")
    begin = source.tell()
    cipher, prefix = _read_header(key, source, associated, suite)

    def segments_from(index: int) -> Iterator[memoryview]:
        source.seek(begin + (index * SEGMENT or HEADER))
        return _decrypted(cipher, prefix, source, index, 1)

    last = max(0, size - 1) // SEGMENT
    if sum(map(len, segments_from(last))) != plain_size(size) - plain_before(last):
        raise IntegrityError("crypto.stream", segment=last)
    if start == stop:
        return
    index = (start + HEADER) // (SEGMENT - TAG)
    at = plain_before(index)
    for plain in segments_from(index):
        yield plain[max(0, start - at) : stop - at]
        at += len(plain)
        if at >= stop:
            return


def _read_header(key: bytes, source: Readable, associated: bytes, suite: Suite) -> tuple[BoundCipher, bytes]:
    """Return the cipher and the nonce prefix of the stream at whose beginning `source` stands."""
    header = memoryview(bytearray(HEADER))
    if fill(source, header) < HEADER or header[0] != HEADER:
        raise IntegrityError("crypto.stream", segment=0)
    salt, prefix = bytes(header[1 : 1 + _SALT]), bytes(header[1 + _SALT :])
    return cipher_for(suite, key, salt, associated), prefix


def _decrypted(
    cipher: BoundCipher, prefix: bytes, source: Readable, index: int, threads: int
) -> Iterator[memoryview]:
    """Yield the plain segments from number `index` on, at whose beginning `source` stands, to the end."""
    out = memoryview(bytearray(_at_once(threads) * SEGMENT))

    def open_one(index: int, last: bool, sealed: memoryview, plain: memoryview) -> None:
        try:
            cipher.decrypt_into(_nonce(prefix, index, last), sealed, None, plain)
        except InvalidTag:
            raise IntegrityError("crypto.stream", segment=index) from None

    with _workers(threads) as start:
        for batch in batches(source, SEGMENT, _at_once(threads), index):
            if len(batch[-1][2]) < TAG:
                raise IntegrityError("crypto.stream", segment=batch[-1][0])
            places = places_in(batch, out, -TAG)
            start([partial(open_one, *job, place) for job, place in zip(batch, places, strict=True)])()
            yield from places


def _nonce(prefix: bytes, index: int, last: bool) -> bytes:
    return prefix + index.to_bytes(4, "big") + bytes([last])  # OverflowError beyond 2**32 segments


def _at_once(threads: int) -> int:
    if threads < 1:
        raise ValueError("at least one thread is wanted")
    return 1 if threads == 1 else AT_ONCE * threads


@contextmanager
def _workers(threads: int) -> Iterator[Callable[[list[_Job]], Callable[[], None]]]:
    """Yield a function that starts jobs and returns one that waits for them; it raises the first failure in order."""
    if threads == 1:
        yield lambda jobs: lambda: _run(jobs)
        return
    with ThreadPoolExecutor(threads) as pool:

        def start(jobs: list[_Job]) -> Callable[[], None]:
            share = -(-len(jobs) // threads)
            under_way = [pool.submit(_run, jobs[n : n + share]) for n in range(0, len(jobs), share)]
            return lambda: _run([future.result for future in under_way])

        yield start


def _run(jobs: list[_Job]) -> None:
    for job in jobs:
        job()
