"""What the slots of the grammars make: people, places, organisations, dates and numbers with their types.

A document remembers its patient, its hospital and its staff, so that they come again, whole or in part.
Titles and keys stay outside of a value, and so does punctuation after it.
"""

from collections.abc import Callable
from random import Random
from typing import Final

from training import decoys, names, numbers, papers_en, places_en, places_zh
from training.grammar import Draw, Generator, Piece


def typed(text: str, kind: str) -> list[Piece]:
    """Return one piece of a type; a trailing stop or comma is not part of the value.

    >>> typed("Acme Inc.", "organisation")
    [('Acme Inc', 'organisation'), ('.', None)]
    """
    bare = text.rstrip(".,;: ")
    return [(bare, kind)] if bare == text else [(bare, kind), (text[len(bare) :], None)]


def _plain(make: Callable[[Random], str], kind: str) -> Generator:
    return lambda draw, _: typed(make(draw.random), kind)


def _split(make: Callable[[Random, str], str], kind: str) -> Generator:
    return lambda draw, _: typed(make(draw.random, draw.split), kind)


def _kept(draw: Draw, key: str, make: Callable[[], object]) -> object:
    if key not in draw.memo:
        draw.memo[key] = make()
    return draw.memo[key]


def _date(language: str) -> Generator:
    make = numbers.date_zh if language == "zh" else numbers.date_en

    def date(draw: Draw, shape: str) -> list[Piece]:
        return typed(
            numbers.partial_date(draw.random, shape, language) if shape else make(draw.random), "date"
        )

    return date


# -- Chinese


def short_zh(random: Random, full: str, split: str) -> str:
    """Return how people write of somebody without the full name: 老王, 小李, 张某, 王**."""
    size = 2 if full[:2] in names.lists(split).compound else 1
    family, given = full[:size], full[size:]
    return random.choice(
        (
            f"老{family}", f"小{family}", f"{family}某", f"{family}某某", f"{family}*{given[-1:]}", f"{family}**", f"{family}×", f"{family}××",
            f"{family}X", f"阿{given[-1:]}", f"{given[-1:]}{given[-1:]}", given if len(given) > 1 else full, f"{family}某{given[-1:]}", f"{family}XX", f"大{family}",
            f"小{given[-1:]}", f"{family}氏", given[-1:] + random.choice("子儿妹仔"), f"{family}○{given[-1:]}",
        )
    )  # fmt: skip


def _patient_zh(draw: Draw, argument: str) -> list[Piece]:
    full = str(_kept(draw, "patient", lambda: names.person_zh(draw.random, draw.split)))
    if argument == "short" and "·" not in full and not full.isascii():
        return typed(short_zh(draw.random, full, draw.split), "name")
    return typed(full, "name")


def _staff_zh(draw: Draw, argument: str) -> list[Piece]:
    team = _kept(draw, "staff", lambda: [names.person_zh(draw.random, draw.split) for _ in range(4)])
    full = draw.random.choice(team)  # type: ignore[call-overload]
    if argument == "surname":
        size = 2 if full[:2] in names.lists(draw.split).compound else 1
        return typed(full if "·" in full or full.isascii() else full[:size], "name")
    return typed(full, "name")


def _short_zh(draw: Draw, _: str) -> list[Piece]:
    family = names.surname_zh(draw.random, draw.split)
    return typed(short_zh(draw.random, family + names.given_zh(draw.random, draw.split), draw.split), "name")


def _home_zh(draw: Draw, _: str) -> list[Piece]:
    return typed(
        str(_kept(draw, "hospital", lambda: places_zh.hospital(draw.random, draw.split))), "organisation"
    )


def _handle(draw: Draw, _: str) -> list[Piece]:
    return typed(numbers.handle(draw.random), "other-id")


# One document keeps to one sign between key and value, and to one between two fields.
_COLONS: Final = (
    "：",
    "：",
    "：",
    ":",
    ":",
    ": ",
    " ",
    "",
    "",
    "\n",
    "　",
    "\t",
    "： ",
    " ：",
    "=",
    "…",
    "：\n",
    "|",
)
_GAPS: Final = (
    "  ",
    "　",
    " ",
    "\t",
    "\n",
    "\n",
    "\n",
    "，",
    "；",
    " | ",
    "    ",
    "\n\n",
    "/",
    ", ",
    "。",
    "",
)


def _layout(key: str, choices: tuple[str, ...]) -> Generator:
    return lambda draw, _: str(_kept(draw, key, lambda: draw.random.choice(choices)))


def _twin(draw: Draw, argument: str) -> list[Piece]:
    """Return somebody of the patient's family name: a child, a twin, a brother."""
    full = str(_kept(draw, "patient", lambda: names.person_zh(draw.random, draw.split)))
    if "·" in full or full.isascii():
        return typed(names.person_zh(draw.random, draw.split), "name")
    size = 2 if full[:2] in names.lists(draw.split).compound else 1
    return typed(full[:size] + names.given_zh(draw.random, draw.split), "name")


COMMON: Final[dict[str, Generator]] = {
    "rec": _plain(numbers.record, "other-id"),
    "num": _plain(numbers.other_number, "other-id"),
    "email": _plain(numbers.email, "other-id"),
    "url": _plain(numbers.url, "other-id"),
    "handle": _handle,
    "shape": lambda draw, argument: typed(numbers.shaped(draw.random, argument), "other-id"),
    "py": _split(names.pinyin, "name"),
    "pysur": lambda draw, _: typed(draw.random.choice(names.lists(draw.split).pinyin_family), "name"),
    "brand": lambda draw, _: decoys.brand(draw.random),
    "gene": lambda draw, _: decoys.gene(draw.random),
    "eponymous": lambda draw, _: decoys.eponym(draw.random, draw.split),
    "medicine": lambda draw, _: decoys.medicine_zh(draw.random),
    "plant": lambda draw, _: decoys.plant_zh(draw.random),
    "eponymous_zh": lambda draw, _: decoys.eponym_zh(draw.random, draw.split),
}

# -- English


def style_name(random: Random, who: names.Person) -> str:
    """Return a full name in one of the orders in use."""
    middle = f" {who.middle}" if who.middle else ""
    x = random.random() * 1.05
    if x > 1.03:
        return f"{who.first[0]}. {random.choice('ABCDEFGHJKLMNPRSTW')}. {who.last}"
    if x > 1.02:
        return (
            f'{who.first} "{random.choice((who.first[:3], who.first[:4] + "ie", who.last[:3]))}" {who.last}'
        )
    if x > 1:
        return f"{who.last} {who.first}"
    if x < 0.62:
        return f"{who.first}{middle} {who.last}"
    if x < 0.78:
        return f"{who.last}, {who.first}{middle}"
    if x < 0.84:
        return f"{who.first[0]}. {who.last}"
    if x < 0.88:
        return f"{who.last.upper()}, {who.first.upper()}"
    if x < 0.92:
        return f"{who.first} {who.last.upper()}"
    if x < 0.95:
        return f"{who.last} {who.first[0]}"
    return f"{who.first}{middle} {who.last}" + random.choice((" Jr", " III", " II", " Sr", ""))


def _somebody(draw: Draw) -> names.Person:
    if draw.split != "held" and draw.random.random() < 0.2:
        return papers_en.person_of_many(draw.random, draw.split)
    return names.person_latin(draw.random, draw.split)


def _person(draw: Draw, key: str) -> names.Person:
    who = _kept(draw, key, lambda: _somebody(draw)) if key else _somebody(draw)
    assert isinstance(who, names.Person)
    return who


def _latin(key: str) -> Generator:
    def make(draw: Draw, argument: str) -> list[Piece]:
        chosen = key + str(draw.random.randint(0, 3)) if key == "staff" else key
        who = _person(draw, chosen)
        text = {
            "": lambda: style_name(draw.random, who),
            "plain": lambda: f"{who.first} {who.last}",
            "last": lambda: who.last,
            "first": lambda: who.first,
            "init": lambda: draw.random.choice(
                (
                    f"{who.first[0]}. {who.last}",
                    f"{who.first[0]}{who.last[0]}",
                    f"{who.first[0]}.{who.last[0]}",
                    f"{who.first[0]} {who.last}",
                )
            ),
            "any": lambda: draw.random.choice(
                (
                    who.first,
                    who.last,
                    f"{who.first} {who.last}",
                    style_name(draw.random, who),
                    f"{who.first[0]}. {who.last}",
                )
            ),
            "chart": lambda: papers_en.charted(draw.random, who),
            "nick": lambda: papers_en.nickname(draw.random, who),
            "sign": lambda: papers_en.initials(draw.random, who),
            "upper": lambda: f"{who.first} {who.last}".upper(),
            "lower": lambda: draw.random.choice((who.first, f"{who.first} {who.last}", who.last)).lower(),
        }[argument]()
        return typed(text, "name")

    return make


def _home_en(draw: Draw, argument: str) -> list[Piece]:
    name = str(_kept(draw, "hospital", lambda: places_en.hospital(draw.random, draw.split)))
    return typed(name.upper() if argument == "upper" else name, "organisation")


def _address_en(draw: Draw, argument: str) -> list[Piece]:
    return typed(places_en.address(draw.random, draw.split, "\n" if argument == "lines" else ", "), "address")


def _far_address(draw: Draw, argument: str) -> list[Piece]:
    between = "\n" if argument == "lines" else ", "
    make = papers_en.far_address if draw.random.random() < 0.6 else places_en.address
    return typed(make(draw.random, draw.split, between), "address")


def _short_house(draw: Draw, _: str) -> list[Piece]:
    article, name = papers_en.short_house(draw.random, draw.split)
    return [(article, None), *typed(name, "organisation")]


def _quick_date(draw: Draw, _: str) -> list[Piece]:
    before, date, after = papers_en.quick_date(draw.random)
    return [(before, None), (date, "date"), (after, None)]


def _key_sign(draw: Draw, _: str) -> str:
    """Return what stands between key and value: the same in the whole document."""
    signs = (
        ": ",
        ": ",
        ": ",
        ":",
        " : ",
        " - ",
        ":\t",
        "\t",
        ":\n",
        "\n",
        " | ",
        ".....",
        "    ",
        " = ",
        ":  ",
    )
    return str(_kept(draw, "key sign", lambda: draw.random.choice(signs)))


def _line_end(draw: Draw, _: str) -> str:
    """Return what stands between two fields: the same in the whole document."""
    ends = ("\n", "\n", "\n", "\n", "\n\n", " | ", "; ", "    ", "\t", "  ", ", ")
    return str(_kept(draw, "line end", lambda: draw.random.choice(ends)))


def _column(draw: Draw, argument: str) -> str:
    """Return the blanks up to a column of a table in a fixed width; at least one."""
    width = 0
    for text, _ in reversed(draw.out):
        at = text.rfind("\n")
        width += len(text) - at - 1
        if at >= 0:
            break
    return " " * max(1, int(argument) - width)


def _email_en(draw: Draw, argument: str) -> list[Piece]:
    if draw.random.random() < 0.5:
        who = _person(draw, argument)
        last = "".join(c for c in who.last.lower() if c.isalpha())
        left = draw.random.choice(
            (
                f"{who.first.lower()}.{last}",
                f"{who.first[0].lower()}{last}",
                f"{last}{draw.random.randint(1, 99)}",
                f"{who.first.lower()}_{last}",
            )
        )
        return typed(numbers.email(draw.random, left.replace(" ", "")), "other-id")
    return typed(numbers.email(draw.random), "other-id")


ZH: Final[dict[str, Generator]] = COMMON | {
    "patient": _patient_zh,
    "staff": _staff_zh,
    "name": _split(names.person_zh, "name"),
    "sur": _split(names.surname_zh, "name"),
    "given": _split(names.called_zh, "name"),
    "nick": _short_zh,
    "latin": lambda draw, _: typed(
        style_name(draw.random, names.person_latin(draw.random, draw.split)), "name"
    ),
    "foreign": _split(names.transliterated, "name"),
    "afar": _split(names.from_afar, "name"),
    "twin": _twin,
    "moniker": _split(names.moniker, "name"),
    "street": _split(places_zh.street, "address"),
    "net": _plain(numbers.net_name, "other-id"),
    "paperid": _plain(numbers.paper_number, "other-id"),
    "abroad": _split(places_en.hospital, "organisation"),
    "city_en": lambda draw, _: typed(places_en.city(draw.random, draw.split)[0], "place"),
    "colon": _layout("colon", _COLONS),
    "gap": _layout("gap", _GAPS),
    "place": _split(places_zh.place, "place"),
    "hamlet": _split(places_zh.hamlet, "place"),
    "estate": _split(places_zh.folk_estate, "address"),
    "body": _split(places_zh.body, "organisation"),
    "said": _plain(numbers.said_date, "date"),
    "lunar": _plain(numbers.lunar, "date"),
    "address": _split(places_zh.address, "address"),
    "hosp": _home_zh,
    "hosp2": _split(places_zh.hospital, "organisation"),
    "org": _split(places_zh.organisation, "organisation"),
    "date": _date("zh"),
    "full": lambda draw, _: typed(numbers.date_zh(draw.random, full=True), "date"),
    "phone": _plain(numbers.phone_zh, "other-id"),
    "postcode": lambda draw, _: typed(numbers.digits(draw.random, 6), "address"),
    "idcard": _plain(numbers.resident_id, "other-id"),
}

EN: Final[dict[str, Generator]] = COMMON | {
    "patient": _latin("patient"),
    "staff": _latin("staff"),
    "kin": _latin("kin"),
    "name": _latin(""),
    "place": _split(places_en.place, "place"),
    "city": lambda draw, _: typed(places_en.city(draw.random, draw.split)[0], "place"),
    "country": lambda draw, _: typed(places_en.a_country(draw.random), "place"),
    "street": _split(places_en.street, "address"),
    "road": _split(places_en.coined, "address"),
    "zip": _plain(places_en.zip_code, "address"),
    "address": _address_en,
    "hosp": _home_en,
    "hosp2": _split(places_en.hospital, "organisation"),
    "org": _split(places_en.organisation, "organisation"),
    "date": _date("en"),
    "full": lambda draw, _: typed(numbers.date_en(draw.random, full=True), "date"),
    "phone": _plain(numbers.phone_en, "other-id"),
    "email": _email_en,
    "far": _split(papers_en.far_place, "place"),
    "home": _far_address,
    "eircode": _plain(papers_en.eircode, "address"),
    "postcode": _plain(places_en.uk_postcode, "address"),
    "gp": lambda draw, _: typed(papers_en.far_org(draw.random, draw.split, "gp"), "organisation"),
    "house": lambda draw, _: typed(papers_en.far_org(draw.random, draw.split, "house"), "organisation"),
    "body": lambda draw, _: typed(papers_en.far_org(draw.random, draw.split, ""), "organisation"),
    "short": _short_house,
    "day": _quick_date,
    "k": _key_sign,
    "e": _line_end,
    "col": _column,
}
