"""A second verifier of proofs and cosigned checkpoints, written from docs/transparency.md alone.

Imports pyca and the standard library, nothing of confide. `python second_verifier.py PROOF LOGKEY [WITNESSKEY…]`.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def key_of(text: str) -> tuple[str, bytes, int, bytes]:
    """Return name, key id, type and public key."""
    name, number, rest = text.split("+", 2)
    material = base64.b64decode(rest, validate=True)
    if sha256(name.encode(), b"\n", material)[:4].hex() != number or len(material) != 33:
        raise ValueError("not a verifier key")
    return name, bytes.fromhex(number), material[0], material[1:]


def verify_note(note: str, key: str) -> int:
    """Return the time of the cosignature, or 0 for a log; raise unless the key signed."""
    name, number, kind, public = key_of(key)
    body, _, lines = note.rpartition("\n\n")
    body += "\n"
    found = -1
    for line in lines.splitlines():
        dash, who, value = line.split(" ")
        data = base64.b64decode(value, validate=True)
        if dash == "—" and who == name and data[:4] == number:
            message, signature, found = body.encode(), data[4:], max(found, 0)
            if kind == 4:
                time = int.from_bytes(data[4:12], "big")
                message, signature = f"cosignature/v1\ntime {time}\n{body}".encode(), data[12:]
                found = max(found, time)
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    if found < 0:
        raise ValueError("not signed")
    return found


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """Climb from the leaf to the root (RFC 6962, 2.1.1, read backwards)."""
    if size == 1:
        if path:
            raise ValueError("a path too long")
        return leaf
    k = 1
    while 2 * k < size:
        k *= 2
    if index < k:
        return sha256(b"\x01", root_of(leaf, index, k, path[:-1]), path[-1])
    return sha256(b"\x01", path[-1], root_of(leaf, index - k, size - k, path[:-1]))


def check(proof: dict, log: str, witnesses: list[str]) -> tuple[str, list[int]]:
    """Return the proved entry and the witnesses' times; raise where something is wrong."""
    origin, size, root = proof["checkpoint"].split("\n")[:3]
    if origin != key_of(log)[0] or proof["format"] != "confide-proof/1":
        raise ValueError("another log")
    verify_note(proof["checkpoint"], log)
    times = [verify_note(proof["checkpoint"], witness) for witness in witnesses]
    if not 0 <= proof["sequence"] < int(size):
        raise ValueError("no such entry")
    leaf = sha256(b"\x00", bytes.fromhex(proof["salt"]), proof["entry"].encode())
    path = [base64.b64decode(each, validate=True) for each in proof["inclusion"]]
    if root_of(leaf, proof["sequence"], int(size), path) != base64.b64decode(root):
        raise ValueError("not in the tree")
    return proof["entry"], times


if __name__ == "__main__":
    print(check(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), sys.argv[2], sys.argv[3:]))
