"""Check a log against everything that its witnesses have cosigned, and say how far that reaches.

What was cosigned is found changed, always; what came after the last cosignature, the unwitnessed tail, is as good
as the word of whoever holds the log's key, and is counted. The log's entries against its tree: the log itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from confide.crypto.note import Checkpoint, Verifier, parse_checkpoint
from confide.errors import IntegrityError
from confide.transparency.kept import Cosigned, cosignatures, verify_beginning, verify_signed_by_one_of
from confide.transparency.log import Log


@dataclass(frozen=True, slots=True)
class Witnessed:
    """What was found to be in order, and what nobody but the log vouches for."""

    origin: str
    size: int
    root: bytes
    cosigned: tuple[Cosigned, ...]  # the largest tree of each witness, largest first
    tail: int  # entries after the last cosigned one

    @property
    def last(self) -> Cosigned | None:
        """The cosignature that reaches furthest."""
        return self.cosigned[0] if self.cosigned else None


def verify_log(
    log: Log,
    *,
    checkpoints: Iterable[str],
    log_keys: Sequence[Verifier],
    notes: Iterable[str],
    trusted: Sequence[Verifier],
) -> Witnessed:
    """Check the log's own checkpoints and every cosigned note against the log as it is now.

    Guarantee: when it passes, the log begins with every tree that a trusted witness has cosigned in `notes`.
    Whoever rewrites, cuts or forks it below the last of them is found, also with the log's signing key.

    Args:
        log: whose `root` was checked against its entries.
        checkpoints: signed by the log, perhaps cosigned; from anywhere.
        log_keys: the keys that the log has signed with, then and now.
        notes: what is kept as cosigned; here the signature of a witness is what counts.
        trusted: the witnesses' keys.

    Raises:
        IntegrityError: something was changed; it says what, and who has seen it otherwise. Or a note carries no
            cosignature of a trusted witness.
    """
    size = log.size()
    found: list[Cosigned] = []
    for text in checkpoints:
        checkpoint = _of(log, text)
        verify_signed_by_one_of(checkpoint, log_keys)
        given = cosignatures(checkpoint, trusted)
        verify_beginning(log, checkpoint, given[0].witness if given else log.origin)
        found += given
    for text in notes:
        checkpoint = _of(log, text)
        given = cosignatures(checkpoint, trusted)
        if not given:
            raise IntegrityError("transparency.nobody-known")
        verify_beginning(log, checkpoint, given[0].witness)
        found += given
    best = {each.witness: each for each in sorted(found, key=_reach)}
    cosigned = tuple(sorted(best.values(), key=_reach, reverse=True))
    seen = cosigned[0].size if cosigned else 0
    return Witnessed(log.origin, size, log.root(size), cosigned, max(0, size - seen))


def _of(log: Log, text: str) -> Checkpoint:
    checkpoint = parse_checkpoint(text)
    if checkpoint.origin != log.origin:
        raise IntegrityError("transparency.other-log")
    return checkpoint


def _reach(each: Cosigned) -> tuple[int, int]:
    return each.size, each.time
