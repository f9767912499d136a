"""Add whole numbers of several sites while encrypted: sites seal, a hub adds, a custodian opens the sum alone.

Guarantee: the hub sees ciphertexts (ring-LWE, 128 bits). The custodian, whose key opens them, is given the sum of all
sites, and that ciphertext tells nothing but the sum, whatever the key: exactly, not up to a distance. Hub and
custodian together could open one site's share: they are two parties, and the hub adds what it was sent. Proof:
`docs/proofs/encrypted.md`, section 6.
"""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from confide.crypto.canonical import canonical
from confide.encrypted.messages import Count, Kind, pack, packed_size, read, unpack, verify_size, write
from confide.encrypted.parameters import Parameters, decrypts, zero_noise
from confide.encrypted.ring import Integers, Seal, ring
from confide.errors import InvalidInput
from confide.types import Json

RING = Parameters(degree=4096, primes=(56, 17), plain_bits=36, even=True)
MOST_VALUES = 1 << 24
OPENINGS = 100  # sums under one key


@dataclass(frozen=True, kw_only=True, slots=True)
class SumForm:
    """What is added: public. Each site's value is from -bound to bound; the sum of all sites must fit the ring.

    Args:
        name: of the sum.
        values: how many numbers each site sends.
        sites: how many sites take part, all of them.
        bound: largest absolute value.
    """

    name: str
    values: int
    sites: int
    bound: int

    def __post_init__(self) -> None:
        """Refuse a sum that would wrap round, or not decrypt."""
        noise = self.sites * (zero_noise(RING.degree, RING.primes[-1]) + 1)
        moduli = ((1 << (RING.primes[0] - 1)),)
        if not (0 < self.values <= MOST_VALUES and self.sites > 1 and self.bound > 0):
            raise InvalidInput("encrypted.sum")
        if self.sites * self.bound >= 1 << (RING.plain_bits - 1) or not decrypts(
            noise, moduli, RING.plain_bits, RING.degree, 1
        ):
            raise InvalidInput("encrypted.sum")

    def digest(self) -> bytes:
        """Return 32 bytes that stand in every message about this sum."""
        return hashlib.sha256(canonical(self.to_json())).digest()

    def to_json(self) -> Json:
        """Return every field."""
        return {
            "name": self.name,
            "values": self.values,
            "sites": self.sites,
            "bound": self.bound,
            "parameters": RING.to_json(),
        }

    @property
    def ciphertexts(self) -> int:
        """How many ciphertexts an upload has."""
        return -(-self.values // RING.degree)


def seal_values(form: SumForm, key: bytes, values: Integers) -> bytes:
    """Return a site's numbers, encrypted under the custodian's public key.

    Raises:
        InvalidInput: the key is none for this sum, or the numbers are not `values` whole ones within the bound.
    """
    if values.shape != (form.values,) or values.dtype.kind != "i" or np.abs(values).max() > form.bound:
        raise InvalidInput("encrypted.values", wanted=form.values, bound=form.bound)
    at = ring(RING)
    encryptor = Seal.Encryptor(at.context, _public(form, key))
    parts, sealed = [], Seal.Ciphertext()
    for start in range(0, form.values, RING.degree):
        encryptor.encrypt(at.plaintext(values[start : start + RING.degree].astype(np.int64)), sealed)
        parts.append(pack(at.residues(sealed, 1), at.moduli))
    return write("values", form.digest(), os.urandom(16), 1, b"".join(parts))


def add_sealed(form: SumForm, uploads: Iterable[bytes]) -> bytes:
    """Return the encrypted sum; the hub's part, which needs no key.

    Guarantee: every site's numbers are in it once. An upload that comes twice is refused.

    Raises:
        InvalidInput: an upload is damaged, foreign or repeated, or there are not as many as the form says.
    """
    total, seen = None, set()
    for upload in uploads:
        head, found = _residues(form, upload, "values")
        if head in seen:
            raise InvalidInput("encrypted.twice")
        seen.add(head)
        prime = np.uint64(ring(RING).moduli[0])
        total = found if total is None else (total + found) % prime  # 56 bits: no overflow
    if total is None or len(seen) != form.sites:
        raise InvalidInput("encrypted.sites", found=len(seen), wanted=form.sites)
    body = b"".join(pack(part, ring(RING).moduli) for part in total)
    return write("total", form.digest(), os.urandom(16), len(seen), body)


Pair = tuple[bytes, bytes]  # a secret key, to be kept under a vault, and the message with its public half


def new_pair(form: SumForm) -> Pair:
    """Return a new key for one sum: the secret half, to be sealed at once, and the message that every site needs."""
    at, public = ring(RING), Seal.PublicKey()
    keys = Seal.KeyGenerator(at.context)
    keys.create_public_key(public)
    body = pack(at.residues(public, len(at.key_moduli)), at.key_moduli)
    return at.secret_bytes(keys.secret_key()), write("key", form.digest(), bytes(16), 0, body)


class Custodian:
    """Holds the key that opens sums, and is not the hub.

    Args:
        form: of the sum.
        pair: from `new_pair`, where the key outlives the process; by default a new one.
        openings: after so many the key is refused.
        count: told of every opening before it happens, with the name of the key and the number of ciphertexts; a
            ledger may write it down, or refuse by raising.
    """

    def __init__(
        self,
        form: SumForm,
        *,
        pair: Pair | None = None,
        openings: int = OPENINGS,
        count: Count | None = None,
    ) -> None:
        self.form = form
        secret, self._public = new_pair(form) if pair is None else pair
        self._decryptor = Seal.Decryptor(ring(RING).context, ring(RING).secret_key(secret))
        self._left, self._opened, self._count = openings, 0, count

    def public_key(self) -> bytes:
        """Return the message that every site needs."""
        return self._public

    @property
    def key_name(self) -> str:
        """What the key is called where its openings are counted: the digest of its public half."""
        return hashlib.sha256(self._public).hexdigest()

    def open(self, total: bytes) -> Integers:
        """Return the sum of all sites. What one site sent is refused: only a hub's total is opened.

        Raises:
            InvalidInput: it is no total of this sum over all its sites, or the key is past its limit.
        """
        _, found = _residues(self.form, total, "total")
        if self._left < 1:
            raise InvalidInput("encrypted.key-worn", most=self._opened)
        if self._count is not None:
            self._count(self.key_name, len(found))
        self._left, self._opened = self._left - 1, self._opened + 1
        whole, plain = np.empty(self.form.ciphertexts * RING.degree, dtype=np.int64), Seal.Plaintext()
        for at, part in enumerate(found):
            self._decryptor.decrypt(ring(RING).ciphertext(part), plain)
            whole[at * RING.degree : (at + 1) * RING.degree] = ring(RING).coefficients(plain)
        return whole[: self.form.values]

    def __repr__(self) -> str:
        return "<Custodian>"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Custodian is never pickled: it holds a secret key")


def _residues(form: SumForm, message: bytes, kind: Kind) -> tuple[bytes, Any]:
    """Return the name of an upload, and its residues of shape (ciphertexts, 2, 1, degree)."""
    head, body = read(message, form.digest(), kind)
    if head.records != (1 if kind == "values" else form.sites):
        raise InvalidInput("encrypted.sites", found=head.records, wanted=form.sites)
    moduli = ring(RING).moduli
    verify_size(body, form.ciphertexts * packed_size(2, moduli, RING.degree))
    found = unpack(body, 2 * form.ciphertexts, moduli, RING.degree)
    return head.request, found.reshape(form.ciphertexts, 2, 1, RING.degree)


def _public(form: SumForm, key: bytes) -> Any:
    at = ring(RING)
    _, body = read(key, form.digest(), "key")
    verify_size(body, packed_size(2, at.key_moduli, RING.degree))
    return at.public_key(unpack(body, 2, at.key_moduli, RING.degree))
