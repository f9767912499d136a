"""The people, places, days and numbers of one English note, as slots of its carriers."""

import random
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache

import identifiers as numbers
import words_en as words
from case_zh import either, gold
from compose import Case, Piece, Slot

_DATES = {
    "academic": ("%m/%d/%Y", "%B %-d, %Y", "%m/%d/%y", "%Y-%m-%d"),
    "community": ("%-m/%-d/%y", "%m-%d-%Y", "%-m/%-d/%Y", "%b %-d %Y", "%m.%d.%y"),
    "letters": (
        "%B %-d, %Y",
        "%-d %B %Y",
        "%d-%b-%Y",
        "%A, %B %-d, %Y",
        "%b. %-d, %Y",
        "the {th} of %B, %Y",
        "%d%b%Y",
    ),
    "group": ("%m/%d/%Y", "%m/%d/%Y", "%-m/%-d/%y", "%B %-d, %Y", "%b %-d, %Y"),
    "held": ("%m/%d/%Y", "%m-%d-%Y", "%-d %b %Y", "%B %d, %Y", "%-m/%-d/%y", "%Y-%m-%d", "%m/%d/%y"),
}
_MONTH_DAYS = {
    "academic": ("%-m/%-d", "%B %-d", "%m/%d"),
    "community": ("%-m/%-d", "%b %-d", "%m-%d"),
    "letters": ("%B {th}", "%-d %b", "the {th} of %B", "%b %-d"),
    "group": ("%-m/%-d", "%-m/%-d", "%B %-d", "%b %-d"),
    "held": ("%m/%d", "%-m/%-d", "%-d %b", "%B {th}", "%b %-d"),
}
# Sex of a relative, and whether the last name is the patient's.
_RELATIVES = {"son": ("m", True), "daughter": ("f", False), "father": ("m", True), "mother": ("f", True), "brother": ("m", True), "sister": ("f", False), "aunt": ("f", False), "uncle": ("m", False), "granny": ("f", False)}  # fmt: skip


def _ordinal(n: int) -> str:
    return f"{n}{'th' if 10 < n < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def shown(rng: random.Random, formats: Sequence[str], day: date) -> list[Piece]:
    """Return a day in one of the formats; a weekday or an article before it is either way."""
    form = (
        rng.choice(formats)
        .replace("%b.", "%b" if day.month == 5 else "%b.")
        .replace("{th}", _ordinal(day.day))
        .replace("%-d", str(day.day))
        .replace("%-m", str(day.month))
    )
    if form.startswith("%A, "):
        return [*either(f"{day:%A}"), Piece(", "), *gold(day.strftime(form[4:]), "date")]
    if form.startswith("the "):
        return [*either("the"), Piece(" "), *gold(day.strftime(form[4:]), "date")]
    return gold(day.strftime(form), "date")


class Person:
    """First, middle and last name, and the ways in which notes write them."""

    def __init__(self, rng: random.Random, style: str, sex: str = "", last: str = ""):
        self.first = rng.choice(words.GIVEN[style][sex or rng.choice("mf")])
        self.last = last or rng.choice(words.SURNAMES[style])
        self.middle = rng.choice("ABCDEFGHJKLMNPRSTW")

    def shown(self, how: str, rng: random.Random) -> str:
        """Return the name in one of the shapes that slots ask for by a letter."""
        full = f"{self.first} {self.last}"
        middle = f"{self.first} {self.middle}. {self.last}"
        return {
            "": rng.choice((full, full, middle)), "c": f"{self.last}, {self.first}", "u": f"{self.last}, {self.first}".upper(), "m": f"{self.last}, {self.first} {self.middle}",
            "l": self.last, "f": self.first, "i": f"{self.first[0]}. {self.last}", "x": f"{self.first[0]}{self.middle}{self.last[0]}",
        }[how]  # fmt: skip


def case_en(
    rng: random.Random,
    style: str,
    pools: Mapping[str, Sequence[str]],
    ages: tuple[int, int] = (18, 89),
    *,
    woman: bool = False,
) -> Case:
    """Invent a patient, the people around them and the slots of one note."""
    male = rng.random() < 0.5 and not woman
    patient = Person(rng, style, "m" if male else "f")
    kin = [Person(rng, style, last=patient.last if rng.random() < 0.5 else "") for _ in range(2)]
    staff = [Person(rng, style) for _ in range(5)]
    today = date(2009, 1, 1) + timedelta(days=rng.randrange(15 * 365))
    age = rng.choice((rng.randint(*ages),) * 9 + (rng.randint(90, 102),))
    if ages[1] < 81:  # a paper of the grown, not of the very old
        age = min(age, ages[1])
    born = date(today.year - age, 1, 1) + timedelta(days=rng.randrange(330))
    home = rng.choice(words.PLACES[style])
    hospital = rng.choice(words.HOSPITALS[style])
    phone, kin_phone = numbers.us_phone(rng), numbers.us_phone(rng)

    def moved(argument: str) -> date:
        low, _, high = (argument or "0").partition("..")
        return today + timedelta(days=rng.randint(int(low), int(high or low)))

    def address(_: str) -> list[Piece]:
        town, state, head, streets = home if rng.random() < 0.8 else rng.choice(words.PLACES[style])
        unit = rng.choice(
            (
                "",
                "",
                f", Apt {rng.randint(1, 40)}{rng.choice('ABCD')}",
                f" Unit {rng.randint(2, 90)}",
                f" #{rng.randint(2, 300)}",
            )
        )
        street = f"{rng.randint(12, 9800)} {rng.choice(streets.split(';'))}{unit}"
        if rng.random() < 0.12:
            street = f"{rng.choice(('P.O. Box', 'PO Box'))} {rng.randint(11, 4800)}"
        if rng.random() < 0.2:
            return gold(street, "address")
        return [*gold(f"{street}, {town}", "address"), Piece(", "), *either(state), Piece(" "), *gold(f"{head}{numbers.digits(rng, 2)}{rng.choice(('', '', '-' + numbers.digits(rng, 4)))}", "address")]  # fmt: skip

    def person(who: Person, label: str) -> Slot:
        return lambda how: gold(who.shown(how, rng), label)

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
        sex, same = _RELATIVES.get(which, ("f" if male else "m", rng.random() < 0.6))
        return Person(rng, style, sex, patient.last if same else "")

    def relation(which: str) -> Slot:
        return lambda how: person(relative(which), "kin")(how)

    def made(label: str, *shapes: str) -> Slot:
        """Fill one of the shapes: # is a digit, @ a letter."""

        def fill(_: str) -> list[Piece]:
            shape = rng.choice(shapes)
            return gold(
                "".join({"#": numbers.digits(rng, 1), "@": numbers.letters(rng, 1)}.get(c, c) for c in shape),
                label,
            )

        return fill

    def age_piece(_: str) -> list[Piece]:
        return gold(str(age), "age") if age >= 90 else either(str(age))

    handle = re.sub("[^a-z]", "", f"{patient.first[0]}{patient.last}".lower().replace("é", "e"))
    slots: dict[str, Slot] = {
        "name": person(patient, "name"), "kin": person(kin[0], "kin"), "kin2": person(kin[1], "kin"),
        **{f"dr{i}": person(who, "staff") for i, who in enumerate(staff)},
        "mr": lambda _: either(rng.choice(("Mr.", "Mr") if male else ("Mrs.", "Ms.", "Ms"))),
        "sex": lambda _: [Piece("male" if male else "female")], "mf": lambda _: [Piece("M" if male else "F")],
        "he": lambda _: [Piece("he" if male else "she")], "his": lambda _: [Piece("his" if male else "her")],
        "He": lambda _: [Piece("He" if male else "She")],
        "His": lambda _: [Piece("His" if male else "Her")],
        "him": lambda _: [Piece("him" if male else "her")],
        "age": age_piece, "old": lambda _: gold(str(rng.randint(90, 99)), "age"),
        "born": lambda _: gold(rng.choice(("%m/%d/%Y", "%-m/%-d/%y", "%B %-d, %Y")).replace("%-m", str(born.month)).replace("%-d", str(born.day)), "birth-date"),
        "date": lambda a: shown(rng, formats(), moved(a)), "md": lambda a: shown(rng, _MONTH_DAYS[style], moved(a)),
        "month": lambda a: gold(moved(a).strftime(rng.choice(("%B %Y", "%b %Y", "%B of %Y"))), "date"),
        "year": lambda a: either(str(moved(a).year)), "weekday": lambda _: either(rng.choice(("Monday", "Tuesday", "Friday", "Sunday"))),
        "time": lambda _: either(rng.choice((f"{rng.randint(0, 23):02d}{rng.randint(0, 59):02d}", f"{rng.randint(1, 12)}:{rng.randint(0, 59):02d} {rng.choice(('AM', 'PM', 'a.m.'))}"))),
        "address": address,
        "town": lambda _: gold(rng.choice(words.PLACES[style])[0], "place"), "home": lambda _: gold(home[0], "place"),
        "state": lambda _: either(rng.choice(words.PLACES[style])[1]), "zip": lambda _: gold(home[2] + numbers.digits(rng, 2), "address"),
        "hospital": lambda _: gold(hospital, "organisation"),
        "other_hospital": lambda _: gold(rng.choice([h for h in words.HOSPITALS[style] if h != hospital]), "organisation"),
        "firm": lambda _: gold(rng.choice(words.FIRMS[style]), "organisation"),
        "insurer": lambda _: either(rng.choice(words.INSURERS)), "job": lambda _: either(rng.choice(words.JOBS)),
        "ward": lambda _: either(rng.choice(words.WARDS.get(style, ("Tower 2", "4 West", "Pod C", "7 North")))), "room": lambda _: either(rng.choice((f"{rng.randint(101, 899)}", f"{rng.randint(2, 9)}B-{rng.randint(10, 40)}"))),
        "mrn": made("record-number", "########", "#######", "###-##-##", "M########", "@@######"),
        "csn": made("record-number", "#########", "V########", "E###-####"),
        "accession": made("record-number", "##-@@-#####", "S##-####", "ACC#######", "#########"),
        "ssn": lambda _: gold(numbers.ssn(rng), "ssn"), "ssn4": made("ssn", "####"),
        "plan": made("insurance-id", "@@@#########", "#@@#-@@#-@@##", "W#########", "##########"), "group": made("insurance-id", "#####", "GRP-####"),
        "account": made("account-number", "##########", "######-##", "####-####-####"), "card": lambda _: gold(numbers.bank_card(rng), "account-number"),
        "licence": made("other-id", "@#######", "@@-###-###", "#########"), "npi": lambda _: gold(numbers.npi(rng), "other-id"), "dea": made("other-id", "B@#######", "F@#######"),
        "passport": made("passport", "#########", "C########"), "plate": made("plate", "@@@-####", "#@@@###", "@@@ ###"), "vin": lambda _: gold(numbers.vin(rng), "plate"),
        "serial": lambda _: gold(numbers.serial(rng), "device-id"),
        "phone": lambda _: gold(phone, "phone"), "kin_phone": lambda _: gold(kin_phone, "phone"), "any_phone": lambda _: gold(numbers.us_phone(rng), "phone"),
        "short_phone": made("phone", "###-####", "#####"), "pager": made("phone", "#####", "####"),
        "email": lambda _: gold(f"{handle}{rng.choice(('', '.', '_'))}{numbers.digits(rng, 2)}@{rng.choice(('gmail.com', 'yahoo.com', 'comcast.net', 'lakeshoreuh.org'))}", "email"),
        "url": lambda _: gold(f"{rng.choice(('https://', 'www.', 'http://www.'))}{rng.choice(('mychart', 'portal', 'records'))}.{rng.choice(('lakeshoreuh.org', 'redmesahealth.net', 'hcr-care.com'))}/u/{handle}{numbers.digits(rng, 2)}", "url"),
        "ip": lambda _: gold(numbers.ip(rng), "ip"), "social": lambda _: gold(f"@{handle}{numbers.digits(rng, 2)}", "social"),
        "biometric": made("other-id", "FP-####-@@", "IRIS#######", "VOICEPRINT-####"), "other": made("other-id", "CERT-######", "#######", "@#-#####"),
        **{which: relation(which) for which in (*_RELATIVES, "spouse")},
        "wife": lambda _: [Piece("wife" if male else "husband")], "Wife": lambda _: [Piece("Wife" if male else "Husband")],
        "anyone": lambda how: person(Person(rng, style), "name")(how),
        "short_hospital": lambda _: gold(words.SHORT_HOSPITALS[others()[1]], "organisation"),
        "staffer": lambda how: person(Person(rng, style), "staff")(how), "school": lambda _: gold(rng.choice(words.SCHOOLS[style]), "organisation"),
        "station": lambda _: gold(rng.choice(words.STATIONS[style]), "organisation"),
        "street": lambda _: gold(f"{rng.randint(12, 9800)} {rng.choice(home[3].split(';'))}, {home[0]}", "address"),
        "practice": lambda _: gold(rng.choice(words.PRACTICES[style]), "organisation"),
    }  # fmt: skip
    slots |= {key: made(label, *shapes) for key, (label, shapes) in words.NUMBERS.get(style, {}).items()}
    if style in words.WHOLE:  # one value a note, as in a real one
        slots["other_hospital"] = lambda _: gold(others()[0], "organisation")
        slots |= {key: cache(slots[key]) for key in ("ward", "mrn", "csn", "plan", "account", "firm")}
        slots["email"] = lambda _: gold(
            f"{handle}{numbers.digits(rng, 2)}@{rng.choice(words.MAIL[style])}", "email"
        )
        slots["url"] = lambda _: gold(
            f"https://{rng.choice(words.SITES[style])}/{numbers.digits(rng, 6)}", "url"
        )
    born_shape = slots["born"]
    slots["born"] = lambda a: [
        Piece(born.strftime(piece.text), piece.mark, piece.label) for piece in born_shape(a)
    ]
    return Case(rng, slots, pools)
