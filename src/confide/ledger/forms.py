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
from typing import Any

from confide.dp.caps import Shares
from confide.dp.filter import Rule
from confide.dp.units import CEILING
from confide.errors import ConfideError
from confide.ledger.accounts import RELATIONS
from confide.ledger.entries import FORMAT
from confide.types import Json

Check = Callable[[object], bool] | type[Any]  # of a type are its own values: true is no whole number


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


def _count(value: object) -> bool:
    return type(value) is int and value >= 1


def _event(value: object) -> bool:
    """Say whether `value` is an object without true and false, which Python takes for 1 and 0."""
    return isinstance(value, dict) and bool not in map(type, value.values())


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
    return isinstance(value, str) and _is_number(value)


@lru_cache(maxsize=64)
def _is_number(value: str) -> bool:
    """Say whether `value` is a number with a fraction as entries write it; 0 was written so once."""
    try:
        return value in ("0", repr(float(value) + 0.0)) and math.isfinite(float(value))
    except ValueError:
        return False


_SECOND = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HEX16, _HEX32, _HEX64 = (_matches(f"[0-9a-f]{{{size}}}") for size in (16, 32, 64))
_FIGURES = {"basic_epsilon", "basic_delta", "renyi", "additive_delta"}
_ALL_FIGURES = {*_FIGURES, "gaussian"}
_any_rule = _reads(Rule.from_json, {"epsilon", "delta", "order", "cap"}, {"gaussian", "shares"})
_WHO = {"account": str, "study": str}
_UNITS, _RELATIONS = list(RELATIONS), list(RELATIONS.values())  # lists: what is looked for may have no hash
_UNIT = {"unit": lambda value: value in _UNITS, "relation": lambda value: value in _RELATIONS}


def _sums(value: object) -> bool:
    if not isinstance(value, dict) or (value.keys() != _ALL_FIGURES and value.keys() != _FIGURES):
        return False
    for each in value.values():  # noqa: SIM110  # a million times
        if type(each) is not int or not 0 <= each <= CEILING:
            return False
    return True


def _sums_of_cohorts(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(_sums, value.values()))


def _texts(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def _pairs(value: object) -> bool:
    """Say whether `value` lists pairs of texts, each pair and the list in the order of the alphabet, none twice."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(pair, list) and [*map(type, pair)] == [str, str] for pair in value)
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


COMMON: Mapping[str, Check] = {"kind": str, "sequence": int, "previous": _HEX64, "time": _time}

FORMS: Mapping[str, Form] = {
    "genesis": Form({"format": lambda value: value == FORMAT, "ledger": _HEX16}),
    "log-key": Form({"verifier": str}, {"approval": int}),
    "account": Form({"account": _matches(r"(?s).+"), "rule": _rule, "patients": _count, **_UNIT}),
    "allowance": Form(
        {**_WHO, "rule": _rule, "spent_study": _sums, "requester": str, "purpose": str},
        {"expires": _day, "approval": int},
    ),
    "cohort": Form(
        {"account": str, "cohort": str, "key": _HEX64, "key_check": _HEX64, "salt": _HEX32,
         "commitment": _HEX64},
        {"overlaps": _pairs},
    ),
    "charge": Form(
        {**_WHO, **_UNIT, "key": _HEX64, "name": str, "plan": dict, "event": _event, "delta": _number,
         "commitment": str, "cost_account": _sums, "cost_study": _sums, "spent_account": _sums,
         "spent_study": _sums, "versions": _texts},
        {"cohort": str, "spent_cohorts": _sums_of_cohorts},
    ),
    "commit": Form(
        {**_WHO, "key": _HEX64, "name": str, "commitment": str, "charge": int, "release": _HEX64}
    ),
    "abandon": Form({**_WHO, "key": _HEX64, "name": str, "charge": int, "reason": str}),
    "not-private": Form({**_WHO, "key": _HEX64, "what": str, "commitment": str}),
    "record": Form(
        {"what": _matches("[a-z][a-z-]{2,40}"), "details": dict, "commitment": str}, {"study": str}
    ),
    "approval": Form({"key": _HEX64, "request": dict, "signatures": list}),
    "appoint": Form({"label": str, "key": _HEX64, "roles": list, "approval": int}),
    "dismiss": Form({"key": _HEX64, "reason": str, "approval": int}),
    "clock": Form({"newest": _time}),
    "restored": Form({"missing": lambda value: value is None or _count(value)}),
}  # fmt: skip


def has_form(body: Json) -> bool:
    """Say whether `body` has exactly the fields of its kind, each with what it may hold.

    >>> has_form({"kind": "clock", "sequence": 7, "previous": "0" * 64, "time": "2026-01-31T09:30:00Z",
    ...           "newest": "2026-01-31T09:40:00Z"})
    True
    """
    checks = _checks_of(str(body.get("kind")), *body)
    if checks is None:
        return False
    for check, value in zip(checks, body.values()):  # noqa: B905  # a million times
        if type(value) is not check and (isinstance(check, type) or not check(value)):
            return False
    return True


@lru_cache(maxsize=64)  # there are few kinds, and few sets of optional fields
def _checks_of(kind: str, *names: str) -> list[Check] | None:
    """Return the checks of the fields `names`, in their order; None if these are not the fields of `kind`."""
    form = FORMS.get(kind, Form({"no such kind": str}))
    wanted = {**COMMON, **form.fields}
    checks = {**wanted, **form.optional}
    return [checks[name] for name in names] if wanted.keys() <= set(names) <= checks.keys() else None
