"""Search every outgoing byte for every known identifier.

Guarantee: each exact occurrence (UTF-8, case folded for ASCII; as it is, in full-width or other compatibility
forms, or escaped as in JSON and CSV) of each value of four bytes or more, of a class in `SOLE` or `SHARED`, is found; one of fewer than
eleven ASCII letters and digits only where it stands by itself, not inside a longer word or number. An
identifier that belongs to one person (an id, a phone) is a leak wherever it stands; a name, or an id of
fewer than six characters, is a leak in its own patient's records and a coincidence elsewhere, because
other people carry the same name and other things the same number.
Nothing found is no proof of safety: what nobody listed is not searched for.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from confide.deid.classes import SOLE_CLASSES
from confide.types import Progress, no_progress

SOLE = frozenset(SOLE_CLASSES)
SHARED = frozenset({"name", "kin", "address"})
_SHORTEST = 4  # bytes; one Han character has three
_ALONE = 11  # a needle of fewer bytes has to stand by itself
_TELLING = 6  # an id of fewer bytes tells nothing outside its own patient's records
_WORD = re.compile(rb"[0-9a-z]")
_BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2^64


@dataclass(frozen=True, slots=True)
class ByteSearch:
    """What was searched and found; counts only, never a value."""

    identifiers: int
    outputs: int
    bytes: int
    found: int
    coincidences: int

    def plus(self, other: "ByteSearch") -> "ByteSearch":
        """Return what was found of these identifiers and of others, in the same outputs."""
        return replace(
            self,
            identifiers=self.identifiers + other.identifiers,
            found=self.found + other.found,
            coincidences=self.coincidences + other.coincidences,
        )


def search_bytes(
    identifiers: Mapping[str, Mapping[str, Iterable[str]]],
    outputs: Sequence[tuple[str | None, bytes]],
    *,
    progress: Progress = no_progress,
) -> ByteSearch:
    """Look for all identifiers in all outputs.

    Args:
        identifiers: patient -> class -> values, as they stand in the sources.
        outputs: (patient, bytes) for each outgoing record; the patient is None for what belongs to nobody.

    Returns:
        Counts. `found` counts pairs of an identifier and a record that give somebody away.
    """
    owners: dict[bytes, set[str]] = {}
    sole: set[bytes] = set()
    written: dict[bytes, bytes] = {}  # as it may stand in a file -> the value
    for patient, classes in identifiers.items():
        for kind, values in classes.items():
            if kind not in SOLE | SHARED:
                continue
            for value in values:
                needle = value.strip().encode().lower()
                if len(needle) >= _SHORTEST:
                    owners.setdefault(needle, set()).add(patient)
                    written.update(dict.fromkeys(_written(value.strip()), needle))
                    if kind in SOLE and len(needle) >= _TELLING:
                        sole.add(needle)
    folded = [_folded(content) for _, content in outputs]
    text = b"\0".join(folded)
    starts = np.cumsum([0, *(len(content) + 1 for content in folded[:-1])]) if folded else np.zeros(0, int)
    leaks: set[tuple[bytes, int]] = set()
    coincidences: set[tuple[bytes, int]] = set()
    for form, at in _occurrences(text, written, progress):
        if len(form) < _ALONE and _is_inside_a_word(text, at, len(form)):
            continue
        needle = written[form]
        record = int(np.searchsorted(starts, at, side="right")) - 1
        own = outputs[record][0] in owners[needle]
        (leaks if own or needle in sole else coincidences).add((needle, record))
    size = sum(len(content) for _, content in outputs)
    return ByteSearch(len(owners), len(outputs), size, len(leaks), len(coincidences))


def _folded(content: bytes) -> bytes:
    """Return the bytes in small letters and, where that differs, behind them their plain form (NFKC)."""
    small = content.lower()
    if content.isascii():
        return small
    plain = normalize("NFKC", content.decode(errors="replace")).encode().lower()
    return small if plain == small else small + b"\0" + plain


def _written(value: str) -> tuple[bytes, ...]:
    """Return a value as it stands in plain text, in JSON and in a quoted cell of CSV."""
    forms = (
        value,
        normalize("NFKC", value),
        json.dumps(value, ensure_ascii=False)[1:-1],
        json.dumps(value)[1:-1],
        value.replace('"', '""'),
    )
    return tuple(form.encode().lower() for form in forms)


def _is_inside_a_word(text: bytes, at: int, length: int) -> bool:
    """Say whether a letter or digit continues the piece of text on either side; Han characters do not."""
    before, after = text[max(0, at - 1) : at + 1], text[at + length - 1 : at + length + 1]
    return any(len(pair) == 2 and len(_WORD.findall(pair)) == 2 for pair in (before, after))


def _occurrences(text: bytes, needles: Iterable[bytes], progress: Progress) -> Iterable[tuple[bytes, int]]:
    """Yield (needle, position) for every occurrence: a rolling hash for each length, then a comparison."""
    by_length: dict[int, list[bytes]] = {}
    for needle in needles:
        by_length.setdefault(len(needle), []).append(needle)
    if not text:
        return
    powers = _powers(_BASE, len(text))
    inverse = _powers(pow(_BASE, -1, 2**64), len(text))
    codes = np.frombuffer(text, np.uint8).astype(np.uint64) + np.uint64(1)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(codes * powers, dtype=np.uint64)])
    for done, (length, group) in enumerate(sorted(by_length.items())):
        progress(done, len(by_length))
        if length > len(text):
            continue
        windows = (sums[length:] - sums[:-length]) * inverse[: len(text) - length + 1]
        wanted = {_hash(needle, powers): needle for needle in group}
        keys = np.sort(np.fromiter(wanted, np.uint64, len(wanted)))
        near = np.minimum(np.searchsorted(keys, windows), len(keys) - 1)
        for at in np.flatnonzero(keys[near] == windows):
            needle = text[at : at + length]
            if needle == wanted[int(windows[at])]:
                yield needle, int(at)


def _powers(base: int, count: int) -> NDArray[np.uint64]:
    """Return base^0 … base^(count - 1) modulo 2^64, by doubling."""
    powers = np.ones(count, np.uint64)
    have = 1
    while have < count:
        more = min(have, count - have)
        powers[have : have + more] = powers[:more] * np.uint64(pow(base, have, 2**64))
        have += more
    return powers


def _hash(needle: bytes, powers: NDArray[np.uint64]) -> int:
    codes = np.frombuffer(needle, np.uint8).astype(np.uint64) + np.uint64(1)
    return int((codes * powers[: len(needle)]).sum(dtype=np.uint64)) if len(needle) <= len(powers) else -1
