"""Check digits and ranges of identifiers: right shape with a wrong check digit is doubtful, not ignored.

Every function takes text that is already folded (plain digits) and returns whether it holds together.
"""

from datetime import date
from ipaddress import ip_address
from typing import Final

_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK: Final = "10X98765432"
_USCC: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_REGIONS: Final = {
    *(11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46),
    *(50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83),
}  # fmt: skip


def digits(text: str) -> str:
    """Return the ASCII digits of a text."""
    return "".join(c for c in text if c in "0123456789")


def is_date(year: int, month: int, day: int) -> bool:
    """Say whether the day exists.

    >>> is_date(2023, 2, 30), is_date(2024, 2, 29)
    (False, True)
    """
    try:
        date(year, month, day)
    except (ValueError, OverflowError):
        return False
    return True


def resident_check(body: str) -> str:
    """Return the check character of the 17 digits of a resident ID.

    Source: GB 11643-1999, ISO 7064 MOD 11-2.

    >>> resident_check("11010519491231002")
    'X'
    """
    return _ID_CHECK[sum(w * int(d) for w, d in zip(_ID_WEIGHTS, body, strict=True)) % 11]


def is_resident_id(text: str) -> bool:
    """Say whether a resident ID of 18 or 15 characters holds together: region, birth date, check character.

    >>> is_resident_id("11010519491231002X"), is_resident_id("110105194912310021")
    (True, False)
    >>> is_resident_id("110105491231002")
    True
    """
    value = "".join(c for c in text.upper() if c in "0123456789X")
    if len(value) == 15 and value.isdigit():
        birth = (1900 + int(value[6:8]), int(value[8:10]), int(value[10:12]))
        return int(value[:2]) in _REGIONS and is_date(*birth)
    if len(value) != 18 or not value[:17].isdigit():
        return False
    birth = (int(value[6:10]), int(value[10:12]), int(value[12:14]))
    return int(value[:2]) in _REGIONS and is_date(*birth) and resident_check(value[:17]) == value[17]


def is_uscc(text: str) -> bool:
    """Say whether a unified social credit code holds together.

    Source: GB 32100-2015, MOD 31 with weights 3^i.

    >>> is_uscc("91350100M000100Y43"), is_uscc("91350100M000100Y44")
    (True, False)
    """
    value = text.upper()
    if len(value) != 18 or any(c not in _USCC for c in value):
        return False
    total = sum(_USCC.index(c) * pow(3, i, 31) for i, c in enumerate(value[:17]))
    return _USCC[(31 - total % 31) % 31] == value[17]


def is_luhn(text: str) -> bool:
    """Say whether the digits pass the Luhn check, and are not all the same.

    >>> is_luhn("4111 1111 1111 1111"), is_luhn("4111 1111 1111 1112")
    (True, False)
    """
    value = digits(text)
    if len(set(value)) < 2:
        return False
    total = 0
    for i, d in enumerate(reversed(value)):
        n = int(d) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n
    return total % 10 == 0


def is_ssn(text: str) -> bool:
    """Say whether a US social security number could have been given out.

    >>> is_ssn("123-45-6789"), is_ssn("666-45-6789"), is_ssn("923-45-6789")
    (True, False, False)
    """
    value = digits(text)
    return (
        len(value) == 9
        and value[0] != "9"
        and value[:3] not in ("000", "666")
        and value[3:5] != "00"
        and value[5:] != "0000"
    )


def is_ip(text: str) -> bool:
    """Say whether this is an address of IP version 4 or 6.

    >>> is_ip("10.1.2.3"), is_ip("fe80::1"), is_ip("10.1.2.300")
    (True, True, False)
    """
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_us_phone(text: str) -> bool:
    """Say whether area code and exchange could exist: neither begins with 0 or 1."""
    value = digits(text)[-10:]
    return len(value) == 10 and value[0] not in "01" and value[3] not in "01"


def is_hong_kong_id(text: str) -> bool:
    """Say whether the check character of a Hong Kong identity card is right.

    >>> is_hong_kong_id("G123456(A)"), is_hong_kong_id("G123456(7)")
    (True, False)
    """
    value = "".join(c for c in text.upper() if c.isalnum())
    letters = value.rstrip("0123456789A")[:2] or value[:1]
    body, check = value[len(letters) : -1], value[-1]
    if len(body) != 6 or not body.isdigit():
        return False
    codes = [36] * (2 - len(letters)) + [ord(c) - 55 for c in letters] + [int(c) for c in body]
    total = sum(w * c for w, c in zip(range(9, 1, -1), codes, strict=True))
    return "0123456789A"[-total % 11] == check


def is_taiwan_id(text: str) -> bool:
    """Say whether the check digit of a Taiwan identity card is right.

    >>> is_taiwan_id("A123456789"), is_taiwan_id("A123456788")
    (True, False)
    """
    code = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(text[0])
    numbers = [code // 10, code % 10, *(int(c) for c in text[1:])]
    return sum(w * n for w, n in zip((1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), numbers, strict=True)) % 10 == 0


def is_npi(text: str) -> bool:
    """Say whether ten digits are a US national provider identifier: Luhn with 80840 before them.

    >>> is_npi("1234567893"), is_npi("1234567890")
    (True, False)
    """
    value = digits(text)
    return len(value) == 10 and value[0] in "12" and is_luhn("80840" + value)


def is_dea(text: str) -> bool:
    """Say whether the check digit of a US DEA registration number is right.

    >>> is_dea("AB1234563"), is_dea("AB1234567")
    (True, False)
    """
    n = [int(c) for c in text[2:]]
    return (n[0] + n[2] + n[4] + 2 * (n[1] + n[3] + n[5])) % 10 == n[6]


def is_nhs_number(text: str) -> bool:
    """Say whether the check digit of an NHS number (MOD 11) is right.

    >>> is_nhs_number("943 476 5919"), is_nhs_number("943 476 5918")
    (True, False)
    """
    value = [int(c) for c in digits(text)]
    return (
        len(value) == 10
        and -sum(w * n for w, n in zip(range(10, 1, -1), value, strict=False)) % 11 == value[9]
    )


def is_vin(text: str) -> bool:
    """Say whether the check digit of a vehicle identification number is right, and letters are in it.

    >>> is_vin("1M8GDM9AXKP042788"), is_vin("1M8GDM9A1KP042788")
    (True, False)
    """
    values = dict(
        zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True)
    )
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(w * (int(c) if c.isdigit() else values[c]) for w, c in zip(weights, text, strict=True))
    return "0123456789X"[total % 11] == text[8] and not text.isdigit()


def is_iban(text: str) -> bool:
    """Say whether an international bank account number holds together (MOD 97).

    >>> is_iban("GB82 WEST 1234 5698 7654 32"), is_iban("GB83 WEST 1234 5698 7654 32")
    (True, False)
    """
    value = text.replace(" ", "")
    return len(value) >= 14 and int("".join(str(int(c, 36)) for c in value[4:] + value[:4])) % 97 == 1
