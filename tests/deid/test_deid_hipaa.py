"""Rules H0 to H4 as rows that can be tested; H1 by planting, and by searching every byte that would leave."""

import random
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.audit.bytesearch import search_bytes
from confide.deid.deidentify import Deidentifier
from confide.deid.lexicon import word_set, words
from confide.deid.policy import load_policy, read_policy
from confide.deid.surrogate_places import generalise_place, three_digit_zip
from confide.errors import InvalidInput

RNG = random.Random(45164514)
HAN = words("zh", "given")


def digits(length):
    return "".join(RNG.choice("0123456789") for _ in range(length))


MAKERS = {  # the 18 classes of 45 CFR 164.514(b)(2)(i) that are values of a field; dates and ages have tests of their own
    "name": lambda: RNG.choice("张王李赵") + "".join(RNG.sample(HAN, 2)),
    "kin": lambda: f"{RNG.choice(words('en', 'first_names'))} Okonk{RNG.choice('aeiou')}{digits(0)}va",
    "address": lambda: f"{digits(3)}8 Larkspur Hollow {RNG.choice(['Road', 'Lane'])}, Quincy Harbor",
    "phone": lambda: f"1{RNG.choice('3578')}{digits(9)}",
    "email": lambda: f"user{digits(5)}@hospital.cn",
    "ssn": lambda: f"{RNG.randint(100, 665)}-{RNG.randint(10, 99)}-{RNG.randint(1000, 9999)}",
    "record-number": lambda: f"ZY{digits(8)}",
    "insurance-id": lambda: f"YB{digits(9)}",
    "account-number": lambda: f"6222{digits(12)}",
    "permit": lambda: f"H{digits(10)}",
    "passport": lambda: f"E{digits(8)}",
    "plate": lambda: f"京A{digits(5)}",
    "device-id": lambda: f"SN-{digits(8)}",
    "social": lambda: f"wx_{digits(7)}",
    "resident-id": lambda: f"410305{RNG.randint(1935, 2015)}0{RNG.randint(1, 9)}1{digits(5)}",
    "other-id": lambda: f"GH-{digits(7)}",
}


def test_h0_the_year_only_and_no_shift_under_safe_harbor():
    policy = load_policy("safe-harbor")
    assert {policy.action("date"), policy.action("birth-date")} == {"year"}
    assert policy.shift_days is None


@pytest.mark.parametrize("kind", MAKERS)
def test_h1_no_planted_identifier_survives_in_a_text_or_a_table(kind):
    deidentifier = Deidentifier("safe-harbor", key=b"k" * 32)
    planted, outputs = {}, []
    for number in range(10):
        values = list(dict.fromkeys(MAKERS[kind]() for _ in range(20)))
        patient = f"p{number}"
        planted[patient] = {kind: values}
        texts = [f"因胸闷2周就诊，{value}，律齐。" for value in values[:10]]
        texts += [f"Seen for cough. {value}. Lungs clear." for value in values[10:]]
        done = deidentifier.texts(texts, planted[patient], patient)
        table = deidentifier.table(
            pl.DataFrame({"_patient": [patient] * len(values), "x": values}), {"x": kind}
        )
        outputs += [(patient, clean.text.encode()) for clean in done] + [
            (patient, table.write_csv().encode())
        ]
    search = search_bytes(planted, outputs)
    assert search.identifiers >= 190
    assert search.found == 0


def test_h2_three_digits_of_a_zip_code_stay_only_above_twenty_thousand_people():
    few, unused = word_set("zip3", "few_people"), word_set("zip3", "not_in_use")
    assert len(few) == 17
    assert not few & unused
    for prefix in (f"{number:03d}" for number in range(1000)):
        wanted = "000**" if prefix in few | unused else f"{prefix}**"
        assert three_digit_zip(f"{prefix}01") == wanted
        assert (
            generalise_place("address", f"1 Elm Street, Springfield, IL {prefix}01", "[A]") == f"IL {wanted}"
        )
    assert date.fromisoformat(words("zip3", "dated")[0]) >= date(2026, 11, 21)


@settings(max_examples=60)
@given(born=st.dates(date(1890, 1, 1), date(1925, 1, 1)), years=st.integers(90, 99))
def test_h3_no_birth_date_beside_an_event_tells_an_age_of_ninety(born, years, clean):
    event = born + timedelta(days=int(years * 365.25) + 3)
    (text,) = clean(f"出生日期：{born}。入院日期：{event}。", policy="safe-harbor")
    assert str(born.year) not in text.split("。")[0]


def test_h4_codes_are_unlinkable_under_another_key_and_cannot_be_tried_out():
    one, two = (Deidentifier("gdpr-pseudonymise", key=key) for key in (b"k" * 32, b"x" * 32))
    numbers = [f"{number:010d}" for number in range(300)]
    ours = {one.pseudonym(number) for number in numbers}
    assert len(ours) == 300
    assert not ours & {two.pseudonym(number) for number in numbers}


TEXT = """
name = "codes"
basis = "a test"
status = "pseudonymised"
threshold = 0.5

[actions]
name = "hash"
staff = "token"
kin = "mask"
phone = "mask"
record-number = "hash"
address = "token"
place = "hash"
organisation = "generalise"
date = "keep"
birth-date = "keep"
age = "keep"
ethnicity = "redact"
occupation = "redact"
""" + "\n".join(
    f'{kind} = "redact"'
    for kind in ("resident-id", "passport", "permit", "ssn", "insurance-id", "email", "url", "ip", "account-number", "plate", "device-id", "social", "other-id")
)  # fmt: skip


def test_every_action_does_what_it_says(tmp_path):
    path = tmp_path / "codes.toml"
    path.write_text(TEXT, encoding="utf-8")
    maker = Deidentifier(str(path), key=b"k" * 32, language="zh")
    known = {
        "name": ("张建国",),
        "staff": ("李敏",),
        "phone": ("13800138000",),
        "record-number": ("ZY0012345",),
    }
    text = "张建国，建国，Zhang Jianguo，李敏医师，13800138000，ZY-0012345，zy0012345，北京协和医院"
    (clean,) = maker.texts([text], known, "p1")
    codes = clean.text.split("，")
    assert codes[0] == codes[1] == codes[2]
    assert codes[0].startswith("[姓名:")
    assert len(codes[0]) == len("[姓名:]") + 16
    assert codes[3].startswith("[医护人员:")
    assert codes[3].endswith("]医师")
    assert codes[4] == "138****8000"
    assert codes[5] == codes[6]
    assert codes[7] == "某医院"
    (other,) = maker.texts([text], known, "p2")
    assert other.text.split("，")[0] != codes[0]
    column = maker.table(
        pl.DataFrame({"_patient": ["p1", "p2"], "n": ["ZY0012345"] * 2}), {"n": "record-number"}
    )
    assert column["n"][0] == codes[5]
    assert column["n"][1] != codes[5]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("threshold = 0.5", "threshold = 0.5\nkeep_weekday = true", "without shifting"),
        ('date = "keep"', 'date = "shift"', "shift"),
        ('status = "pseudonymised"', 'status = "de-identified"', "can be undone"),
        ('age = "keep"', 'age = "token"', "asks for token on age"),
        ("threshold = 0.5", "threshold = 0.5\nreversible = 1", "not written as a policy"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(old, new, message):
    with pytest.raises(InvalidInput, match=message):
        read_policy(TEXT.replace(old, new, 1), "codes.toml")


@pytest.mark.parametrize(("days", "fits"), [("[-6, -1]", False), ("[1, 6]", False), ("[-7, -1]", True), ("[3, 7]", True)])  # fmt: skip
def test_weekdays_are_kept_only_where_a_whole_week_fits(days, fits):
    text = TEXT.replace("threshold = 0.5", f"threshold = 0.5\nkeep_weekday = true\nshift_days = {days}")
    text = text.replace('date = "keep"', 'date = "shift"', 1)
    if fits:
        assert read_policy(text, "codes.toml").keep_weekday
    else:
        with pytest.raises(InvalidInput, match="no whole number of weeks"):
            read_policy(text, "codes.toml")
