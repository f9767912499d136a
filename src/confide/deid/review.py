"""What happens to doubtful spans, and the queue of them for a reviewer.

Guarantee: a doubtful span never leaves unmasked, whatever the mode. The queue holds patient text: it
is returned as data for the caller to seal, and its repr shows none of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from confide.deid.section import Review
from confide.errors import GateRefused
from confide.types import Span

AROUND = 40  # characters of context on either side


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewItem:
    """One doubtful span in its surroundings. Holds patient text; `repr` hides it.

    `start` and `end` are of the original document; `context[offset:offset + end - start]` is the span.
    """

    document: str = field(repr=False)
    span: Span
    context: str = field(repr=False)
    offset: int = field(repr=False)


def doubtful_items(
    document: str, text: str, spans: Sequence[Span], threshold: float
) -> tuple[ReviewItem, ...]:
    """Return a review item for every span of `text` that scores below `threshold`."""
    return tuple(
        ReviewItem(
            document=document,
            span=span,
            context=text[max(0, span.start - AROUND) : span.end + AROUND],
            offset=min(span.start, AROUND),
        )
        for span in spans
        if span.score < threshold
    )


def refuse_if_blocked(review: Review, items: Sequence[ReviewItem]) -> None:
    """Stop the run when the study says that doubt blocks it.

    Raises:
        GateRefused: `review` is "block" and there is a doubtful span.
    """
    if review == "block" and items:
        documents = len({item.document for item in items})
        raise GateRefused("deid.doubtful", spans=len(items), documents=documents)
