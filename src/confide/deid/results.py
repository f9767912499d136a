"""What goes into de-identification and what comes out: notes and texts. Shapes only; `repr` shows no text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from confide.deid.review import ReviewItem
from confide.types import Span


class NoteLike(Protocol):
    """What a note must offer; `confide.records.notes.Note` fits."""

    @property
    def id(self) -> str:
        """Identify the note inside."""

    @property
    def patient(self) -> str:
        """Identify the patient inside."""

    @property
    def text(self) -> str:
        """Return the whole text."""

    @property
    def fields(self) -> Mapping[str, str]:
        """Return the other columns of the note's row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeidNote:
    """A note after de-identification. `repr` shows no text.

    `id` is the note's own id and stays inside; `release_id` and `patient` are pseudonyms that may leave.
    `spans` are what was found and replaced, in the ORIGINAL text. A note that is `held` must not leave.
    `field_spans` are those of its fields, each in its own. `review` are the doubtful spans of both, masked in `text` all the same; they hold original text, so seal them.
    `way_back` is sealed and leads back to the original under a policy that is reversible; empty else.
    """

    id: str = field(repr=False)
    release_id: str
    patient: str
    text: str = field(repr=False)
    spans: tuple[Span, ...]
    held: bool
    fields: Mapping[str, str] = field(repr=False)
    review: tuple[ReviewItem, ...] = field(default=(), repr=False)
    way_back: bytes = field(default=b"", repr=False)
    places: tuple[tuple[int, int], ...] = ()
    is_open: bool = False  # whether nobody ruled on one of `review`
    field_spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class CleanText:
    """One text after replacement; `way_back` is as in `DeidNote`.

    `spans` are of the original; `places` say where in `text` the replacement of each stands.
    """

    text: str = field(repr=False)
    spans: tuple[Span, ...]
    review: tuple[ReviewItem, ...] = field(default=(), repr=False)
    way_back: bytes = field(default=b"", repr=False)
    places: tuple[tuple[int, int], ...] = ()
    is_open: bool = False  # whether nobody ruled on one of `review`
