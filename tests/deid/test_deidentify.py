"""The door of the room: spans, review, fields, bad input, and nothing of a patient in a repr."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.deid.deidentify import Deidentifier
from confide.deid.policy import POLICIES
from confide.errors import GateRefused, InvalidInput

DOUBTFUL = "入院日期：2023-02-30，证件110105194912310021，余无殊。"
PIECES = ["姓名：张建国 ", "患者李敏，男，", "Dr. Kumar ", "MRN: 0012345 ", "2023年5月1日", "05/01/2023 ", "13800138000", "92岁", "\u202e", "\x00", "\ud800", "é", "e\u0301", "１２３", "\n", "ﬁ", "\U0001f600", "北京协和医院", "2月30日", "a@b.cn "]  # fmt: skip
messy = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=12).map("".join)


@settings(max_examples=300)
@given(text=messy, other=messy, policy=st.sampled_from(POLICIES))
def test_spans_are_of_the_original_text_and_everything_outside_them_is_untouched(text, other, policy, note):
    results = Deidentifier(policy=policy, key=b"k" * 32).patient(
        [note(text), note(other, id="n2")], {"name": ("张建国",)}
    )
    for source, done in zip((text, other), results, strict=True):
        at, kept = 0, []
        for span in done.spans:
            assert at <= span.start < span.end <= len(source)
            kept.append(re.escape(source[at : span.start]))
            at = span.end
        pattern = "(?s:.*)".join([*kept, re.escape(source[at:])])
        assert re.fullmatch(pattern, done.text)


@settings(max_examples=60)
@given(text=messy)
def test_the_same_notes_give_the_same_result(text, clean):
    assert clean(text) == clean(text)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("review", ["mask", "hold"])
def test_a_doubtful_span_never_leaves_unmasked(policy, review, note):
    (done,) = Deidentifier(policy=policy, key=b"k" * 32, review=review).patient([note(DOUBTFUL)], {})
    assert "2023-02-30" not in done.text
    assert "110105194912310021" not in done.text
    assert done.held == (review == "hold")
    assert len(done.review) == 2
    item = done.review[0]
    assert item.document == "n1"
    assert (
        item.context[item.offset : item.offset + item.span.end - item.span.start]
        == DOUBTFUL[item.span.start : item.span.end]
    )


def test_block_refuses_and_names_only_numbers(note):
    with pytest.raises(GateRefused) as refused:
        Deidentifier(policy="pipl", key=b"k" * 32, review="block").patient([note(DOUBTFUL)], {})
    assert str(refused.value).startswith("2 doubtful spans in 1 documents")
    assert refused.value.exit_code == 4


def test_what_is_sure_holds_and_blocks_nothing(note):
    for review in ("hold", "block"):
        (done,) = Deidentifier(policy="pipl", key=b"k" * 32, review=review).patient(
            [note("姓名：张建国")], {}
        )
        assert not done.held
        assert done.review == ()


def test_no_repr_shows_text_names_or_ids(note):
    deidentifier = Deidentifier(policy="pipl", key=b"k" * 32, review="hold")
    (done,) = deidentifier.patient(
        [note(DOUBTFUL + "姓名：张建国", id="住院号-99", remark="赵六来电")], {"name": ("张建国",)}
    )
    for secret in ("张建国", "张", "110105", "2023-02-30", "号-99", "余无殊", "赵六", "p1"):
        assert secret not in repr(done)
        assert secret not in repr(done.review[0])


def test_pseudonyms_of_note_and_patient_hold_neither_id(note):
    (done,) = Deidentifier(policy="pipl", key=b"k" * 32).patient(
        [note("x", id="ZY001", patient="110105")], {}
    )
    assert re.fullmatch("N-[a-z2-9]{16}", done.release_id)
    assert re.fullmatch("P-[a-z2-9]{16}", done.patient)


def test_fields_of_a_note_are_treated_like_its_text(note):
    deidentifier = Deidentifier(policy="safe-harbor", key=b"k" * 32, language="zh")
    (done,) = deidentifier.patient(
        [note("张三丰来诊", 姓名="李四光", ward="心内科", who="张三丰", born="1960-02-03")],
        {},
        identifiers={"who": "name", "born": "birth-date"},
    )
    assert done.text == "[姓名]来诊"
    assert done.fields == {"姓名": "[姓名]", "ward": "心内科", "who": "[姓名]", "born": "1960"}


def test_a_limited_data_set_keeps_dates_and_a_redaction_speaks_the_language_of_the_study(clean):
    text = "Seen on May 1, 2023 by Dr. Kumar"
    assert clean(text, policy="limited-data-set") == ["Seen on May 1, 2023 by Dr. [STAFF]"]
    assert clean(text, policy="limited-data-set", language="zh") == ["Seen on May 1, 2023 by Dr. [医护人员]"]


def test_no_notes_give_no_results():
    assert Deidentifier(policy="pipl", key=b"k" * 32).patient([], {"name": ("张伟",)}) == []


def test_notes_of_two_patients_and_unknown_classes_are_refused(note):
    deidentifier = Deidentifier(policy="pipl", key=b"k" * 32)
    with pytest.raises(InvalidInput, match="more than one patient"):
        deidentifier.patient([note("a"), note("b", patient="p2")], {})
    with pytest.raises(InvalidInput, match="not a class"):
        deidentifier.patient([note("a")], {"nickname": ("x",)})


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "1",
        "A.",
        "Aa ",
        "张",
        "路",
        "月",
        "姓名:",
        "a@",
        "\x00",
        "\u202eא",
        "\ud800",
        "e\u0301",
        "医院",
        "1/1/",
        "患者张建国,男,45岁。",
        "a'",
        "张·",
        " ",
    ],
)
def test_a_long_line_of_anything_does_not_crash_or_take_quadratic_time(unit, note):
    deidentifier = Deidentifier(policy="pipl", key=b"k" * 32)
    known = {"name": ("张建国", "aaa bbb"), "phone": ("11111111111",), "birth-date": ("1949-12-31",)}
    small, large = (unit * (n // len(unit)) for n in (20_000, 160_000))
    deidentifier.patient([note(small)], known)
    times = []
    for text in (small, large):
        start = time.process_time()
        deidentifier.patient([note(text)], known)
        times.append(time.process_time() - start)
    assert times[1] < max(64 * 0.6 * times[0], 2)  # quadratic would be 64 times


def test_a_note_of_two_million_characters_comes_through(note):
    text = "患者神志清，律齐，血压120/80mmHg，建议低盐饮食，3月后复查。\n" * 60_000 + "姓名：张建国"
    start = time.process_time()
    (done,) = Deidentifier(policy="safe-harbor", key=b"k" * 32).patient([note(text)], {})
    assert len(text) > 2_000_000
    assert done.text.endswith("姓名：[NAME]")
    assert len(done.spans) == 1
    assert time.process_time() - start < 60
