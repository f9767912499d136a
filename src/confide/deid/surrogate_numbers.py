"""Invent numbers of the same shape that cannot belong to anybody.

A surrogate keeps length, separators and kinds of character. Resident IDs, USCC and bank cards fail their
check on purpose; SSNs begin with 9, mainland mobiles with 10 to 12, US exchanges with 1: none is given out.
"""

import re
from datetime import date, timedelta
from typing import Final

from confide.crypto.keyed import Keyed
from confide.deid import validators
from confide.deid.fold import normal
from confide.deid.lexicon import words

_LOWER: Final = "abcdefghjkmnpqrstuvwxyz"
_REGIONS: Final = (
    "110101",
    "120101",
    "310101",
    "320102",
    "330102",
    "410102",
    "420102",
    "440103",
    "510104",
    "610102",
)
_NO_USCC: Final = str.maketrans("iosvz", "abcde")  # letters that a credit code does not have
_PLATES: Final = tuple("京津沪冀豫云辽黑湘皖鲁苏浙赣鄂桂甘晋蒙陕吉闽贵粤川")


def invent_number(keyed: Keyed, patient: str, kind: str, value: str, *, valid: bool = False) -> str:
    """Return an invented value of class `kind` in the layout of `value` (folded text).

    Guarantee: the result differs from `value`; spellings of one value (spaces, hyphens, a country
    code before a phone) get the same digits. With `valid` the check digits of resident IDs, credit codes and cards
    are right and phones and SSNs look as if they were given out; without it no such number can be anybody's.

    >>> keyed = Keyed(bytes(16))
    >>> a, b = (invent_number(keyed, "p", "phone", v) for v in ("13800138000", "+86 138-0013-8000"))
    >>> b.replace("-", "").endswith(a), len(b), a[:2] in ("10", "11", "12")
    (True, 17, True)
    """
    if kind == "email":
        return f"{keyed.token(8, patient, kind, value.lower())}@example.com"
    if kind == "url":
        return f"https://example.org/{keyed.token(8, patient, kind, value.lower())}"
    if kind == "ip":
        number = keyed.number(patient, kind, value.lower())
        return f"2001:db8::{number % 65535 + 1:x}" if ":" in value else f"192.0.2.{number % 254 + 1}"
    core = normal(value)
    prefix = _country_code(kind, core)
    old = core[len(prefix) :]
    new = _same_shape(keyed, patient, kind, old)
    new = _that_passes(kind, old, new) if valid else _never_given_out(kind, old, new)
    if new == old:
        new = _bump(new)
    return _lay_out(value, prefix + new)


def _country_code(kind: str, core: str) -> str:
    if kind == "phone" and core.isdigit():
        for prefix, length in (("0086", 15), ("86", 13), ("1", 11)):
            if core.startswith(prefix) and len(core) == length:
                return prefix if prefix != "1" or _is_nanp(core) else ""
    return ""


def _is_nanp(core: str) -> bool:
    """Say whether 11 digits are 1 and a US number rather than a mainland mobile."""
    return core[1] in "23456789" and not re.fullmatch(r"1[3-9][0-9]{9}", core)


def _same_shape(keyed: Keyed, patient: str, kind: str, old: str) -> str:
    digits = keyed.digits(2 * len(old), patient, kind, old)
    out = []
    for i, c in enumerate(old):
        n = 10 * digits[2 * i] + digits[2 * i + 1]
        if c in "0123456789":
            out.append(str(n % 10))
        elif c.isascii():
            out.append(_LOWER[n % len(_LOWER)])
        elif kind == "plate":
            out.append(keyed.choice(_PLATES, c, patient, kind, old, "province"))
        elif kind == "permit":
            out.append(c)  # 军字第…号: words, which tell nobody apart
        else:
            out.append(keyed.choice(words("zh", "given"), c, patient, kind, old, str(i)))
    return "".join(out)


def _never_given_out(kind: str, old: str, new: str) -> str:
    """Move an invented number to where no real one can be."""
    if kind == "resident-id" and old[:-1].isdigit():
        new = new[:-1] + ("x" if old.endswith("x") else new[-1])
        new = "9" + new[1:]  # no region begins with 9
        while validators.is_resident_id(new):
            new = _bump(new)
    elif kind == "account-number" and new.isdigit():
        if validators.is_luhn(new):
            new = _bump(new)
    elif kind == "ssn" and re.fullmatch("[0-9]{9}", old):
        new = "9" + new[1:]
    elif kind == "phone" and re.fullmatch(r"1[3-9][0-9]{9}", old):
        new = "1" + str(int(new[1]) % 3) + new[2:]
    elif kind == "phone" and re.fullmatch("[1-9][0-9]{9}", old):
        new = new[:3] + "1" + new[4:]
    elif kind == "phone" and re.fullmatch("0[0-9]{8,}", old):
        new = "000" + new[3:]  # no code of a country or a town
    elif kind == "phone" and re.fullmatch(r"1[3-9][0-9]{9}", new):
        new = "1" + str(int(new[1]) % 3) + new[2:]
    return new


def _that_passes(kind: str, old: str, new: str) -> str:
    """Make the check of an invented number right; a resident ID keeps the sex that its digits tell."""
    numbers = [int(c) if c.isdigit() else ord(c) for c in new]
    if kind == "resident-id" and len(old) == 18 and old[:-1].isdigit():
        region = _REGIONS[numbers[0] % len(_REGIONS)]
        born = date(1940, 1, 1) + timedelta(days=int(new[:6]) % 25_000)
        last = numbers[16] - numbers[16] % 2 + int(old[16]) % 2
        body = f"{region}{born:%Y%m%d}{new[14:16]}{last}"
        return body + validators.resident_check(body).lower()
    if kind == "account-number" and new.isdigit():
        return next((fit for c in "0123456789" if validators.is_luhn(fit := new[:-1] + c)), new)
    if kind == "other-id" and validators.is_uscc(old):
        body = f"91{new[2:17]}".translate(_NO_USCC)
        return next(body + c for c in "0123456789abcdefghjklmnpqrtuwxy" if validators.is_uscc(body + c))
    if kind == "ssn" and re.fullmatch("[0-9]{9}", old):
        return f"{numbers[0] % 5 + 1}{new[1:3]}{new[3]}{numbers[4] % 9 + 1}{new[5:8]}{numbers[8] % 9 + 1}"
    if kind == "phone" and re.fullmatch(r"1[3-9][0-9]{9}", old):
        return f"1{'35789'[numbers[1] % 5]}{new[2:]}"
    if kind == "phone" and re.fullmatch("[2-9][0-9]{9}", old):
        return f"{numbers[0] % 8 + 2}{new[1:3]}{numbers[3] % 8 + 2}{new[4:]}"
    return new


def _bump(text: str) -> str:
    """Change the last digit, or else the last letter, to the next one."""
    for i in range(len(text) - 1, -1, -1):
        if text[i].isdigit():
            return f"{text[:i]}{(int(text[i]) + 1) % 10}{text[i + 1 :]}"
    return text[:-1] + ("b" if text[-1:] == "a" else "a")


def _lay_out(layout: str, core: str) -> str:
    """Put the invented characters where the letters and digits of `layout` stand, in its case."""
    supply = iter(core)
    out = []
    for c in layout:
        if c.isalnum():
            new = next(supply, "")
            out.append(new.upper() if c.isupper() else new)
        else:
            out.append(c)
    return "".join(out)
