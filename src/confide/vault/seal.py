"""The sealed file: a header of 64 bytes, then one encrypted stream with the header as associated data.

    magic (8) || version (1) || suite (1) || file id (16) || key commitment (32) || check (6) || stream

Works with a data key that it is handed; where data keys live is `confide.vault.vault`, and the stream
is `confide.crypto.stream`. Format in words, enough to write a second reader: `docs/sealed-format.md`.
"""

import hashlib
import hmac
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm

from confide.crypto.aead import bind
from confide.crypto.derive import hkdf
from confide.crypto.segments import SEGMENT, Readable, fill, plain_size, sealed_size
from confide.crypto.stream import (
    AT_ONCE,
    Seen,
    decrypt_range,
    decrypt_segments,
    encrypt_segments,
    ignore,
)
from confide.crypto.suites import AES, KEY, SM4, Suite
from confide.errors import IntegrityError, InvalidInput
from confide.vault.direct import DirectWriter
from confide.vault.durable import placing, reading, reserve

MAGIC = b"\x89CNF\r\n\x1a\n"
VERSION = 1
SUITES = {1: AES, 2: SM4}  # by the byte in the header
_BY_NAME = {"aes": AES, "sm4": SM4}
SIZE = 64
PARALLEL = 8 << 20  # bytes of a file that is worth several threads
_MOST_THREADS = 4  # beyond, the disk is what is waited for
_ID, _COMMITMENT, _CHECK = 16, 32, 6
_IDENTITY = len(MAGIC) + 2 + _ID  # the part of the header that the commitment covers


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The public beginning of a sealed file; it names no key and no patient."""

    file_id: bytes
    commitment: bytes
    suite: Suite = AES

    def to_bytes(self) -> bytes:
        """Return the 64 bytes as they stand in the file."""
        fields = _identity(self.file_id, self.suite) + self.commitment
        return fields + _check(fields)


KeyOf = Callable[[Header], bytes]  # finds the data key of a file, or says why not


def new_header(data_key: bytes, suite: Suite = AES) -> Header:
    """Return a header with a fresh file id, committed to `data_key`.

    Raises:
        InvalidInput: the OpenSSL that is installed lacks the suite.
    """
    file_id = os.urandom(_ID)
    return Header(file_id=file_id, commitment=_commitment(data_key, file_id, suite), suite=suite)


def parse_header(data: bytes, file: str) -> Header:
    """Read the beginning of a sealed file.

    Args:
        data: the first 64 bytes, fewer if the file is shorter.
        file: its name, for the sentence.

    Raises:
        InvalidInput: not a sealed file, or one of a later version.
        IntegrityError: a sealed file whose header was cut or changed.
    """
    repaired = MAGIC + data[len(MAGIC) :]
    whole = len(data) == SIZE and hmac.compare_digest(_check(repaired[:-_CHECK]), data[-_CHECK:])
    if not data.startswith(MAGIC) and not whole:
        raise InvalidInput("vault.not-sealed", file=file)
    if not data.startswith(MAGIC) or not whole:
        raise IntegrityError("vault.damaged", file=file)
    if data[8] != VERSION or data[9] not in SUITES:
        raise InvalidInput("vault.later-format", file=file, version=data[8], suite=data[9])
    return Header(file_id=data[10:_IDENTITY], commitment=data[_IDENTITY:-_CHECK], suite=SUITES[data[9]])


def header_of(path: Path) -> Header:
    """Read the header of the file at `path`; raises as `parse_header` does."""
    with reading(path) as file:
        return _read_header(file, path.name)


def write_sealed(
    source: Readable,
    size: int,
    target: Path,
    data_key: bytes,
    header: Header,
    *,
    record: Callable[[], None],
    seen: Seen = ignore,
    threads: int | None = None,
) -> None:
    """Encrypt `source` into a sealed file at `target`, durable when this returns.

    Guarantee: nothing but ciphertext is ever written. `record` runs after the last byte is durable
    and before the name appears, so that no file stands at `target` whose key was not recorded.

    Args:
        source: the plain bytes, read to the end.
        size: how many they will be; only the space on the disk is claimed by it.
        target: replaced if it exists.
        data_key: 32 bytes, used for no other file.
        header: from `new_header(data_key)`; names the suite.
        record: stores the data key for good; may raise, then nothing happened.
        seen: is shown each plain segment.
        threads: how many encrypt side by side; as many as the machine has use for if left out.
    """
    threads = threads or _threads_for(size)
    with placing(target, replace=True) as file:
        first = header.to_bytes()
        reserve(file, SIZE + sealed_size(size))
        out = DirectWriter(file, SEGMENT if threads == 1 else AT_ONCE * threads * SEGMENT)
        out.room(SIZE)[:] = first
        out.advance(SIZE)
        for piece in encrypt_segments(
            data_key, source, first, out.room, seen=seen, suite=header.suite, threads=threads
        ):
            out.advance(len(piece))
        out.finish()
        file.truncate()
        os.fsync(file.fileno())
        record()


@contextmanager
def opened_sealed(path: Path, key_of: KeyOf) -> Iterator[Iterator[memoryview]]:
    """Yield the plain segments of a sealed file; each segment's buffer is used again for the next.

    Guarantee: the data key is checked against the header's commitment before anything is decrypted,
    and what is yielded was written there under that key. The whole file has been seen only
    when the iterator ends by itself.

    Raises:
        InvalidInput, IntegrityError: as `parse_header`, or the body was changed anywhere.
    """
    with _opened(path, key_of) as (file, header, data_key):
        size = os.fstat(file.fileno()).st_size
        pieces = decrypt_segments(
            data_key, file, header.to_bytes(), suite=header.suite, threads=_threads_for(size)
        )
        yield _naming(path.name, pieces)


def plain_bytes(path: Path) -> int:
    """Return how many plain bytes a sealed file of this size has; what is read of it is checked then."""
    return max(0, plain_size(path.stat().st_size - SIZE))


def read_sealed_range(path: Path, key_of: KeyOf, start: int, stop: int) -> bytes:
    """Return the plain bytes from `start` up to `stop`; only the segments that hold them, and the last, are read.

    Guarantee: what is returned was sealed at this place of this file, and the file was not cut or lengthened.
    The segments between were not looked at.

    Raises:
        InvalidInput: the range does not lie in the file, or as `opened_sealed`.
        IntegrityError: as `opened_sealed`.
    """
    with _opened(path, key_of) as (file, header, data_key):
        size = os.fstat(file.fileno()).st_size - SIZE
        pieces = decrypt_range(data_key, file, size, header.to_bytes(), start, stop, suite=header.suite)
        try:
            return b"".join(bytes(piece) for piece in _naming(path.name, pieces))  # its buffer is used again
        except ValueError:
            raise InvalidInput("vault.range", file=path.name) from None


def verify_sealed(path: Path, key_of: KeyOf, source: Readable) -> None:
    """Read a sealed file back from the disk and compare it with `source`, byte by byte.

    Raises:
        IntegrityError: the file was damaged, or holds other bytes than `source`.
    """
    with reading(path) as file:  # what the disk holds, not what the cache remembers
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    buffer = memoryview(bytearray(1 << 20))
    with opened_sealed(path, key_of) as segments:
        for plain in segments:
            got = fill(source, buffer[: len(plain)])
            if got < len(plain) or buffer[:got] != plain:
                raise IntegrityError("vault.not-same", file=path.name)
    if fill(source, buffer[:1]):
        raise IntegrityError("vault.not-same", file=path.name)


def suite_named(name: str) -> Suite:
    """Return the suite `aes` or `sm4`.

    Raises:
        InvalidInput: another name.
    """
    if name not in _BY_NAME:
        raise InvalidInput("vault.suite", found=name, known=", ".join(_BY_NAME))
    return _BY_NAME[name]


@contextmanager
def _opened(path: Path, key_of: KeyOf) -> Iterator[tuple[FileIO, Header, bytes]]:
    """Yield the file, which stands at its stream, its header and its key, which was checked."""
    with reading(path) as file:
        header = _read_header(file, path.name)
        data_key = key_of(header)
        made = _commitment(data_key, header.file_id, header.suite)
        if not hmac.compare_digest(made, header.commitment):
            raise IntegrityError("vault.damaged", file=path.name)
        yield file, header, data_key


def _threads_for(size: int) -> int:
    """Return how many threads are worth their memory for a file of `size` bytes."""
    if size < PARALLEL:
        return 1
    return min(_MOST_THREADS, len(os.sched_getaffinity(0)))


def _identity(file_id: bytes, suite: Suite) -> bytes:
    number = next(number for number, known in SUITES.items() if known is suite)
    return MAGIC + bytes([VERSION, number]) + file_id


def _commitment(data_key: bytes, file_id: bytes, suite: Suite) -> bytes:
    """32 bytes that no other key gives: HKDF with the suite's hash does not collide."""
    info = bind(b"confide sealed file: key commitment", _identity(file_id, suite))
    try:
        return hkdf(data_key, info, _COMMITMENT, digest=suite.digest)
    except UnsupportedAlgorithm:
        raise InvalidInput("crypto.no-suite", suite=suite.name) from None


def _check(fields: bytes) -> bytes:
    """Find an accident in the header without a key; an attacker is found by the stream's tags."""
    return hashlib.sha256(fields).digest()[:_CHECK]


def _read_header(file: FileIO, name: str) -> Header:
    buffer = bytearray(SIZE)
    return parse_header(bytes(buffer[: fill(file, memoryview(buffer))]), name)


def _naming(name: str, segments: Iterator[memoryview]) -> Iterator[memoryview]:
    """Name the file in what the stream raises."""
    try:
        yield from segments
    except IntegrityError:
        raise IntegrityError("vault.damaged", file=name) from None


def new_data_key() -> bytes:
    """Return 32 bytes from the operating system."""
    return os.urandom(KEY)
