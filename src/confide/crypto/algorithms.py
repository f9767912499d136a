"""Which algorithm a user may name for handing over a key, and why the old ones are refused.

A closed list of two; every other name is refused, and the well-known old ones with the reason. What the two do:
`confide.crypto.hpke`, `confide.crypto.oaep`.
"""

import re
from typing import Literal

from confide.errors import InvalidInput

WrapAlgorithm = Literal["hpke-x25519", "rsa-oaep-3072"]

_ACCEPTED: dict[str, WrapAlgorithm] = {
    "hpke": "hpke-x25519",
    "x25519": "hpke-x25519",
    "hpke-x25519": "hpke-x25519",
    "rsa-oaep": "rsa-oaep-3072",
    "rsa-oaep-256": "rsa-oaep-3072",  # as JSON Web Encryption calls OAEP with SHA-256
    "rsa-oaep-sha256": "rsa-oaep-3072",
    "rsa-oaep-3072": "rsa-oaep-3072",
    "rsa-oaep-4096": "rsa-oaep-3072",
    "rsa-ecb-oaepwithsha-256andmgf1padding": "rsa-oaep-3072",  # Java; its ECB means nothing
}

# What the name holds, and the reason in words/; the first that fits is said.
_OLD = (
    (r"3des|tdes|triple-?des|des-?ede|\bdes-?3|tdea", "3des"),
    (r"\bdes", "des"),
    (r"\brc[245]\b|arcfour|blowfish|\bidea\b", "rc4"),
    (r"md5|sha-?1\b|sha-?1and", "hash"),
    (r"\brsa\D*(512|768|1024|2048)\b", "rsa"),
    (r"pkcs-?1(\b|\D)|^rsa$", "pkcs1"),
    (r"ecb", "ecb"),
    (r"cbc|ctr|cfb|ofb", "cbc"),
    (r"sm2", "sm2"),
    (r"sm4|aes|chacha", "symmetric"),
)


def wrap_algorithm(name: str) -> WrapAlgorithm:
    """Return the algorithm that a user named for wrapping a key; capitals do not matter, nor what parts the words.

    Raises:
        InvalidInput: an old or unfit algorithm, with its reason, or a name that is not known.

    >>> wrap_algorithm("RSA-OAEP"), wrap_algorithm("hpke")
    ('rsa-oaep-3072', 'hpke-x25519')
    >>> wrap_algorithm("DES-CBC")
    Traceback (most recent call last):
    confide.errors.InvalidInput: DES has keys of 56 bits, which are found by trial within a day
    """
    words = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if accepted := _ACCEPTED.get(words):
        return accepted
    for pattern, reason in _OLD:
        if re.search(pattern, words):
            raise InvalidInput(f"crypto.refused-{reason}")
    raise InvalidInput("crypto.unknown-algorithm")
