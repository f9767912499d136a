"""Read a policy: per class of identifier one action, from a readable data file.

A policy file names every class: nothing is kept by omission but ethnic group and occupation. Safe Harbor
and date shifting do not mix (rule H0). Knows nothing of texts: `confide.deid.replace` carries the actions out.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from confide.deid.classes import CLASSES, DATE_CLASSES, NAME_CLASSES, PLACE_CLASSES, TRAIT_CLASSES
from confide.errors import InvalidInput
from confide.types import Status

POLICIES: Final = (
    "safe-harbor",
    "expert-determination",
    "limited-data-set",
    "gdpr-pseudonymise",
    "pipl",
    "gbt37964-research",
)
_ANYWHERE: Final = {"keep", "redact"}
_CODED: Final = _ANYWHERE | {"token", "hash"}
_FIELDS: Final = {"name", "basis", "status", "threshold", "actions"}
_CHOICES: Final = ("keep_weekday", "valid_numbers", "reversible")  # true or false; false if left out
_STATUS: Final = {"pseudonymised", "de-identified"}


def allowed_actions(kind: str) -> set[str]:
    """Return the actions that make sense for a class.

    >>> sorted(allowed_actions("age"))
    ['cap', 'generalise', 'keep', 'redact']
    """
    if kind in DATE_CLASSES:
        return _ANYWHERE | {"year", "shift"}
    if kind == "age":
        return _ANYWHERE | {"cap", "generalise"}
    if kind in PLACE_CLASSES:
        return _CODED | {"generalise", "surrogate"} | ({"town"} if kind == "address" else set())
    if kind in TRAIT_CLASSES:
        return _ANYWHERE
    return _CODED | {"mask", "surrogate"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What is done with each class of identifier. Every field is public.

    `threshold`: a span that scores below it is doubtful. `shift_days`: smallest and largest number
    of days that a patient's dates move; never holds zero. `keep_weekday`: only by whole weeks. `valid_numbers`:
    invented numbers pass their check, so that other programs take them. `reversible`: what was replaced can be
    led back with the key, exactly. `basis` is the rule that the file claims.
    """

    name: str
    basis: str
    status: Status
    threshold: float
    shift_days: tuple[int, int] | None
    actions: dict[str, str]
    keep_weekday: bool = False
    valid_numbers: bool = False
    reversible: bool = False

    def action(self, kind: str) -> str:
        """Return the action for a class."""
        return self.actions[kind]

    @property
    def needs_people(self) -> bool:
        """Say whether the same person is to be known again in all spellings of a name."""
        return any(self.actions[kind] in ("surrogate", "token", "hash") for kind in NAME_CLASSES)

    def __post_init__(self) -> None:
        """Refuse a policy that contradicts itself or leaves a class open."""
        if missing := [kind for kind in CLASSES if kind not in self.actions]:
            raise InvalidInput("deid.policy-missing", policy=self.name, classes=", ".join(missing))
        if unknown := sorted(set(self.actions) - set(CLASSES)):
            raise InvalidInput("deid.policy-class", policy=self.name, classes=", ".join(unknown))
        for kind, action in self.actions.items():
            if action not in allowed_actions(kind):
                wanted = ", ".join(sorted(allowed_actions(kind)))
                raise InvalidInput(
                    "deid.policy-action", policy=self.name, kind=kind, found=action, wanted=wanted
                )
        if not 0 < self.threshold <= 1:
            raise InvalidInput("deid.policy-threshold", policy=self.name, found=self.threshold)
        self._refuse_safe_harbor_with_shift()
        shifts = any(action == "shift" for action in self.actions.values())
        if shifts != (self.shift_days is not None):
            raise InvalidInput("deid.policy-shift", policy=self.name)
        if self.shift_days is not None:
            low, high = self.shift_days
            if low > high or low <= 0 <= high or max(abs(low), abs(high)) > 36_500:
                raise InvalidInput("deid.policy-shift-days", policy=self.name, low=low, high=high)
            if not allowed_shifts(self.shift_days, keep_weekday=self.keep_weekday):
                raise InvalidInput("deid.policy-weekday", policy=self.name, low=low, high=high)
        if self.keep_weekday and self.shift_days is None:
            raise InvalidInput("deid.policy-weekday-alone", policy=self.name)
        can_be_undone = self.reversible or "token" in self.actions.values()
        if can_be_undone and self.status != "pseudonymised":
            raise InvalidInput("deid.policy-reversible", policy=self.name, found=self.status)

    def _refuse_safe_harbor_with_shift(self) -> None:
        """Rule H0, and what else Safe Harbor does not leave open: 45 CFR 164.514(b)(2)(i)."""
        if self.basis != "safe-harbor":
            return
        if self.shift_days is not None or "shift" in self.actions.values():
            raise InvalidInput("deid.safe-harbor-shift", policy=self.name)
        for kind, action in self.actions.items():
            if kind in DATE_CLASSES:
                wanted = {"year", "redact"}
            elif kind == "age":
                wanted = {"cap", "redact"}
            elif kind in PLACE_CLASSES:
                wanted = {"generalise", "redact"}
            else:
                wanted = {"redact"} | ({"keep"} if kind in ("staff", *TRAIT_CLASSES) else set())
            if action not in wanted:
                raise InvalidInput("deid.safe-harbor-action", policy=self.name, kind=kind, found=action)


def allowed_shifts(days: tuple[int, int], *, keep_weekday: bool) -> range:
    """Return the numbers of days by which dates may move: all in the range, or its whole weeks.

    >>> list(allowed_shifts((-20, -1), keep_weekday=True))
    [-14, -7]
    """
    low, high = days
    return range(-(-low // 7) * 7, high + 1, 7) if keep_weekday else range(low, high + 1)


def read_policy(text: str, file: str) -> Policy:
    """Read the text of a policy file.

    Raises:
        InvalidInput: not TOML, an unknown or missing field, a class without an action, an action
            that a class does not have, or Safe Harbor together with a date shift.
    """
    try:
        table: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput("deid.policy-unreadable", file=file) from error
    if unknown := sorted(set(table) - _FIELDS - {"shift_days", *_CHOICES}):
        raise InvalidInput("deid.policy-field", file=file, found=", ".join(unknown))
    if missing := sorted(_FIELDS - set(table)):
        raise InvalidInput("deid.policy-field-missing", file=file, wanted=", ".join(missing))
    days = table.get("shift_days")
    right = (
        isinstance(table["name"], str)
        and isinstance(table["basis"], str)
        and table["status"] in _STATUS
        and isinstance(table["threshold"], int | float)
        and isinstance(table["actions"], dict)
        and all(isinstance(table.get(choice, False), bool) for choice in _CHOICES)
        and all(isinstance(action, str) for action in table["actions"].values())
        and (
            days is None or (isinstance(days, list) and len(days) == 2 and all(type(d) is int for d in days))
        )
    )
    if not right:
        raise InvalidInput("deid.policy-unreadable", file=file)
    return Policy(
        name=table["name"],
        basis=table["basis"],
        status=table["status"],
        threshold=float(table["threshold"]),
        shift_days=None if days is None else (days[0], days[1]),
        actions=dict.fromkeys(TRAIT_CLASSES, "keep") | table["actions"],
        **{choice: table.get(choice, False) for choice in _CHOICES},
    )


@cache
def _built_in(name: str) -> Policy:
    file = f"{name}.toml"
    return read_policy(files(__package__).joinpath("policies", file).read_text(encoding="utf-8"), file)


def load_policy(name: str) -> Policy:
    """Load a policy by its name, or from a file when `name` ends with `.toml`.

    Raises:
        InvalidInput: no such policy, or a file that `read_policy` refuses.

    >>> load_policy("safe-harbor").action("date")
    'year'
    """
    if name in POLICIES:
        return _built_in(name)
    if not name.endswith(".toml"):
        raise InvalidInput("deid.unknown-policy", found=name, known=", ".join(POLICIES))
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("deid.policy-unreadable", file=name) from error
    return read_policy(text, name)
