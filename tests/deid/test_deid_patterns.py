"""Patterns with validators: what has the shape of an identifier is found, or doubtful when its check fails."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from confide.deid import validators
from confide.deid.fold import fold, normal
from confide.deid.hits import settle
from confide.deid.pattern_rows import PATTERNS
from confide.deid.patterns import find_patterns
from confide.deid.validators import resident_check

FOUND = [
    ("resident-id", "11010519491231002X"), ("resident-id", "11010519491231002x"), ("resident-id", "110105 19491231 002X"), ("resident-id", "110105491231002"),
    ("phone", "13800138000"), ("phone", "138-0013-8000"), ("phone", "+86 138 0013 8000"), ("phone", "0086-13800138000"), ("phone", "010-62770000"), ("phone", "(0379)63210000"), ("phone", "0571-88880000-123"), ("phone", "400-810-1234"),
    ("phone", "(212) 555-0199"), ("phone", "212-555-0199"), ("phone", "+1 212.555.0199"), ("phone", "212-555-0199 x12"), ("phone", "+44 20 7946 0958"),
    ("ssn", "123-45-6789"), ("email", "a.b-c@mail.hospital.com.cn"), ("url", "https://example.com/a?b=1"), ("url", "www.hospital.cn/x"), ("url", "hospital.com.cn"),
    ("ip", "10.12.200.3"), ("ip", "fe80::1"), ("account-number", "4111 1111 1111 1111"), ("account-number", "6222020200112233440"[:16]), ("plate", "京A12345"), ("plate", "粤B·12345D"),
    ("passport", "E12345678"), ("passport", "EA1234567"), ("other-id", "91350100M000100Y43"), ("record-number", "ZY0012345678"),
]  # fmt: skip


def found(text):
    folded = fold(text).text
    return [
        (hit.type, folded[hit.start : hit.end], hit.score) for hit in settle(folded, find_patterns(folded))
    ]


@pytest.mark.parametrize(("kind", "value"), FOUND)
@pytest.mark.parametrize("carrier", ["{}", "患者{}来电", "是{}。", " {} ", "({})", "no {}, yes"])
def test_identifiers_are_found_beside_han_and_latin_text_alike(kind, value, carrier):
    assert (kind, value) in [(k, v) for k, v, _ in found(carrier.format(value))]


@given(
    region=st.sampled_from(["110105", "310104", "650102"]),
    birth=st.dates(
        min_value=__import__("datetime").date(1900, 1, 1), max_value=__import__("datetime").date(2024, 1, 1)
    ),
    order=st.integers(0, 999),
    before=st.sampled_from(["", "身份证", "号：", "x", " "]),
    after=st.sampled_from(["", "，", "号", "。", " y"]),
    wide=st.booleans(),
)
def test_no_mask_leaves_the_eighteenth_digit_of_a_resident_id(region, birth, order, before, after, wide):
    body = f"{region}{birth:%Y%m%d}{order:03d}"
    value = body + resident_check(body)
    shown = value.translate({i: i + 0xFEE0 for i in range(0x21, 0x7F)}) if wide else value
    text = fold(before + shown + after).text
    assert ("resident-id", value, 1.0) in found(before + shown + after)
    rest = text.replace(value, "")
    assert not re.search("[0-9X]", rest)


@given(st.from_regex(r"\A[1-6][0-9]{16}[0-9X]\Z"))
def test_the_shape_of_a_resident_id_with_a_wrong_check_is_doubtful_and_not_ignored(value):
    assume(not validators.is_luhn(value[:17]))  # a card of 17 and one letter more
    (hit,) = [each for each in found(f"证件{value}。") if each[1] == value]
    right = validators.is_resident_id(value) or (value.isdigit() and validators.is_luhn(value))
    assert (hit[2] >= 0.5) == right


@pytest.mark.parametrize(
    "text",
    ["血压120/80mmHg", "3月余", "10余年", "WBC 10.5×10^9/L", "CA19-9", "国药准字H20051234", "NCT01234567", "1.3.4.5", "T 36.5℃ P 80次/分", "5-10mg 每日2次", "pH 7.35-7.45", "2-3 times", "COVID-19", "12:30:45", "HbA1c 6.5%"],
)  # fmt: skip
def test_clinical_numbers_are_no_identifiers(text):
    assert found(text) == []


@pytest.mark.parametrize("value", ["000-12-3456", "912-34-5678"])
def test_an_impossible_ssn_is_doubtful(value):
    assert [(k, s < 0.5) for k, _, s in found(f"SSN {value}")] == [("ssn", True)]


def test_rows_hold_no_look_behind_so_that_another_engine_can_run_them():
    assert [row.rule for row in PATTERNS if "(?<" in row.regex.replace("(?P<", "")] == []


def test_fold_finds_the_way_back_to_the_original():
    text = "Jose\u0301 ﬁnd １３８\u200b0013 ㎏ é"
    folded = fold(text)
    assert folded.text == "Jose find 1380013 kg e"
    start = folded.text.index("1380013")
    a, b = folded.span(start, start + 7)
    assert text[a:b] == "１３８\u200b0013"


@given(st.text(max_size=60))
def test_fold_maps_every_span_into_the_original(text):
    folded = fold(text)
    for i in range(len(folded.text)):
        a, b = folded.span(i, i + 1)
        assert 0 <= a < b <= len(text)
    assert normal(folded.text) == normal(text)


@given(
    width=st.integers(20, 44),
    values=st.lists(
        st.sampled_from([("resident-id", "11010519491231002X"), ("phone", "13800138000"), ("email", "li.ming@hospital.org")]),
        min_size=1,
        max_size=3,
    ),
    filler=st.text("患者诉头痛发热两天体温正常，。查", min_size=100, max_size=160),
)  # fmt: skip
def test_a_value_that_a_fixed_width_broke_over_two_lines_is_found(width, values, filler):
    text = filler
    for i, (_, value) in enumerate(values):
        at = (i + 1) * len(filler) // (len(values) + 1) + i
        text = f"{text[:at]}，{value}。{text[at:]}"
    lines, room = [""], width
    for character in text:
        wide = 1 if character.isascii() else 2
        if wide > room:
            lines.append("")
            room = width
        lines[-1] += character
        room -= wide
    seen = found("\n".join(lines))
    assert {(kind, value) for kind, value in values} <= {(kind, value) for kind, value, _ in seen}
