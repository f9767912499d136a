"""Project Wycheproof's vectors against our own functions: how many were tested, skipped and why, and mismatches.

A vector goes through a public function where that can be (a sealed blob is opened with its nonce in front), else
through pyca's call as our function uses it. Skipped is what none of our functions accepts, with the reason.
Vectors lie beside the project, in ../shared/vectors/wycheproof. Usage: python benchmarks/wycheproof.py
"""

import gzip
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_der_private_key

from confide.crypto import aead, derive, ff1, oaep, siv
from confide.errors import ConfideError, InvalidInput

FOLDER = Path(__file__).parents[2] / "shared" / "vectors" / "wycheproof"
NOT_OURS = {
    "aes_gcm_siv": "nothing of ours uses AES-GCM-SIV",
    "aes_kwp": "keys are wrapped with AES-GCM, in an HSM by its own firmware",
    "aes_wrap": "keys are wrapped with AES-GCM, in an HSM by its own firmware",
    "chacha20_poly1305": "nothing of ours uses ChaCha20-Poly1305",
}

Test = dict[str, Any]
REFUSALS = (ConfideError, ValueError, InvalidSignature)


class NotOurs(Exception):
    """No function of ours accepts such a vector; the text says why."""


@dataclass
class Tally:
    """What became of the vectors of one file."""

    tested: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    acceptable: Counter[str] = field(default_factory=Counter)  # what the vectors leave open, and what we do
    mismatches: list[int] = field(default_factory=list)  # their tcId


def aes_gcm(group: Test, test: Test) -> bool:
    key, nonce = hexed(test, "key"), hexed(test, "iv")
    ours(len(key) == 32, "our AES keys have 32 bytes")
    ours(len(nonce) == aead.NONCE, "our nonces have 12 bytes")
    plain, bound, sealed = hexed(test, "msg"), hexed(test, "aad"), hexed(test, "ct") + hexed(test, "tag")
    out = memoryview(bytearray(len(plain) + aead.TAG))  # as the stream encrypts
    AESGCM(key).encrypt_into(nonce, plain, bound or None, out)
    return aead.decrypt(key, nonce + sealed, bound) == plain and out == sealed


def aes_siv(group: Test, test: Test) -> bool:
    return _siv(test, hexed(test, "ct"), hexed(test, "aad"))


def aes_siv_with_nonce(group: Test, test: Test) -> bool:
    """The nonce is the last of the associated parts, RFC 5297, section 3."""
    return _siv(test, hexed(test, "tag") + hexed(test, "ct"), hexed(test, "aad"), hexed(test, "iv"))


def _siv(test: Test, sealed: bytes, *parts: bytes) -> bool:
    key, plain = hexed(test, "key"), hexed(test, "msg")
    ours(len(key) == siv.KEY, "our SIV keys have 64 bytes")
    return siv.decrypt(key, sealed, *parts) == plain and siv.encrypt(key, plain, *parts) == sealed


def fpe(group: Test, test: Test) -> bool:
    key, tweak, alphabet = hexed(test, "key"), hexed(test, "tweak"), group["alphabet"]
    code, sealed = test["msg"], test["ct"]
    if len(code) < 2 or len(alphabet) ** len(code) >= ff1.SMALLEST:
        there = ff1.encrypt_column(key, [code], tweak, alphabet=alphabet) == [sealed]
        return there and ff1.decrypt_column(key, [sealed], tweak, alphabet=alphabet) == [code]
    try:
        ff1.encrypt_column(key, [code], tweak, alphabet=alphabet)
    except InvalidInput:  # as it must; what lies under it takes any size
        halves = [
            [(int(text[: len(text) // 2], group["radix"]), int(text[len(text) // 2 :], group["radix"]))]
            for text in (code, sealed)
        ]
        shape = (key, tweak, group["radix"], len(code))
        return ff1.permute(*shape, halves[0]) == halves[1] and ff1.unpermute(*shape, halves[1]) == halves[0]
    return False


def hkdf(group: Test, test: Test) -> bool:
    derived = derive.hkdf(hexed(test, "ikm"), hexed(test, "info"), test["size"], salt=hexed(test, "salt"))
    return derived == hexed(test, "okm")


def hmac(group: Test, test: Test) -> bool:
    ours(group["tagSize"] == 256, "our digests are not cut")
    return derive.keyed_digest(hexed(test, "key"), hexed(test, "msg")) == hexed(test, "tag")


def x25519(group: Test, test: Test) -> bool:
    """The exchange inside HPKE, as pyca makes it."""
    private = X25519PrivateKey.from_private_bytes(hexed(test, "private"))
    return private.exchange(X25519PublicKey.from_public_bytes(hexed(test, "public"))) == hexed(test, "shared")


def ed25519(group: Test, test: Test) -> bool:
    """The signature under notes and statements, as pyca verifies it."""
    key = Ed25519PublicKey.from_public_bytes(hexed(group["publicKey"], "pk"))
    key.verify(hexed(test, "sig"), hexed(test, "msg"))
    return True


def rsa_oaep(group: Test, test: Test) -> bool:
    """The padding under `oaep.unwrap`, which itself refuses these keys of 2048 bits."""
    ours(not test["label"], "our wrapped keys have no label")
    private: Any = load_der_private_key(hexed(group, "privateKeyPkcs8"), None)
    try:
        oaep.unwrap(private, hexed(test, "ct"))
    except InvalidInput:
        return bool(private.decrypt(hexed(test, "ct"), oaep.PADDING) == hexed(test, "msg"))
    return False


CHECKS: dict[str, Callable[[Test, Test], bool]] = {
    "aead_aes_siv_cmac": aes_siv_with_nonce,
    "aes_ff1_base10": fpe,
    "aes_ff1_base36": fpe,
    "aes_gcm": aes_gcm,
    "aes_siv_cmac": aes_siv,
    "ed25519": ed25519,
    "hkdf_sha256": hkdf,
    "hmac_sha256": hmac,
    "rsa_oaep_2048_sha256_mgf1sha256": rsa_oaep,
    "x25519": x25519,
}


def run(name: str, folder: Path = FOLDER) -> Tally:
    """Run all vectors of one file; its name is a key of CHECKS."""
    with gzip.open(folder / f"{name}_test.json.gz") as file:
        groups = json.load(file)["testGroups"]
    tally = Tally()
    for group in groups:
        for test in group["tests"]:
            _count(tally, CHECKS[name], group, test)
    return tally


def _count(tally: Tally, check: Callable[[Test, Test], bool], group: Test, test: Test) -> None:
    """Valid must give the bytes; invalid must be refused or give others; acceptable may be refused or give the bytes."""
    refused = False
    try:
        same = check(group, test)
    except NotOurs as reason:
        tally.skipped[str(reason)] += 1
        return
    except REFUSALS:
        same, refused = False, True
    tally.tested += 1
    if test["result"] == "acceptable":
        did = "refused" if refused else "computed"
        tally.acceptable[f"{did}: {', '.join(test['flags'])}"] += 1
        agrees = same or refused
    else:
        agrees = same == (test["result"] == "valid")
    if not agrees:
        tally.mismatches.append(test["tcId"])


def counts(folder: Path = FOLDER) -> dict[str, object]:
    """Return mismatches over all files, and per file what was tested, skipped and why."""
    tallies = {name: run(name, folder) for name in CHECKS}
    return {
        "mismatches": sum(len(tally.mismatches) for tally in tallies.values()),
        "tested": sum(tally.tested for tally in tallies.values()),
        "skipped": sum(tally.skipped.total() for tally in tallies.values()),
        "files": {
            name: {
                "tested": tally.tested,
                "skipped": dict(tally.skipped),
                "acceptable": dict(tally.acceptable),
                "mismatches": tally.mismatches,
            }
            for name, tally in tallies.items()
        },
        "not ours": NOT_OURS,
    }


def unknown(folder: Path = FOLDER) -> list[str]:
    """Return the files of vectors that are neither run nor said not to be ours."""
    there = {path.name.removesuffix("_test.json.gz") for path in folder.glob("*_test.json.gz")}
    return sorted(there - set(CHECKS) - set(NOT_OURS))


def hexed(fields: Test, name: str) -> bytes:
    return bytes.fromhex(fields[name])


def ours(fits: bool, otherwise: str) -> None:
    """Leave the vector out unless it fits."""
    if not fits:
        raise NotOurs(otherwise)


if __name__ == "__main__":
    print(json.dumps(counts(), indent=1))
