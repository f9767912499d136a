"""Hide a vector of 32-bit numbers by adding a key stream: AES-256-CTR, each key for one mask of one round.

Guarantee: to whoever lacks a key, the masked vector cannot be told from uniform. What is added with a key is taken away with
it, bit for bit, modulo 2^32. Works in place, a megabyte at a time, so that a mask takes no memory of its own.
"""

import numpy as np
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from confide.crypto.aead import bind
from confide.crypto.derive import hkdf
from confide.errors import IntegrityError

Words = NDArray[np.uint32]

_CHUNK = 1 << 18  # numbers at a time: zeros, stream and sum stay in cache
_ZEROS = memoryview(bytes(4 * _CHUNK))
_BLOCK = 16


def add_mask(total: Words, key: bytes, *, sign: int) -> None:
    """Add the stream of `key` to `total` in place, or take it away (`sign` -1).

    Args:
        total: contiguous.
        key: 32 bytes that mask nothing else.
        sign: 1 or -1.

    Source: NIST SP 800-38A, CTR mode, from counter zero; little-endian words of 32 bits.
    """
    stream = Cipher(algorithms.AES(key), modes.CTR(bytes(_BLOCK))).encryptor()
    held = bytearray(4 * _CHUNK + _BLOCK)
    words = np.frombuffer(held, dtype="<u4")
    act = np.add if sign > 0 else np.subtract
    for start in range(0, len(total), _CHUNK):
        part = total[start : start + _CHUNK]
        stream.update_into(_ZEROS[: 4 * len(part)], held)
        act(part, words[: len(part)], out=part)


def pair_key(own: X25519PrivateKey, own_name: str, other: bytes, other_name: str, context: bytes) -> bytes:
    """Return the key of the mask that two sites share in one round; both come to the same.

    Raises:
        IntegrityError: the other's public key is none.
    """
    first, second = sorted([own_name, other_name])
    shared = exchange(own, other)
    return hkdf(shared, bind(b"confide federated 1: pair mask", context, first.encode(), second.encode()))


def exchange(own: X25519PrivateKey, other: bytes) -> bytes:
    """Return what two X25519 keys have in common (RFC 7748), before it is derived from.

    Raises:
        IntegrityError: the public key is one with which everybody has the same in common.
    """
    try:
        return own.exchange(X25519PublicKey.from_public_bytes(other))
    except (ValueError, UnsupportedAlgorithm):
        raise IntegrityError("fed.weak-key") from None


def sign_of(own_name: str, other_name: str) -> int:
    """Return with which sign `own_name` adds the mask that it shares with `other_name`: the two signs cancel."""
    return 1 if own_name < other_name else -1
