"""A text file comes out as it was written, or is refused with the place of the fault and never the bytes."""

import codecs
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.errors import InvalidInput
from confide.records.encoding import to_utf8

any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\ufeff"))
everyday_chinese = st.text("患者女岁因咳嗽三天入院，abc123\n", min_size=1)


@given(text=any_text)
def test_utf8_comes_out_as_it_was_written_with_and_without_a_mark(text):
    with contextlib.suppress(InvalidInput):  # a few characters that could be GB18030 as well
        assert to_utf8(text.encode(), "a.csv").decode() == text
    assert to_utf8(codecs.BOM_UTF8 + text.encode(), "a.csv").decode() == text


@given(text=any_text)
def test_utf16_with_a_mark_comes_out_as_it_was_written(text):
    assert to_utf8(codecs.BOM_UTF16_LE + text.encode("utf-16-le"), "a.csv").decode() == text
    assert to_utf8(codecs.BOM_UTF16_BE + text.encode("utf-16-be"), "a.csv").decode() == text


@given(text=everyday_chinese)
def test_everyday_chinese_in_gb18030_comes_out_as_it_was_written_or_is_refused(text):
    with contextlib.suppress(InvalidInput):
        assert to_utf8(text.encode("gb18030"), "a.csv").decode() == text


def test_a_chinese_sentence_in_gb18030_comes_out_as_it_was_written():
    text = "患者，女，46岁，因“咳嗽3天”入院，体温37.8℃"
    assert to_utf8(text.encode("gb18030"), "a.csv").decode() == text


def test_too_few_characters_to_tell_are_refused_and_accents_are_not():
    with pytest.raises(InvalidInput, match="too few characters"):
        to_utf8("院".encode("gb18030"), "a.csv")
    assert to_utf8("José, 5 µg, 37 °C".encode(), "a.csv").decode() == "José, 5 µg, 37 °C"


@given(data=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data):
    with contextlib.suppress(InvalidInput):
        to_utf8(data, "a.csv").decode("utf-8")


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\n"])
def test_lines_end_in_a_line_feed_wherever_they_were_written(newline):
    assert to_utf8(f"a{newline}b".encode(), "a.csv") == b"a\nb"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Müller hat Fieber, größer als üblich", "latin-1"),
        ("Señora Núñez, 38 años, ingresó", "cp1252"),
        ("患者張大文因發燒入院檢查，病歷號碼已登記", "big5"),
        ("患者さんは熱があります", "shift_jis"),
    ],
)
def test_other_encodings_are_refused_and_not_read_as_nonsense(text, encoding):
    with pytest.raises(InvalidInput, match="neither UTF-8 nor GB18030"):
        to_utf8(text.encode(encoding), "a.csv")


def test_a_broken_byte_is_named_by_byte_and_line():
    with pytest.raises(InvalidInput) as refused:
        to_utf8("编号\n1\n甲".encode() + b"\xff\n", "a.csv")
    assert refused.value.public == {"file": "a.csv", "byte": 13, "line": 3}


def test_a_broken_byte_in_gb18030_is_named_by_its_own_place():
    with pytest.raises(InvalidInput) as refused:
        to_utf8("编号,姓名\n1,张三\n".encode("gb18030") + b"\xff\xff", "a.csv")
    assert refused.value.public["line"] == 3


def test_text_with_nul_bytes_is_refused():
    with pytest.raises(InvalidInput, match="NUL at byte 2, in line 1"):
        to_utf8("ab".encode("utf-16-le"), "a.csv")
