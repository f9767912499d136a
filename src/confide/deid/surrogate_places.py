"""Invent and generalise addresses, places and organisations, in the language they are written in.

Generalising keeps the province or state (and three digits of a ZIP code where more than 20,000 people live);
`town` keeps the town and the ZIP code as a limited data set may. Nothing kept is finer than said.
"""

import re
from functools import cache
from typing import Final

from confide.crypto.keyed import Keyed
from confide.deid.fold import normal
from confide.deid.lexicon import word_set, words

_HAN: Final = re.compile(r"[\u3400-\u9fff]")


@cache
def _unit() -> re.Pattern[str]:
    """Match the last word of an organisation: 医院, Hospital."""
    return re.compile(
        f"({'|'.join((*words('zh', 'organisation_units'), *words('en', 'organisation_units')))})$"
    )


def invent_place(keyed: Keyed, patient: str, kind: str, value: str) -> str:
    """Return an invented address, town or organisation; differs from `value`.

    >>> invent_place(Keyed(bytes(16)), "p", "organisation", "北京协和医院").endswith("医院")
    True
    """
    core = normal(value)
    han = bool(_HAN.search(value))
    town = keyed.choice(
        words("zh", "places") if han else words("en", "towns"), core, patient, kind, core, "a"
    )
    if kind == "organisation":
        unit = _unit().search(core if han else value.strip())
        ending = unit.group(1) if unit else "公司" if han else "Company"
        return town + ending if han else f"{town} {ending}"
    if kind == "place":
        return f"{town}市" if han else town
    street = keyed.choice(
        words("zh", "places") if han else words("en", "streets"), core, patient, kind, core, "b"
    )
    number = keyed.number(patient, kind, core, "number") % 900 + 100
    return f"{town}市{street}路{number}号" if han else f"{number} {street} Street, {town}"


@cache
def _province() -> re.Pattern[str]:
    names = "|".join(words("zh", "provinces"))
    return re.compile(rf"({names})(省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)?")


@cache
def _state() -> re.Pattern[str]:
    names = "|".join(sorted((*words("en", "states"), *words("en", "state_codes")), key=len, reverse=True))
    return re.compile(rf"(?<![A-Za-z])({names})(?![A-Za-z])")


_ZIP: Final = re.compile(r"(?<![0-9])([0-9]{3})[0-9]{2}(?:-[0-9]{4})?\s*$")
_CITY_ZH: Final = re.compile(r"[\u3400-\u9fff]{2,4}?(?:市|自治州|地区|盟|县)")


def three_digit_zip(zip_code: str) -> str:
    """Return the three digits of a ZIP code that Safe Harbor lets stay, 000 where too few people live.

    >>> three_digit_zip("62704"), three_digit_zip("03601")
    ('627**', '000**')
    """
    hidden = word_set("zip3", "few_people") | word_set("zip3", "not_in_use")
    return f"{'000' if zip_code[:3] in hidden else zip_code[:3]}**"


def generalise_place(kind: str, value: str, tag: str) -> str:
    """Return province or state of a place, or `tag` when none is named; an organisation keeps its kind only.

    >>> generalise_place("address", "河南省洛阳市西工区中州路8号", "[地址]")
    '河南省'
    >>> generalise_place("address", "12 Oak Street, Springfield, IL 62704", "[ADDRESS]")
    'IL 627**'
    """
    if kind == "organisation":
        unit = _unit().search(value.strip())
        return (
            tag if unit is None else f"[{unit.group(1)}]" if unit.group(1).isascii() else f"某{unit.group(1)}"
        )
    if _HAN.search(value):
        province = _province().match(normal(value).removeprefix("中国"))
        return province.group() if province else tag
    kept = [match.group(1) for match in [_last(_state(), value)] if match]
    if zip_code := _ZIP.search(value):
        kept.append(three_digit_zip(zip_code.group(1)))
    return " ".join(kept) or tag


def keep_town(value: str, tag: str) -> str:
    """Return an address without what is finer than the town; ZIP code and state stay.

    >>> keep_town("12 Oak Street, Springfield, IL 62704", "[ADDRESS]")
    'Springfield, IL 62704'
    >>> keep_town("河南省洛阳市西工区中州路8号", "[地址]")
    '河南省洛阳市'
    """
    if _HAN.search(value):
        province = _province().match(value.strip())
        start = province.end() if province else 0
        city = _CITY_ZH.match(value.strip(), start)
        end = city.end() if city else start
        return value.strip()[:end] or tag
    state = _last(_state(), value)
    if state is None:
        return tag
    town = re.search(r"(?:^|[,\n]\s*)([A-Z][A-Za-z .'-]*),?\s*$", value[: state.start()])
    if town and town.group(1).split()[-1].strip(" .,") in word_set("en", "street_types"):
        town = None  # Church Lane is no town; Oak Park loses its own, which is little
    zip_code = re.match(r",?\s*[0-9]{5}(?:-[0-9]{4})?", value[state.end() :])
    tail = state.group() + (zip_code.group() if zip_code else "")
    return f"{town.group(1).rstrip(' ,')}, {tail}" if town else tail


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    last = None
    for match in pattern.finditer(text):
        last = match
    return last
