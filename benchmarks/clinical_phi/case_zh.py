"""The people, places, days and numbers of one Chinese note, as slots of its carriers."""

import random
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache

import identifiers as numbers
import words_zh as words
from compose import Case, Piece, Slot

_HAN = "〇一二三四五六七八九"
_DATES = {
    "tertiary": ("{y}-{m:02d}-{d:02d}", "{y}年{m}月{d}日", "{y}年{m:02d}月{d:02d}日", "{y}/{m:02d}/{d:02d}"),
    "county": ("{y}.{m}.{d}", "{y}年{m}月{d}日", "{s}.{m}.{d}", "{s}年{m}月{d}号", "{y}{m:02d}{d:02d}"),
    "letters": ("{y}年{m}月{d}日", "{y}.{m:02d}.{d:02d}", "{y}/{m}/{d}", "{h}", "{y} 年 {m} 月 {d} 日", "{y}－{m:02d}－{d:02d}"),
    "group": ("{y}-{m:02d}-{d:02d}", "{y}-{m:02d}-{d:02d}", "{y}年{m}月{d}日", "{y}.{m}.{d}", "{y}/{m:02d}/{d:02d}"),
    "held": ("{y}年{m:02d}月{d:02d}日", "{y}-{m}-{d}", "{y}/{m}/{d}", "{y}.{m:02d}.{d:02d}", "{y}年{m}月{d}号", "{y}{m:02d}{d:02d}"),
}  # fmt: skip
_MONTH_DAYS = dict.fromkeys(("tertiary", "letters"), ("{0.month}月{0.day}日",)) | {
    "county": ("{0.month}月{0.day}日", "{0.month}.{0.day}", "{0.month}-{0.day}", "{0.month}月{0.day}号"),
    "group": ("{0.month}月{0.day}日", "{0.month}月{0.day}日", "{0.month}-{0.day}", "{0.month}/{0.day}"),
    "held": (
        "{0.month}月{0.day}日",
        "{0.month}月{0.day}号",
        "{0.month}.{0.day}",
        "{0.month:02d}/{0.day:02d}",
    ),
}
# Sex of a relative, and whether the surname is the patient's.
_RELATIVES = {"son": ("m", True), "daughter": ("f", True), "father": ("m", True), "mother": ("f", False), "brother": ("m", True), "aunt": ("f", False), "uncle": ("m", False), "sister": ("f", True), "inlaw": ("f", False), "sonlaw": ("m", False), "granny": ("f", False)}  # fmt: skip


def gold(text: str, label: str) -> list[Piece]:
    return [Piece(text, "gold", label)]


def either(text: str) -> list[Piece]:
    return [Piece(text, "either")]


def _pairs(packed: str) -> list[tuple[str, str]]:
    """Split "王wang 欧阳ouyang" into characters and pinyin."""
    cut = [(word, next(i for i, c in enumerate(word) if c.isascii())) for word in packed.split()]
    return [(word[:i], word[i:]) for word, i in cut]


class Person:
    """A name in characters and in pinyin; minority names have no pinyin here."""

    def __init__(self, rng: random.Random, style: str, sex: str = "", surname: tuple[str, str] | None = None):
        sex = sex or rng.choice("mf")
        if surname is None and rng.random() < 0.03:
            self.family = None
            self.full = rng.choice(words.MINORITY[style])
            self.surname, self.given, self.pinyin = self.full.split("·")[0], self.full, ""
            return
        self.family = family, family_pinyin = surname or rng.choice(_pairs(words.SURNAMES[style]))
        given = rng.sample(_pairs(words.GIVEN[style][sex]), rng.choice((1, 2, 2, 2)))
        if style in words.WHOLE:  # its list holds whole given names
            given = given[:1]
        self.surname, self.given = family, "".join(han for han, _ in given)
        self.full = family + self.given
        latin = "".join(roman for _, roman in given)
        self.pinyin = rng.choice(
            (f"{family_pinyin.title()} {latin.title()}", f"{family_pinyin.upper()} {latin.upper()}", f"{latin.title()} {family_pinyin.title()}")
        )  # fmt: skip


def _day(rng: random.Random, formats: Sequence[str], day: date) -> str:
    m, d = day.month, day.day
    han = "".join(_HAN[int(c)] for c in str(day.year))
    han += f"年{_count(m)}月{_count(d)}日"
    return rng.choice(formats).format(y=day.year, s=f"{day.year % 100:02d}", m=m, d=d, h=han)


def _count(n: int) -> str:
    """Return 1 to 31 in Chinese numerals."""
    tens, ones = divmod(n, 10)
    return ("" if tens == 0 else "十" if tens == 1 else _HAN[tens] + "十") + (_HAN[ones] if ones else "")


def case_zh(
    rng: random.Random,
    style: str,
    pools: Mapping[str, Sequence[str]],
    ages: tuple[int, int] = (18, 89),
    *,
    woman: bool = False,
) -> Case:
    """Invent a patient, the people around them and the slots of one note."""
    male = rng.random() < 0.5 and not woman
    sex = "m" if male else "f"
    patient = Person(rng, style, sex)
    kin = [Person(rng, style), Person(rng, style, surname=None)]
    staff = [Person(rng, style) for _ in range(5)]
    today = date(2016, 1, 1) + timedelta(days=rng.randrange(9 * 365))
    age = rng.choice((rng.randint(*ages),) * 9 + (rng.randint(90, 103),))
    if ages[1] < 81:  # a paper of the grown, not of the very old
        age = min(age, ages[1])
    born = date(today.year - age, 1, 1) + timedelta(days=rng.randrange(0, 330))
    home = rng.choice(words.PLACES[style])
    hospital = rng.choice(words.HOSPITALS[style])
    mobile, kin_mobile = numbers.mobile(rng), numbers.mobile(rng)

    def moved(argument: str) -> date:
        low, _, high = (argument or "0").partition("..")
        return today + timedelta(days=rng.randint(int(low), int(high or low)))

    def address(_: str) -> list[Piece]:
        province, town, part, streets = home if rng.random() < 0.8 else rng.choice(words.PLACES[style])
        street = rng.choice(streets.split())
        if street.endswith(("村", "社区")):
            rest = rng.choice(
                (
                    f"{street}{rng.randint(1, 12)}组",
                    f"{street}{rng.randint(1, 9)}组{rng.randint(1, 180)}号",
                    street,
                )
            )
        else:
            estate = rng.choice(words.ESTATES[style])
            if style in words.ROOMS:
                rest = shaped([room.format(street=street, estate=estate) for room in words.ROOMS[style]])
                return [
                    *(either(province) if rng.random() < 0.6 else []),
                    *gold(town + part + rest, "address"),
                ]
            room = f"{rng.randint(1, 30)}号楼{rng.randint(1, 4)}单元{rng.randint(1, 24)}0{rng.randint(1, 4)}"
            rest = rng.choice((f"{street}{rng.randint(1, 400)}号{room}室", f"{street}{rng.randint(1, 99)}号", f"{estate}{room}", f"{street}{rng.randint(2, 60)}{words.LANES.get(style, '弄')}{rng.randint(1, 40)}号{rng.randint(1, 6)}0{rng.randint(1, 4)}室"))  # fmt: skip
        return [
            *(either(province) if province and rng.random() < 0.7 else []),
            *gold(town + part + rest, "address"),
        ]

    def years(_: str) -> list[Piece]:
        return gold(str(age), "age") if age >= 90 else either(str(age))

    def person(who: Person, label: str) -> Slot:
        return lambda how: gold(
            {"": who.full, "s": who.surname, "g": who.given, "p": who.pinyin or who.full}[how], label
        )

    @cache
    def formats() -> Sequence[str]:
        """Return the formats of dates; a whole note keeps to one, but for some."""
        every = _DATES[style]
        return (rng.choice(every),) * 3 * len(every) + every if style in words.WHOLE else every

    @cache
    def others() -> Sequence[str]:
        return rng.sample([h for h in words.HOSPITALS[style] if h != hospital], 2)

    @cache
    def relative(which: str) -> Person:
        """Invent a relative when a note first speaks of them; in the styles of whole notes alone."""
        sex_of, same = _RELATIVES.get(which, ("f" if male else "m", False))
        return Person(rng, style, sex_of, patient.family if same else None)

    def relation(which: str) -> Slot:
        return lambda how: person(relative(which), "kin")(how)

    def pick(options: Sequence[str], label: str) -> Slot:
        return lambda _: gold(rng.choice(options), label)

    def shaped(shapes: Sequence[str]) -> str:
        """Fill one of the shapes: # is a digit, @ a letter."""
        return "".join(
            {"#": numbers.digits(rng, 1), "@": numbers.letters(rng, 1)}.get(c, c) for c in rng.choice(shapes)
        )

    def made(label: str, *shapes: str) -> Slot:
        return lambda _: gold(shaped(shapes), label)

    slots: dict[str, Slot] = {
        "name": person(patient, "name"),
        "kin": person(kin[0], "kin"), "kin2": person(kin[1], "kin"),
        **{f"dr{i}": person(who, "staff") for i, who in enumerate(staff)},
        "sex": lambda _: [Piece("男" if male else "女")],
        "age": years,
        "old": lambda _: gold(str(rng.randint(90, 99)), "age"),
        "born": lambda _: gold(_day(rng, formats(), born), "birth-date"),
        "date": lambda a: gold(_day(rng, formats(), moved(a)), "date"),
        "time": lambda _: either(f"{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}"),
        "month": lambda a: gold("{0.year}年{0.month}月".format(moved(a)), "date"),
        "md": lambda a: gold(rng.choice(_MONTH_DAYS[style]).format(moved(a)), "date"),
        "year": lambda a: either(f"{moved(a).year}年"),
        "address": address,
        "town": lambda _: gold(rng.choice([place[1] for place in words.PLACES[style] if place[1]]), "place"),
        "province": lambda _: either(home[0]),
        "home": lambda _: gold(home[1] or home[2], "place"),
        "hospital": lambda _: gold(hospital, "organisation"),
        "other_hospital": pick([h for h in words.HOSPITALS[style] if h != hospital], "organisation"),
        "firm": pick(words.FIRMS[style], "organisation"),
        "job": lambda _: either(rng.choice(words.JOBS)),
        "nation": lambda _: either(rng.choice(words.NATIONS)),
        "ward": pick(words.WARDS[style], "organisation"),
        "pc": lambda _: gold(f"{rng.randint(100, 839)}{rng.randint(0, 99):02d}{rng.randint(0, 9)}", "address"),
        "bed": lambda _: [*gold(f"{rng.randint(1, 68)}", "other-id"), *either("床")],
        "id": lambda _: gold(numbers.resident_id(rng, born, male=male), "resident-id"),
        "id15": lambda _: gold(numbers.resident_id_15(rng, born), "resident-id"),
        "phone": lambda _: gold(mobile, "phone"), "kin_phone": lambda _: gold(kin_mobile, "phone"),
        "any_phone": lambda _: gold(rng.choice((numbers.mobile, numbers.landline))(rng), "phone"),
        "landline": lambda _: gold(numbers.landline(rng), "phone"),
        "mrn": made("record-number", "########", "00######", "#######", "ZY########", "@######", "20##-#####"),
        "visit": made("record-number", "MZ##########", "##########", "#######"),
        "image": made("record-number", "CT######", "US20######", "X#######", "MR-#####", "#########"),
        "passport": made("passport", "E########", "EA#######", "G########"),
        "permit": made("permit", "H##########", "H########", "M########"),
        "taiwan": made("permit", "########", "0#######"),
        "officer": made("permit", "军字第########号", "南字第#######号", "武字第######号"),
        "insurance": made("insurance-id", "##########", "@########", "37############", "#########-##"),
        "bank": lambda _: gold(numbers.bank_card(rng), "account-number"),
        "invoice": made("account-number", "##########", "0#########"),
        "plate": lambda _: gold(numbers.plate(rng), "plate"),
        "serial": lambda _: gold(numbers.serial(rng), "device-id"),
        "uscc": lambda _: gold(numbers.uscc(rng), "other-id"),
        "licence": made("other-id", "1103700000#####", "2102#####000###", "14151###########"),
        "wechat": lambda _: gold(shaped(("wxid_@#@##@#", "@@@@####", "qingfeng_####", "lucky-@@##")).lower(), "social"),
        "qq": made("social", "########", "#########", "##########"),
        "email": lambda _: gold(f"{rng.choice(('zhaoyang', 'hy', 'xixi', 'lin', 'bao'))}{rng.choice(('', '.', '_'))}{numbers.digits(rng, 4)}@{rng.choice(('163.com', 'qq.com', '126.com', 'sina.cn', 'outlook.com'))}", "email"),
        "url": lambda _: gold(f"{rng.choice(('https://', 'http://', 'www.'))}{rng.choice(('yun', 'pacs', 'wj'))}.{rng.choice(('hzyl', 'renkang', 'jkda'))}.{rng.choice(('cn', 'com.cn', 'net'))}/s/{numbers.digits(rng, 6)}", "url"),
        "ip": lambda _: gold(numbers.ip(rng), "ip"),
        "other": made("other-id", "#######", "@@####", "B##-#####"),
        **{which: relation(which) for which in (*_RELATIVES, "spouse")},
        "mate": lambda _: [Piece("妻子" if male else "丈夫")],
        "anyone": lambda how: person(Person(rng, style), "name")(how),
        "staffer": lambda how: person(Person(rng, style), "staff")(how),
        "place": lambda _: gold(re.sub("([满瑶]族自治县|市|县)$", "", rng.choice([place[1] for place in words.PLACES[style] if place[1]])), "place"),
        "short_hospital": lambda _: gold(words.SHORT_HOSPITALS[others()[1]], "organisation"),
        "station": pick(words.STATIONS.get(style, ()), "organisation"),
    }  # fmt: skip
    slots |= {key: made(label, *shapes) for key, (label, shapes) in words.NUMBERS.get(style, {}).items()}
    if style in words.WHOLE:  # one value a note, as in a real one
        slots["other_hospital"] = lambda _: gold(others()[0], "organisation")
        slots |= {key: cache(slots[key]) for key in ("ward", "mrn", "visit", "insurance", "id")}
        users, hosts = words.MAIL[style]
        slots["url"] = lambda _: gold(
            f"{rng.choice(('https://', ''))}{rng.choice(words.SITES[style])}/r/{numbers.digits(rng, 7)}",
            "url",
        )
        slots["email"] = lambda _: gold(
            f"{rng.choice(users)}{numbers.digits(rng, 3)}@{rng.choice(hosts)}", "email"
        )
    return Case(rng, slots, pools)
