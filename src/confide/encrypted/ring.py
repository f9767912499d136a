"""Move polynomials between numpy and SEAL: plaintexts, ciphertexts and public keys as arrays of residues.

Guarantee: what passes lies in memory that has no name in any file system. SEAL's own format is read only from
SEAL itself, never from outside: messages carry bare residues (`confide.encrypted.messages`), checked before.
"""

import os
import struct
import sys
import zlib
from functools import lru_cache
from typing import Any, Protocol, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from confide.encrypted.parameters import Parameters
from confide.errors import InvalidInput

try:
    import tenseal.sealapi as Seal  # noqa: N812  # of classes, and re-exported to the two sides
except ImportError:
    raise InvalidInput("encrypted.no-part") from None

__all__ = ["Integers", "Residues", "Ring", "Seal", "primes_of", "ring", "spread"]
Residues = NDArray[np.uint64]
Integers = NDArray[np.int64]

_HEADER = struct.Struct("<H4BHQ")  # magic, its size, version, compression, reserved, size of all
_MAGIC = 0xA15E
_CIPHER = struct.Struct("<32sBQQQdQ")  # parms id, NTT form, polynomials, degree, primes, scale, correction
_PLAIN = struct.Struct("<32sQd")  # parms id, coefficients, scale
_ARRAY = _HEADER.size + 8


class _Saved(Protocol):
    def save(self, path: str) -> None: ...


Loaded = TypeVar("Loaded")


def saved(thing: _Saved, size: int | None = None) -> bytes:
    """Return what SEAL would write to a file, without its header and uncompressed; `size` where it is known."""
    at = os.memfd_create("confide")
    try:
        thing.save(f"/proc/self/fd/{at}")
        content = os.pread(at, os.fstat(at).st_size, 0)
    finally:
        os.close(at)
    body = content[_HEADER.size :]
    match content[5]:
        case 0:
            return body
        case 1:
            return zlib.decompress(body)
        case _ if size is not None:
            return bytes(pa.decompress(body, decompressed_size=size, codec="zstd", asbytes=True))
        case _:
            with pa.input_stream(pa.BufferReader(body), compression="zstd") as stream:
                return bytes(stream.read())


def loaded(thing: Loaded, context: Any, body: bytes) -> Loaded:
    """Let SEAL read `body` as if from a file; it checks it against the context."""
    at = os.memfd_create("confide")
    try:
        os.pwrite(at, _headed(body), 0)
        thing.load(context, f"/proc/self/fd/{at}")  # type: ignore[attr-defined]  # SEAL's classes have no stubs
    finally:
        os.close(at)
    return thing


@lru_cache(maxsize=1)
def _version() -> tuple[int, int]:
    """Return the version of SEAL that its files carry."""
    if not sys.platform.startswith("linux"):
        raise InvalidInput("encrypted.linux")
    at = os.memfd_create("confide")
    try:
        Seal.DynArray(1).save(f"/proc/self/fd/{at}")
        head = os.pread(at, _HEADER.size, 0)
    finally:
        os.close(at)
    return head[3], head[4]


def _headed(body: bytes) -> bytes:
    return _HEADER.pack(_MAGIC, _HEADER.size, *_version(), 0, 0, _HEADER.size + len(body)) + body


def _array(values: Residues) -> bytes:
    return _headed(struct.pack("<Q", values.size) + values.astype("<u8", copy=False).tobytes())


class Ring:
    """One set of parameters, ready to compute; `moduli` are the primes of data, `key_moduli` all of them."""

    def __init__(self, parameters: Parameters) -> None:
        _version()
        self.parameters = parameters
        chosen = Seal.EncryptionParameters(Seal.SCHEME_TYPE.BFV)
        chosen.set_poly_modulus_degree(parameters.degree)
        primes = Seal.CoeffModulus.Create(parameters.degree, list(parameters.primes))
        if parameters.even:
            primes[0] = _even_prime(parameters.primes[0], parameters.plain_bits)
        chosen.set_coeff_modulus(primes)
        chosen.set_plain_modulus(1 << parameters.plain_bits)
        self.context = Seal.SEALContext(chosen, True, Seal.SEC_LEVEL_TYPE.TC128)
        if not self.context.parameters_set():
            raise InvalidInput("encrypted.parameters")
        self.key_moduli = tuple(int(prime.value()) for prime in chosen.coeff_modulus())
        self.moduli = self.key_moduli[:-1]
        self.evaluator = Seal.Evaluator(self.context)
        self._key_level = _packed(self.context.key_parms_id())
        self._levels: dict[int, bytes] = {}  # number of primes left -> name of the level
        data, left = self.context.first_context_data(), len(self.moduli)
        while data is not None and left > 0:  # the chain ends where the plain modulus no longer fits
            self._levels[left] = _packed(data.parms_id())
            data, left = data.next_context_data(), left - 1

    def plaintext(self, coefficients: Integers) -> Any:
        """Return a plaintext of these whole numbers, modulo the plain modulus."""
        values = (coefficients & ((1 << self.parameters.plain_bits) - 1)).astype(np.uint64)
        body = _PLAIN.pack(bytes(32), values.size, 1.0) + _array(values)
        return loaded(Seal.Plaintext(), self.context, body)

    def coefficients(self, plaintext: Any) -> Integers:
        """Return the whole numbers of a plaintext, the upper half as negative ones."""
        body = saved(plaintext)
        values = np.frombuffer(body, "<u8", offset=_PLAIN.size + _ARRAY).astype(np.int64)
        whole = np.zeros(self.parameters.degree, dtype=np.int64)
        half = 1 << (self.parameters.plain_bits - 1)
        whole[: values.size] = np.where(values >= half, values - 2 * half, values)
        return whole

    def ciphertext(self, residues: Residues) -> Any:
        """Return the ciphertext of residues of shape (2, primes, degree).

        Raises:
            InvalidInput: SEAL does not take them.
        """
        return self._cipher(
            Seal.Ciphertext(), self._levels[residues.shape[1]], residues.shape[1], False, residues
        )

    def public_key(self, residues: Residues) -> Any:
        """Return the public key of residues of shape (2, all primes, degree)."""
        return self._cipher(Seal.PublicKey(), self._key_level, len(self.key_moduli), True, residues)

    def secret_bytes(self, key: Any) -> bytes:
        """Return a secret key as bytes, to be sealed at once."""
        return saved(key)

    def secret_key(self, kept: bytes) -> Any:
        """Return the secret key of what `secret_bytes` returned.

        Raises:
            InvalidInput: it is something else.
        """
        try:
            return loaded(Seal.SecretKey(), self.context, kept)
        except (RuntimeError, ValueError):
            raise InvalidInput("encrypted.parameters") from None

    def residues(self, thing: Any, primes: int) -> Residues:
        """Return the residues of a ciphertext, or of a public key, that has `primes` primes."""
        start, count = _CIPHER.size + _ARRAY, 2 * primes * self.parameters.degree
        flat = np.frombuffer(saved(thing, start + 8 * count), "<u8", offset=start)
        return flat.reshape(2, primes, self.parameters.degree)

    def _cipher(self, empty: Any, level: bytes, primes: int, ntt: bool, residues: Residues) -> Any:
        head = _CIPHER.pack(level, ntt, 2, self.parameters.degree, primes, 1.0, 1)
        try:
            return loaded(empty, self.context, head + _array(residues))
        except (RuntimeError, ValueError):
            raise InvalidInput("encrypted.not-sealed") from None


def _even_prime(bits: int, plain_bits: int) -> Any:
    """Return the largest prime of so many bits that is 1 modulo 2^plain_bits."""
    for times in range((1 << (bits - plain_bits)) - 1, 1 << (bits - plain_bits - 1), -1):
        if (found := Seal.Modulus((times << plain_bits) + 1)).is_prime():
            return found
    raise InvalidInput("encrypted.parameters")


def _packed(parms_id: list[int]) -> bytes:
    return np.array(parms_id, dtype="<u8").tobytes()


@lru_cache(maxsize=16)
def ring(parameters: Parameters) -> Ring:
    """Return the ring of `parameters`; made once."""
    return Ring(parameters)


@lru_cache(maxsize=16)
def primes_of(degree: int, bits: tuple[int, ...]) -> tuple[int, ...]:
    """Return the primes that SEAL takes for data, those for keys left out."""
    return tuple(int(prime.value()) for prime in Seal.CoeffModulus.Create(degree, list(bits)))[:-1]


def spread(values: list[int], moduli: tuple[int, ...]) -> Residues:
    """Return whole numbers of any size as residues, shape (primes, values)."""
    whole = np.array(values, dtype=object)
    return np.array([(whole % prime).astype(np.uint64) for prime in moduli], dtype=np.uint64).reshape(
        len(moduli), len(values)
    )
