"""A site list: strings that a review of an earlier study found to be identifiers, or to be none.

Guarantee: a string of `always` is found wherever it stands by itself; one of `never` takes back doubtful finds only,
never a sure one or a value of the patient's own. For later studies alone: `confide.study.sites` refuses it elsewhere.
The strings may be names: they are not shown.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import ahocorasick

from confide.deid.cascade import Document
from confide.deid.classes import CLASSES
from confide.deid.fold import fold
from confide.deid.hits import Hit, settle
from confide.errors import IntegrityError

FORMAT = "confide-site-list/1"
_SCORE = 0.9


@dataclass(frozen=True, kw_only=True)
class SiteList:
    """What was learnt, from which studies, and when."""

    always: Mapping[str, str] = field(repr=False)  # text -> class
    never: frozenset[str] = field(repr=False)
    studies: tuple[str, ...]
    learnt: str  # UTC; a study that began before must not read it

    def to_bytes(self) -> bytes:
        """Write the list as JSON, for the caller to seal."""
        content = {"format": FORMAT, "learnt": self.learnt, "studies": self.studies}
        return json.dumps(content | {"always": dict(self.always), "never": sorted(self.never)}).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "SiteList":
        """Read what `to_bytes` wrote.

        Raises:
            IntegrityError: it is no site list.
        """
        try:
            read = json.loads(data)
            fits = read.pop("format") == FORMAT and set(read["always"].values()) <= set(CLASSES)
            made = cls(**{**read, "never": frozenset(read["never"]), "studies": tuple(read["studies"])})
        except (ValueError, TypeError, KeyError, AttributeError):
            fits = False
        if not fits:
            raise IntegrityError("deid.no-site-list")
        return made

    def applied(self, document: Document, threshold: float) -> Document:
        """Return the document with what the list adds and takes away.

        Args:
            document: after the search.
            threshold: below which a find is doubtful.
        """
        hits = [
            hit
            for hit in document.hits
            if hit.score >= threshold or hit.is_known or document.value(hit) not in self._never
        ]
        hits += self._found(document.folded.text)
        return replace(document, hits=tuple(settle(document.folded.text, hits)))

    @cached_property
    def _never(self) -> frozenset[str]:
        return frozenset(fold(text).text for text in self.never)

    @cached_property
    def _automaton(self) -> Any:
        made = ahocorasick.Automaton()
        for text, kind in self.always.items():
            if folded := fold(text).text.strip():
                made.add_word(folded, (folded, kind))
        made.make_automaton()
        return made

    def _found(self, text: str) -> list[Hit]:
        if not self.always:
            return []
        found = []
        for last, (value, kind) in self._automaton.iter(text):
            start, end = last + 1 - len(value), last + 1
            if _stands_alone(text, start, end):
                found.append(Hit(start, end, kind, _SCORE, f"site:{kind}"))
        return found


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Say whether a match is no piece of a longer word or number; Han characters need no space between them."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return not ((_is_word(before) and _is_word(text[start])) or (_is_word(after) and _is_word(text[end - 1])))


def _is_word(character: str) -> bool:
    return character.isascii() and character.isalnum()
