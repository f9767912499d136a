"""Dates: read in all usual formats, written back in their own, moved so that intervals stay."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.deid.ages import find_ages
from confide.deid.dates import find_dates, move_date
from confide.deid.fold import fold
from confide.deid.policy import load_policy
from confide.deid.replace import Keyed, age_at, shift_of

MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]  # fmt: skip
HAN = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"]


def han(n):
    tens, ones = divmod(n, 10)
    return ("" if not tens else "十" if tens == 1 else HAN[tens] + "十") + (HAN[ones] if ones else "")


FORMATS = {
    "zh": lambda d: f"{d.year}年{d.month}月{d.day}日",
    "zh-padded": lambda d: f"{d:%Y年%m月%d日}",
    "zh-hao": lambda d: f"{d.year}年{d.month}月{d.day}号",
    "republic": lambda d: f"民国{d.year - 1911}年{d.month}月{d.day}日",
    "zh-spaced": lambda d: f"{d.year} 年 {d.month} 月 {d.day} 日",
    "zh-han": lambda d: (
        "".join("〇一二三四五六七八九"[int(c)] for c in f"{d.year}") + f"年{han(d.month)}月{han(d.day)}日"
    ),
    "iso": lambda d: f"{d:%Y-%m-%d}",
    "slash": lambda d: f"{d.year}/{d.month}/{d.day}",
    "dots": lambda d: f"{d:%Y.%m.%d}",
    "compact": lambda d: f"{d:%Y%m%d}",
    "us": lambda d: f"{d:%m/%d/%Y}",
    "us-short": lambda d: f"{d:%m/%d/%y}",
    "long": lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
    "abbreviated": lambda d: f"{MONTHS[d.month - 1][:3]} {d.day}, {d.year}",
    "british": lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
    "lab": lambda d: f"{d.day:02d}-{MONTHS[d.month - 1][:3].upper()}-{d.year}",
}


def loose(written):
    """Forget what a date cannot tell of its own format: whether 12/25 is padded and May short."""
    short = re.sub("|".join(MONTHS), lambda match: match.group()[:3], written, flags=re.IGNORECASE)
    return re.sub(r"(?<![0-9])0(?=[0-9])", "", short)


days = st.dates(min_value=date(1935, 1, 1), max_value=date(2028, 12, 31))


@given(
    day=days,
    form=st.sampled_from(sorted(FORMATS)),
    carrier=st.sampled_from(["{}", "于{}入院", "on {} he came", "（{}）", "{} 10:30"]),
)
def test_a_date_is_read_in_every_format(day, form, carrier):
    text = carrier.format(FORMATS[form](day))
    assert any(day in hit.readings for hit in find_dates(fold(text).text))


@given(
    first=days,
    second=days,
    patient=st.text(min_size=1, max_size=8),
    one=st.sampled_from(sorted(FORMATS)),
    two=st.sampled_from(sorted(FORMATS)),
)
def test_the_shift_keeps_the_interval_between_two_dates_of_a_patient(first, second, patient, one, two, clean):
    if {one, two} & {"us", "us-short"} and one != two:
        two = one
    policy = load_policy("gbt37964-research")
    moved = shift_of(policy, Keyed(b"k" * 32), patient)
    assert moved != 0
    out = clean(f"A {FORMATS[one](first)} B", f"A {FORMATS[two](second)} B", patient=patient)
    for text, day, form in zip(out, (first, second), (one, two), strict=True):
        written = {FORMATS[form](day + timedelta(days=moved))}
        if form in ("us", "us-short"):
            assert find_dates(text)
        else:
            assert loose(text[2:-2]) in {loose(w) for w in written}


@given(day=days, patient=st.text(min_size=1, max_size=8))
def test_a_shifted_date_never_equals_the_original(day, patient, clean):
    assert f"{day:%Y-%m-%d}" not in clean(f"{day:%Y-%m-%d} visit", patient=patient)[0]


@pytest.mark.parametrize(
    "text", ["2023-02-30", "2023年2月30日", "2023年13月5日", "Feb 30, 2023", "31/31/2020"]
)
def test_a_day_that_does_not_exist_is_doubtful_and_masked(text, clean, note):
    (hit,) = find_dates(text)
    assert hit.score < 0.5
    assert hit.readings == ()
    for policy in ("safe-harbor", "gbt37964-research", "limited-data-set"):
        assert clean(f"x {text} y", policy=policy) == ["x [DATE] y"]


@pytest.mark.parametrize(
    "text",
    ["3月余", "病史3月", "10余年", "1周", "每日2次", "术后2月", "必要时", "5天", "for 3 months", "may 2 tablets", "BP 120/80", "5/5 strength", "grade 2/6 murmur", "2-3 times", "in 2008", "2023年", "10年5月", "24小时", "1-2个月", "march 3 miles"],
)  # fmt: skip
def test_durations_and_bare_years_are_no_dates(text):
    assert find_dates(text) == []


@pytest.mark.parametrize(
    ("text", "year_only"),
    [
        ("2023年5月1日入院", "2023年入院"),
        ("2023-05-01 10:30", "2023 10:30"),
        ("05/01/23 seen", "2023 seen"),
        ("5月1日入院", "[日期]入院"),
        ("May 1, 2023 seen", "2023 seen"),
        ("May 1 seen", "[日期] seen"),
        ("二〇二三年五月一日", "二〇二三年"),
        ("2023年5月1日-3日", "2023年-[日期]"),
        ("2023年5月13日19:20术毕", "2023年19:20术毕"),
        ("2023年5月3日03时14分", "2023年03时14分"),
        ("2023年5月复查", "2023年复查"),
        ("民國112年5月1日入院", "2023年入院"),
        ("2023年5月6-8日", "2023年-[日期]"),
        ("民国112年5月6至8日", "2023年至[日期]"),
        ("民國112年5月入院", "2023年入院"),
        ("去年5月复查", "[日期]复查"),
    ],
)
def test_safe_harbor_keeps_the_year_only(text, year_only, clean):
    assert clean(text, policy="safe-harbor", language="zh") == [year_only]


def test_day_first_is_read_where_the_text_shows_it():
    assert [move_date(hit, 1) for hit in find_dates("13/04/2021 then 03/04/2021")] == [
        "14/04/2021",
        "04/04/2021",
    ]


@pytest.mark.parametrize("text", ["１９９０年０１月０２日", "１９９０-０１-０２"])
def test_full_width_dates_stay_full_width(text, clean):
    (out,) = clean(text)
    assert out != text
    assert not any(c in "0123456789" for c in out)


@given(
    born=st.dates(min_value=date(1900, 1, 1), max_value=date(2000, 1, 1)),
    event=st.dates(min_value=date(2000, 1, 2), max_value=date(2030, 1, 1)),
)
def test_a_birth_date_that_implies_ninety_years_is_never_seen(born, event, clean):
    (text,) = clean(f"出生日期：{born:%Y-%m-%d}，就诊日期：{event:%Y-%m-%d}", policy="safe-harbor")
    if age_at(born, event) >= 90:
        assert str(born.year) not in text.replace(str(event.year), "", 1)
        assert "90+" in text
    else:
        assert f"：{born.year}，" in text


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("92岁", 92), ("９２岁", 92), ("90余岁", 90), ("九十二岁", 92), ("一百零三岁", 103), ("年龄：95", 95), ("九旬老人", 90),
        ("92-year-old man", 92), ("92 year old", 92), ("92 y/o", 92), ("92yo female", 92), ("aged 92", 92), ("Age: 92", 92), ("ninety-two-year-old", 92), ("in her 90s", 90), ("IN HER 90S", 90), ("IN HER 90'S", 90), ("101 years of age", 101),
    ],
)  # fmt: skip
def test_ages_of_ninety_and_more_become_one_group(text, years, clean):
    assert find_ages(fold(text).text)[0].years == years
    out = fold(clean(text, policy="safe-harbor")[0]).text
    assert ("90岁以上" in out) or ("90+" in out)
    assert str(years) not in out.replace("90岁以上", "").replace("90+", "")


@pytest.mark.parametrize("text", ["45岁", "a 45-year-old man", "六十五岁", "89岁", "aged 89"])
def test_ages_below_ninety_stay(text, clean):
    assert clean(text, policy="safe-harbor") == [text]


def test_a_bare_year_of_birth_that_implies_ninety_years_is_grouped(clean):
    assert clean("生于1925年，2020年5月1日就诊", policy="safe-harbor") == ["生于90岁以上，2020年就诊"]
    assert clean("born in 1960, seen May 1, 2020", policy="safe-harbor") == ["born in 1960, seen 2020"]


def test_a_year_of_the_republic_keeps_its_padding():
    assert [move_date(hit, -40) for hit in find_dates("民国08年3月5日")] == ["民国08年1月24日"]
