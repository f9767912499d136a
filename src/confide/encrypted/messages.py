"""The messages between a hospital and an owner: versioned, of sizes that follow from public numbers, bare residues.

A message has a head (kind, form, request, records) and residues, each in the fewest whole bytes; nothing else has a
place in it, so no secret key, no plain record and no parameters travel. Every byte is checked before SEAL sees it.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from confide.encrypted.form import Form
from confide.encrypted.ring import Residues
from confide.errors import InvalidInput

VERSION = 1
MOST_RECORDS = 1 << 16  # in one request
MOST_TOGETHER = 4096  # of them over the network
LONGEST = 1 << 28  # bytes of any message
Count = Callable[[str, int], None]  # told of decryptions to come: name of the key, ciphertexts
Kind = Literal["key", "records", "columns", "reply", "values", "total"]

_KINDS: tuple[Kind, ...] = ("key", "records", "columns", "reply", "values", "total")
_HEAD = struct.Struct("<4sBBH32s16sI")  # magic, version, kind, reserved, form, request, records
_MAGIC = b"CFDE"
_FOREIGN = (b"\x5e\xa1", b"\x0a", b"\x08", b"\x12")  # SEAL's files; the protobufs of TenSEAL


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before the residues."""

    kind: Kind
    request: bytes
    records: int


def width(prime: int) -> int:
    """Return the bytes of a residue."""
    return (prime.bit_length() + 7) // 8


def pack(residues: Residues, moduli: tuple[int, ...]) -> bytes:
    """Write residues of shape (…, primes, coefficients), prime by prime."""
    flat = residues.reshape(-1, len(moduli), residues.shape[-1])
    return b"".join(
        flat[at, prime].astype("<u8").view(np.uint8).reshape(-1, 8)[:, : width(moduli[prime])].tobytes()
        for at in range(len(flat))
        for prime in range(len(moduli))
    )


def packed_size(polynomials: int, moduli: tuple[int, ...], coefficients: int) -> int:
    """Return how long `pack` writes."""
    return polynomials * coefficients * sum(map(width, moduli))


def unpack(body: memoryview, polynomials: int, moduli: tuple[int, ...], coefficients: int) -> Residues:
    """Read what `pack` wrote; `body` has the right size.

    Raises:
        InvalidInput: a residue is not below its prime.
    """
    found = np.zeros((polynomials, len(moduli), coefficients), dtype="<u8")
    start = 0
    for at in range(polynomials):
        for index, prime in enumerate(moduli):
            size = width(prime) * coefficients
            part = np.frombuffer(body[start : start + size], dtype=np.uint8).reshape(coefficients, -1)
            found[at, index].view(np.uint8).reshape(coefficients, 8)[:, : width(prime)] = part
            start += size
    if not (found < np.array(moduli, dtype=np.uint64)[:, None]).all():
        raise InvalidInput("encrypted.not-sealed")
    return found


def write(kind: Kind, digest: bytes, request: bytes, records: int, body: bytes) -> bytes:
    """Return a message about the form of this digest."""
    return _HEAD.pack(_MAGIC, VERSION, _KINDS.index(kind), 0, digest, request, records) + body


def read(message: bytes, digest: bytes, *wanted: Kind) -> tuple[Head, memoryview]:
    """Read the head of a message about the form of this digest.

    Raises:
        InvalidInput: it is no message of ours, of another version, kind or form, or too long.
    """
    if len(message) > LONGEST:
        raise InvalidInput("encrypted.too-long", most=LONGEST)
    if message[:4] != _MAGIC and message.startswith(_FOREIGN):
        raise InvalidInput("encrypted.foreign")
    if len(message) < _HEAD.size or message[:4] != _MAGIC:
        raise InvalidInput("encrypted.no-message")
    _, version, kind, reserved, about, request, records = _HEAD.unpack_from(message)
    if version != VERSION:
        raise InvalidInput("encrypted.version", found=version, known=VERSION)
    if reserved or kind >= len(_KINDS) or _KINDS[kind] not in wanted:
        raise InvalidInput("encrypted.no-message")
    if about != digest:
        raise InvalidInput("encrypted.other-form")
    return Head(_KINDS[kind], request, records), memoryview(message)[_HEAD.size :]


def verify_size(body: memoryview, size: int) -> None:
    """Refuse a body of another size than public numbers give.

    Raises:
        InvalidInput: it is shorter or longer.
    """
    if len(body) != size:
        raise InvalidInput("encrypted.size", found=len(body), wanted=size)


def verify_records(records: int) -> None:
    """Refuse a request for nothing, or for too much.

    Raises:
        InvalidInput: it is one.
    """
    if not 0 < records <= MOST_RECORDS:
        raise InvalidInput("encrypted.records", most=MOST_RECORDS)


def request_ciphertexts(form: Form, head: Head) -> int:
    """Return how many ciphertexts a request holds."""
    if head.kind == "records":
        return -(-head.records // form.records)
    return len(form.monomials) * -(-head.records // form.parameters.degree)


def largest_request(form: Form, moduli: tuple[int, ...], records: int) -> int:
    """Return the bytes of the longest request for so many records."""
    heads = [Head("records", b"", records), Head("columns", b"", records)]
    most = max(request_ciphertexts(form, head) for head in heads)
    return _HEAD.size + packed_size(2 * most, moduli, form.parameters.degree)


def most_together(form: Form, moduli: tuple[int, ...]) -> int:
    """Return how many records stand in one request over the network, so that neither it nor its reply is too long.

    Both sides compute it; it is 4,096 but for forms whose every record takes a ciphertext of its own.
    """
    records = MOST_TOGETHER
    while records > 1 and form.groups * largest_request(form, moduli, records) > LONGEST:
        records //= 2
    return records
