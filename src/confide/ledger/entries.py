"""What a ledger entry looks like as bytes, and how entries are chained.

An entry is canonical JSON (RFC 8785, without floats) and is chained by SHA-256 to the one before.
Pure functions: no file, no clock. `confide.ledger.store` keeps the bytes; the fields of each kind
of entry are listed in `docs/ledger-format.md`.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from confide.errors import IntegrityError, InvalidInput
from confide.types import Json

FORMAT = "confide-ledger/1"
START = "0" * 64  # stands before the first entry
_WHAT = re.compile(r"[a-z][a-z-]{2,40}")
LARGEST = 2**53  # up to here every JSON reader keeps whole numbers


class Entry(NamedTuple):
    """One line of the ledger, as it was written."""

    sequence: int
    hash: str
    body: Json


def _refuse_float(text: str) -> object:
    raise TypeError("the ledger holds no floats; write an integer of stated scale, or its repr as text")


_READER = json.JSONDecoder(parse_float=_refuse_float, parse_constant=_refuse_float)
# A whole number that is perhaps above the largest: as the value of a key, and in a list. What begins with one
# letter is found several times as fast as what begins with one of three.
_LONG = r"-?(?!9007199254740991[,}\]])(?:9[0-9]{15}|[0-9]{17})"
_LONG_VALUE, _LONG_LISTED = re.compile(":" + _LONG), re.compile(r"[,\[]" + _LONG)


def canonical(value: object) -> str:
    """Return the one JSON text of `value`: sorted keys, no blanks, no floats.

    Guarantee: equal values have equal texts, on every machine (RFC 8785 for the values allowed here).

    Raises:
        TypeError: `value` holds a float, a whole number above 2^53, or something that JSON has no word for.

    >>> canonical({"b": [1, True, None], "a": "é"})
    '{"a":"é","b":[1,true,null]}'
    """
    return json.dumps(_in_order(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _in_order(value: object) -> object:
    """Return `value` with the keys of every object in the order of RFC 8785, by UTF-16 units; refuse floats."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        if abs(value) > LARGEST:
            raise TypeError("the ledger holds no whole number above 2**53; write it as text")
        return value
    if isinstance(value, float):
        _refuse_float("")
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("keys are text")
        plain = all(map(str.isascii, value))  # then both orders are the same
        return {key: _in_order(value[key]) for key in sorted(value, key=None if plain else _utf16)}
    if isinstance(value, list | tuple):
        return [_in_order(inner) for inner in value]
    return value


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")


def link(previous: str, text: str) -> str:
    """Return the hash that chains `text` to the entry whose hash is `previous`."""
    return hashlib.sha256(bytes.fromhex(previous) + text.encode()).hexdigest()


def parse(sequence: int, previous: str, stored_hash: str, text: str) -> Entry:
    """Read one stored entry and check its link.

    Raises:
        IntegrityError: the text does not hash to `stored_hash` after `previous`, or is no entry.
    """
    return Entry(sequence, stored_hash, parse_body(sequence, previous, stored_hash, text))


def parse_body(sequence: int, previous: str, stored_hash: str, text: str) -> Json:
    """Return the body of what `parse` reads."""
    try:
        body = body_of(text) if link(previous, text) == stored_hash else None
    except (ValueError, TypeError, RecursionError):  # a hash that is none, or a text that is no entry
        body = None
    if not isinstance(body, dict) or body.get("sequence") != sequence or body.get("previous") != previous:
        raise IntegrityError("ledger.broken-chain", sequence=sequence)
    return body


def record_body(what: str, *, study: str | None, details: Json, commitment: str) -> Json:
    """Return the body of a `record`; see `Ledger.record`.

    Raises:
        InvalidInput: `what` or `details` have not the form.
    """
    body = {"kind": "record", "what": what, "details": details, "commitment": commitment}
    try:
        canonical(body)
    except TypeError:
        raise InvalidInput("ledger.record-form") from None
    if not _WHAT.fullmatch(what):
        raise InvalidInput("ledger.record-form")
    return body if study is None else body | {"study": study}


def body_of(text: str) -> Any:
    """Return what the text of an entry holds.

    Raises:
        ValueError, TypeError, RecursionError: it is no JSON without blanks around it, or holds a float.
    """
    body, end = _READER.raw_decode(text)
    if end != len(text):
        raise ValueError("more than one value")
    return body


def bodies_of(texts: Sequence[str]) -> list[Any]:
    """Return what `body_of` returns of each text; sooner, but of texts only of which each is known to be canonical.

    (Of any other text a reader in a hurry makes something else: a float of a number above 2^64, say.)
    """
    read: list[Any] = orjson.loads(f"[{','.join(texts)}]")
    return read


def respelled(value: object) -> str:
    """Return `canonical(value)` of what was read from an entry, where floats are refused; several times as fast."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    long = _LONG_VALUE.search(text) or ("[" in text and _LONG_LISTED.search(text))
    return canonical(value) if long or not text.isascii() else text


def is_canonical(body: Json, text: str) -> bool:
    """Say whether `text`, which reads as `body`, is its one JSON text; with a key that stands twice it is not.

    >>> is_canonical({"a": 1}, '{"a":1}'), is_canonical({"a": 1}, '{"a":2,"a":1}')
    (True, False)
    """
    try:
        return respelled(body) == text
    except (TypeError, UnicodeEncodeError, RecursionError):
        return False


def release_text(release: Json) -> bytes:
    """Return the one byte form of a release; numbers keep every digit, so replays are byte-identical."""
    return json.dumps(
        release, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def salted_digest(salt: bytes, content: bytes) -> str:
    """Return a commitment to `content` that says nothing to one who does not hold `salt`."""
    return hashlib.sha256(b"confide release\0" + salt + content).hexdigest()
