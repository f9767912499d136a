"""What a log asks of a witness, as text: the body of C2SP tlog-witness `add-checkpoint`.

The same bytes travel by HTTP and on a stick. They hold sizes, hashes and signatures, nothing of an entry.
`confide.transparency.witness` answers them.
"""

import re
from dataclasses import dataclass

from confide.crypto.merkle import HASH, LARGEST
from confide.crypto.note import LONGEST, parse_checkpoint
from confide.crypto.text import from_base64, to_base64
from confide.errors import IntegrityError
from confide.transparency.log import Log

LONGEST_REQUEST = LONGEST + 4096  # bytes; 63 hashes and the first line need less than the 4096
_MOST_HASHES = 63
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Request:
    """Please cosign this checkpoint; here is the proof that it continues the one of size `old`."""

    old: int
    proof: tuple[bytes, ...]
    note: str  # the checkpoint with the log's signature

    def to_text(self) -> str:
        """Return the body of `add-checkpoint`."""
        lines = [f"old {self.old}", *map(to_base64, self.proof)]
        return "\n".join(lines) + "\n\n" + self.note


def request_for(log: Log, old: int) -> Request:
    """Ask for a cosignature of the log's newest checkpoint, for a witness that has seen `old` entries.

    Raises:
        IntegrityError: the witness has seen more than the log has; the log was restored or cut.
    """
    note = log.checkpoint()
    size = parse_checkpoint(note).size
    if old > size:
        raise IntegrityError("transparency.behind", seen=old, found=size)
    return Request(old, tuple(log.consistency(old, size)), note)


def parse_request(data: bytes) -> Request:
    """Read a request; its checkpoint is read by who checks it.

    Guarantee: whatever the bytes are, the outcome is a request or IntegrityError.

    Raises:
        IntegrityError: not a request, or longer than `LONGEST_REQUEST`.

    Source: C2SP tlog-witness, "add-checkpoint".
    """
    head, gap, note = text_of(data, LONGEST_REQUEST).partition("\n\n")
    first, *hashes = head.split("\n")
    match = _OLD.fullmatch(first)
    proof = [from_base64(line) for line in hashes[: _MOST_HASHES + 1]]
    if not gap or match is None or len(proof) > _MOST_HASHES or int(match.group(1)) > LARGEST:
        raise IntegrityError("transparency.request")
    known = tuple(digest for digest in proof if digest is not None and len(digest) == HASH)
    if len(known) < len(proof):
        raise IntegrityError("transparency.request")
    return Request(int(match.group(1)), known, note)


def text_of(data: bytes, longest: int) -> str:
    """Read foreign bytes as UTF-8.

    Raises:
        IntegrityError: they are not, or there are more than `longest`.
    """
    if len(data) > longest:
        raise IntegrityError("transparency.too-long", longest=longest)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise IntegrityError("transparency.not-text") from None
