"""Invented numbers of the shapes that hospitals write: documents, phones, accounts, devices.

Checksums are right where the real number has one, so that a validator is no disadvantage.
All are drawn at random; none is looked up anywhere.
"""

import random
import string
from datetime import date

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_AREAS = ("370682", "510823", "410325", "620402", "450107", "230606", "350581", "140729", "520203", "610925")
_MOBILE = ("131", "133", "135", "137", "139", "150", "152", "156", "158", "166", "173", "177", "180", "186", "188", "191", "199")  # fmt: skip
_PLATE_HEADS = ("鲁B", "川H", "豫C", "甘D", "桂A", "黑E", "闽C", "晋K", "黔B", "陕G", "沪C", "苏E")


def digits(rng: random.Random, n: int) -> str:
    return "".join(rng.choice(string.digits) for _ in range(n))


def letters(rng: random.Random, n: int) -> str:
    return "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(n))


def luhn(body: str) -> str:
    """Return `body` with its Luhn digit."""
    total = 0
    for i, c in enumerate(reversed(body)):
        d = int(c) * (2 if i % 2 == 0 else 1)
        total += d - 9 if d > 9 else d
    return body + str(-total % 10)


def resident_id(rng: random.Random, born: date, *, male: bool) -> str:
    """Return an 18-digit resident number of GB 11643, its last character right."""
    order = rng.randrange(0, 999, 2) + (1 if male else 0)
    body = f"{rng.choice(_AREAS)}{born:%Y%m%d}{order:03d}"
    rest = sum(w * int(c) for w, c in zip(_ID_WEIGHTS, body, strict=True)) % 11
    return body + "10X98765432"[rest]


def resident_id_15(rng: random.Random, born: date) -> str:
    return f"{rng.choice(_AREAS)}{born:%y%m%d}{digits(rng, 3)}"


def mobile(rng: random.Random) -> str:
    head, a, b = rng.choice(_MOBILE), digits(rng, 4), digits(rng, 4)
    return rng.choice((f"{head}{a}{b}",) * 5 + (f"{head} {a} {b}", f"{head}-{a}-{b}", f"+86 {head}{a}{b}"))


def landline(rng: random.Random) -> str:
    area = rng.choice(("0532", "0839", "0379", "0943", "0771", "0459", "0595", "0354", "021", "010"))
    number = rng.choice("2345678") + digits(rng, 6 if len(area) == 4 else 7)
    return rng.choice(
        (f"{area}-{number}", f"{area}{number}", f"({area}){number}", f"{area}-{number}转{digits(rng, 3)}")
    )


def uscc(rng: random.Random) -> str:
    """Return a unified social credit code of GB 32100 with its check character."""
    body = "12" + rng.choice(_AREAS) + "".join(rng.choice(_USCC) for _ in range(9))
    total = sum(_USCC.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + _USCC[-total % 31]


def bank_card(rng: random.Random) -> str:
    card = luhn(rng.choice(("621700", "622848", "621226", "625965")) + digits(rng, 12))
    return card if rng.random() < 0.6 else " ".join(card[i : i + 4] for i in range(0, len(card), 4))


def plate(rng: random.Random) -> str:
    head = rng.choice(_PLATE_HEADS)
    tail = "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789") for _ in range(4)) + digits(rng, 1)
    return rng.choice((head + tail, f"{head}·{tail}", f"{head}D{digits(rng, 5)}"))


def ssn(rng: random.Random) -> str:
    return f"{rng.randint(100, 665)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"


def us_phone(rng: random.Random) -> str:
    area, mid, end = rng.randint(203, 979), rng.randint(200, 999), digits(rng, 4)
    return rng.choice(
        (f"({area}) {mid}-{end}", f"{area}-{mid}-{end}", f"{area}.{mid}.{end}", f"{area} {mid} {end}",
         f"{area}-{mid}-{end} ext {digits(rng, 3)}", f"+1 {area}-{mid}-{end}", f"{area}{mid}{end}")
    )  # fmt: skip


def npi(rng: random.Random) -> str:
    return luhn("80840" + "1" + digits(rng, 8))[5:]


def vin(rng: random.Random) -> str:
    alphabet = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
    return "1" + "".join(rng.choice(alphabet) for _ in range(10)) + digits(rng, 6)


def ip(rng: random.Random) -> str:
    return ".".join(str(rng.randint(1, 250)) for _ in range(4))


def serial(rng: random.Random) -> str:
    return rng.choice(
        (f"{letters(rng, 3)}{digits(rng, 6)}{letters(rng, 1)}", f"SN{digits(rng, 8)}", f"{letters(rng, 2)}-{digits(rng, 4)}-{digits(rng, 4)}")
    )  # fmt: skip
