"""Which fields an entry of each kind has, and what each may hold: section 4 of `docs/ledger-format.md` as a table.

Guarantee: an entry that passes has every field of its kind, no other one, and nothing in them that the page does
not name. Says nothing of what entries mean after each other: `confide.ledger.verify`.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from functools import lru_cache

from confide.dp.caps import Shares
from confide.dp.filter import Rule
from confide.dp.units import CEILING
from confide.errors import ConfideError
from confide.ledger.accounts import RELATIONS
from confide.ledger.entries import FORMAT
from confide.types import Json

Check = Callable[[object], bool]


def _matches(pattern: str) -> Check:
    form = re.compile(pattern)
    return lambda value: isinstance(value, str) and form.fullmatch(value) is not None


def _reads(read: Callable[[Json], object], names: set[str], more: set[str]) -> Check:
    """Check for an object with `names` and perhaps `more`, that `read` does not refuse."""

    def check(value: object) -> bool:
        if not isinstance(value, dict) or not names <= set(value) <= names | more:
            return False
        try:
            read(value)
        except ConfideError:
            return False
        return True

    return check


def _text(value: object) -> bool:
    return isinstance(value, str)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _count(value: object) -> bool:
    return _whole(value) and value >= 1  # type: ignore[operator]  # `_whole` has looked


def _object(value: object) -> bool:
    return isinstance(value, dict)


def _event(value: object) -> bool:
    """Say whether `value` is an object without true and false, which Python takes for 1 and 0."""
    return isinstance(value, dict) and bool not in map(type, value.values())


def _list(value: object) -> bool:
    return isinstance(value, list)


def _time(value: object) -> bool:
    return isinstance(value, str) and _is_second(value)


@lru_cache(maxsize=64)  # many entries are of one second
def _is_second(value: str) -> bool:
    try:
        hour = datetime.fromisoformat(value).strftime("%H")  # 24:00 is another day's 00:00
        return bool(_SECOND.fullmatch(value)) and hour == value[11:13]
    except ValueError:
        return False


def _day(value: object) -> bool:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _number(value: object) -> bool:
    """Say whether `value` is a number with a fraction as entries write it; 0 was written so once."""
    try:
        return (
            isinstance(value, str)
            and value in ("0", repr(float(value) + 0.0))
            and math.isfinite(float(value))
        )
    except ValueError:
        return False


_SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HEX16, _HEX32, _HEX64 = (_matches(f"[0-9a-f]{{{size}}}") for size in (16, 32, 64))
_FIGURES = {"basic_epsilon", "basic_delta", "renyi", "additive_delta"}
_ALL_FIGURES = {*_FIGURES, "gaussian"}
_any_rule = _reads(Rule.from_json, {"epsilon", "delta", "order", "cap"}, {"gaussian", "shares"})
_WHO = {"account": _text, "study": _text}
_UNIT = {"unit": lambda value: value in RELATIONS, "relation": lambda value: value in RELATIONS.values()}


def _sums(value: object) -> bool:
    if not isinstance(value, dict) or not _FIGURES <= value.keys() <= _ALL_FIGURES:
        return False
    for each in value.values():  # noqa: SIM110  # a million times
        if type(each) is not int or not 0 <= each <= CEILING:
            return False
    return True


def _pairs(value: object) -> bool:
    """Say whether `value` lists pairs of texts, each pair and the list in the order of the alphabet, none twice."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(pair, list) and len(pair) == 2 and all(map(_text, pair)) for pair in value)
        and all(one < other for one, other in value)
        and value == sorted(value)
        and len(set(map(tuple, value))) == len(value)
    )


def _rule(value: object) -> bool:
    shares = value.get("shares", {}) if isinstance(value, dict) else {}
    return _any_rule(value) and set(shares) <= {each.name for each in fields(Shares)}


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of one kind of entry, beside those that every entry has, each with its check."""

    fields: Mapping[str, Check]
    optional: Mapping[str, Check] = field(default_factory=dict)


COMMON: Mapping[str, Check] = {"kind": _text, "sequence": _whole, "previous": _HEX64, "time": _time}

FORMS: Mapping[str, Form] = {
    "genesis": Form({"format": lambda value: value == FORMAT, "ledger": _HEX16}),
    "log-key": Form({"verifier": _text}, {"approval": _whole}),
    "account": Form({"account": _matches(r"(?s).+"), "rule": _rule, "patients": _count, **_UNIT}),
    "allowance": Form(
        {**_WHO, "rule": _rule, "spent_study": _sums, "requester": _text, "purpose": _text},
        {"expires": _day, "approval": _whole},
    ),
    "cohort": Form(
        {"account": _text, "cohort": _text, "key": _HEX64, "key_check": _HEX64, "salt": _HEX32,
         "commitment": _HEX64},
        {"overlaps": _pairs},
    ),
    "charge": Form(
        {**_WHO, **_UNIT, "key": _HEX64, "name": _text, "plan": _object, "event": _event, "delta": _number,
         "commitment": _text, "cost_account": _sums, "cost_study": _sums, "spent_account": _sums,
         "spent_study": _sums, "versions": lambda value: _all(value, _text)},
        {"cohort": _text, "spent_cohorts": lambda value: bool(value) and _all(value, _sums)},
    ),
    "commit": Form(
        {**_WHO, "key": _HEX64, "name": _text, "commitment": _text, "charge": _whole, "release": _HEX64}
    ),
    "abandon": Form({**_WHO, "key": _HEX64, "name": _text, "charge": _whole, "reason": _text}),
    "not-private": Form({**_WHO, "key": _HEX64, "what": _text, "commitment": _text}),
    "record": Form(
        {"what": _matches("[a-z][a-z-]{2,40}"), "details": _object, "commitment": _text}, {"study": _text}
    ),
    "approval": Form({"key": _HEX64, "request": _object, "signatures": _list}),
    "appoint": Form({"label": _text, "key": _HEX64, "roles": _list, "approval": _whole}),
    "dismiss": Form({"key": _HEX64, "reason": _text, "approval": _whole}),
    "clock": Form({"newest": _time}),
    "restored": Form({"missing": lambda value: value is None or _count(value)}),
}  # fmt: skip


_CHECKS = {
    kind: ({**COMMON, **form.fields}, {**COMMON, **form.fields, **form.optional})
    for kind, form in FORMS.items()
}


def _all(value: object, check: Check) -> bool:
    return isinstance(value, dict) and all(map(check, value.values()))


def has_form(body: Json) -> bool:
    """Say whether `body` has exactly the fields of its kind, each with what it may hold.

    >>> has_form({"kind": "clock", "sequence": 7, "previous": "0" * 64, "time": "2026-01-31T09:30:00Z",
    ...           "newest": "2026-01-31T09:40:00Z"})
    True
    """
    wanted, checks = _CHECKS.get(str(body.get("kind")), ({"no such kind": _text}, {}))
    if not wanted.keys() <= body.keys() <= checks.keys():
        return False
    for name, value in body.items():  # noqa: SIM110  # a million times
        if not checks[name](value):
            return False
    return True
