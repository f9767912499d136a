"""What happens to doubtful spans, and the queue of them for a reviewer.

Guarantee: a doubtful span never leaves unmasked, unless a person ruled on this very span of this very text
that it identifies nobody. The queue holds patient text: it is returned as data for the caller to seal, and
its repr shows none of it.
"""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

from confide.crypto.keyed import Keyed
from confide.deid.classes import DATE_CLASSES, NAME_CLASSES, NUMBER_CLASSES
from confide.deid.section import Review
from confide.errors import GateRefused, IntegrityError
from confide.types import Span

AROUND = 160  # characters of context on either side
Verdict = Literal["accept", "reject"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """What a person said of one doubtful span: an identifier of class `type` ("accept"), or none ("reject")."""

    verdict: Verdict
    type: str


Rulings = Mapping[str, Ruling]  # by `ReviewItem.mark`


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewItem:
    """One doubtful span in its surroundings. Holds patient text; `repr` hides it.

    `start` and `end` are of the original document; `context[offset:offset + end - start]` is the span.
    `mark` is a keyed digest of patient, text, place and class: a ruling under it holds for nothing else.
    """

    document: str = field(repr=False)
    span: Span
    context: str = field(repr=False)
    offset: int = field(repr=False)
    mark: str = ""
    patient: str = field(default="", repr=False)
    source: str = ""

    @property
    def text(self) -> str:
        """Return the doubtful text itself."""
        return self.context[self.offset : self.offset + self.span.end - self.span.start]


class Marks:
    """Names the doubtful spans of one text of one patient, by keyed digests."""

    __slots__ = ("_keyed", "_text")

    def __init__(self, keyed: Keyed, patient: str, text: str) -> None:
        self._keyed, self._text = keyed, keyed.token(32, "review text", patient, text)

    def of(self, span: Span) -> str:
        """Return the mark of a span."""
        return self._keyed.token(32, "review", self._text, str(span.start), str(span.end), span.type)


def review_item(text: str, span: Span, *, mark: str, patient: str) -> ReviewItem:
    """Return the review item of one span of `text`; its document is for the caller to name."""
    return ReviewItem(
        document="",
        span=span,
        context=text[max(0, span.start - AROUND) : span.end + AROUND],
        offset=min(span.start, AROUND),
        mark=mark,
        patient=patient,
    )


def undecided(items: Iterable[ReviewItem], rulings: Rulings) -> list[ReviewItem]:
    """Return the items that nobody ruled on."""
    return [item for item in items if item.mark not in rulings]


def risk(item: ReviewItem) -> float:
    """Say how much harm it would do to let this span stay: what leads to one person by itself, and surely, comes first.

    >>> span = Span(0, 2, "name", 0.4, "context:name")
    >>> risk(ReviewItem(document="", span=span, context="", offset=0))
    0.4
    """
    kind = item.span.type
    if kind in NAME_CLASSES or kind in NUMBER_CLASSES:
        return item.span.score
    return item.span.score * (0.6 if kind in DATE_CLASSES or kind == "age" else 0.8)


def queue_to_bytes(items: Iterable[ReviewItem]) -> bytes:
    """Write a queue as JSON, for the caller to seal."""
    written = io.BytesIO()  # item by item: a long queue is held once
    for item in items:
        written.write(b", " if written.tell() else b"[")
        written.write(json.dumps(asdict(item)).encode())
    written.write(b"]" if written.tell() else b"[]")
    return written.getvalue()


def queue_from_bytes(data: bytes) -> list[ReviewItem]:
    """Read what `queue_to_bytes` wrote; items without a mark, of an older form, are left out.

    Raises:
        IntegrityError: it is no queue.
    """
    try:
        found = json.loads(data)
        items = [ReviewItem(**{**one, "span": Span(**one["span"])}) for one in found]
    except (ValueError, TypeError, KeyError):
        raise IntegrityError("deid.no-queue") from None
    return [item for item in items if item.mark]


def refuse_if_blocked(review: Review, items: Sequence[ReviewItem]) -> None:
    """Stop the run when the study says that doubt blocks it.

    Raises:
        GateRefused: `review` is "block" and there is a doubtful span.
    """
    if review == "block" and items:
        documents = len({(item.source, item.document) for item in items})
        raise GateRefused("deid.doubtful", spans=len(items), documents=documents)
