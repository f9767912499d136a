"""Everyday and clinical words are let go of, and what a rule or a structured field names never is."""

import pytest

from confide.deid.deidentify import Deidentifier
from confide.deid.everyday import is_called
from confide.deid.hits import Hit


def texts(*documents, language="en", known=None):
    deid = Deidentifier("safe-harbor", key=bytes(32), language=language)
    return [clean.text for clean in deid.texts(documents, known or {}, "p")]


def test_a_catheter_that_is_called_like_a_found_patient_stays_and_the_patient_does_not():
    first, second = texts("Patient: John Foley. Seen today.", "Foley catheter changed. John Foley slept.")
    assert "Foley catheter" in second
    assert "John" not in first + second


def test_a_given_name_goes_even_where_it_is_an_everyday_word():
    [text] = texts("Her sister grace came in. Seen by Dr. Hale.", known={"name": ("Grace",)})
    assert "grace" not in text


@pytest.mark.parametrize("word", ["柚子", "社区"])
def test_two_han_that_are_a_word_stay_unless_they_were_given(word):
    sentence = f"今日食{word}后不适。"
    assert texts(sentence, language="zh") == [sentence]
    assert word not in texts(sentence, language="zh", known={"name": (word,)})[0]


@pytest.mark.parametrize("name", ["康健", "夏天", "丁香", "梅花", "高峰", "文静", "白天明"])
@pytest.mark.parametrize(
    "sentence", ["患者女儿{}陪同来院。", "病人{}，男，45岁。", "{}主任查房。", "联系{}，电话已通知。"]
)
def test_a_name_that_is_a_word_goes_where_the_network_is_sure_and_the_text_says_so(name, sentence):
    assert name not in texts(sentence.format(name), language="zh")[0]


def test_a_physician_that_is_called_like_a_word_goes_and_the_word_stays():
    sure = [Hit(start, start + 1, "name", 0.69, "tagger:name") for start in (2, 9)]
    assert [is_called("请示于医生同意,由于医生不在", hit) for hit in sure] == [True, False]


def test_ten_of_ten_is_pain_and_otherwise_may_be_a_day():
    [pain] = texts("Pain is rated 8/10 after dressing.")
    assert "8/10" in pain


@pytest.mark.parametrize("name", ["白术生", "黄连翘"])
def test_a_name_behind_its_key_goes_though_it_begins_like_an_herb(name):
    assert name not in texts(f"姓名：{name} 性别：男", language="zh")[0]
    assert texts("姓名：何首乌", language="zh") == ["姓名：何首乌"]


def test_a_voltage_is_no_address_and_the_day_of_a_saint_no_hospital():
    [voltage, day] = texts("RV threshold 0.75V@0.4 ms.", "Seen after St Patrick's Day.", language="en")
    assert "[EMAIL]" not in voltage
    assert "St Patrick's Day" in day
    assert "[EMAIL]" in texts("Mail u@10.0.0.1 now.", language="en")[0]
