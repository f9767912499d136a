"""A file that proves one entry of a log to somebody who holds nothing but the log's verifier key.

The proof shows the entry it is about, and of all others only hashes of salted leaves. It holds a checkpoint, so
whoever checks it learns also who has witnessed the tree. Format: `docs/transparency.md`.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from confide.crypto.merkle import HASH, leaf_hash, verify_inclusion
from confide.crypto.note import (
    Verifier,
    parse_checkpoint,
    verify_signature,
)
from confide.crypto.text import from_base64, to_base64
from confide.errors import IntegrityError
from confide.transparency.kept import Cosigned
from confide.transparency.log import Log
from confide.transparency.request import text_of
from confide.types import Json

FORMAT = "confide-proof/1"
LONGEST_PROOF = 1 << 23  # bytes; an entry is a page, seldom more
SALT = 16
_MOST_HASHES = 63
_FIELDS = {"format": str, "sequence": int, "entry": str, "salt": str, "inclusion": list, "checkpoint": str}


@dataclass(frozen=True, slots=True)
class Proved:
    """An entry that is in the log, and who says so."""

    origin: str
    sequence: int
    size: int
    entry: str
    cosigned: tuple[Cosigned, ...]


def prove(log: Log, sequence: int, *, entry: str, salt: bytes, note: str) -> Json:
    """Return the proof that `entry` stands at `sequence`, under the checkpoint `note` of the log.

    Raises:
        IntegrityError: the checkpoint does not reach so far.
    """
    size = parse_checkpoint(note).size
    if not 0 <= sequence < size:
        raise IntegrityError("transparency.no-entry", sequence=sequence, size=size)
    return {
        "format": FORMAT,
        "sequence": sequence,
        "entry": entry,
        "salt": salt.hex(),
        "inclusion": [to_base64(digest) for digest in log.inclusion(sequence, size)],
        "checkpoint": note,
    }


def check_proof(data: bytes, log_key: Verifier, witnesses: Iterable[Verifier] = ()) -> Proved:
    """Check a proof, without the log.

    Guarantee: when it passes, the log that signs with `log_key` has entry, word for word, at this place of a
    tree that it signed, and each of `witnesses` has cosigned that tree.

    Args:
        data: the file, from anywhere; whatever it is, the outcome is `Proved` or IntegrityError.
        log_key: the log's verifier key, from its owner.
        witnesses: all of them must have cosigned.

    Raises:
        IntegrityError: not a proof, or one that proves nothing.
    """
    proof = _fields_of(text_of(data, LONGEST_PROOF))
    checkpoint = parse_checkpoint(proof["checkpoint"])
    if checkpoint.origin != log_key.name:
        raise IntegrityError("transparency.other-log")
    verify_signature(checkpoint, log_key)
    times = [(witness, verify_signature(checkpoint, witness)) for witness in witnesses]
    if len(proof["inclusion"]) > _MOST_HASHES:
        raise IntegrityError("transparency.proof")
    hashes = [from_base64(line) if isinstance(line, str) else None for line in proof["inclusion"]]
    path = [digest for digest in hashes if digest is not None and len(digest) == HASH]
    try:
        salt, entry = bytes.fromhex(proof["salt"]), proof["entry"].encode()
    except ValueError:
        raise IntegrityError("transparency.proof") from None
    if len(path) != len(hashes) or len(salt) != SALT or salt.hex() != proof["salt"]:
        raise IntegrityError("transparency.proof")
    verify_inclusion(leaf_hash(salt + entry), proof["sequence"], checkpoint.size, path, checkpoint.root)
    cosigned = tuple(Cosigned(witness.name, checkpoint.size, time or 0) for witness, time in times)
    return Proved(checkpoint.origin, proof["sequence"], checkpoint.size, proof["entry"], cosigned)


def _fields_of(text: str) -> Json:
    try:
        proof = json.loads(text)
    except (ValueError, RecursionError):
        raise IntegrityError("transparency.proof") from None
    if not isinstance(proof, dict) or proof.keys() != _FIELDS.keys() or proof["format"] != FORMAT:
        raise IntegrityError("transparency.proof")
    if any(type(proof[name]) is not wanted for name, wanted in _FIELDS.items()):
        raise IntegrityError("transparency.proof")
    return proof
