"""Everyday and clinical words are let go of, and what a rule or a structured field names never is."""

import pytest

from confide.deid.deidentify import Deidentifier


def texts(*documents, language="en", known=None):
    deid = Deidentifier("safe-harbor", key=bytes(32), language=language)
    return [clean.text for clean in deid.texts(documents, known or {}, "p")]


def test_a_catheter_that_is_called_like_a_found_patient_stays_and_the_patient_does_not():
    first, second = texts("Patient: John Foley. Seen today.", "Foley catheter changed. John Foley slept.")
    assert "Foley catheter" in second
    assert "John" not in first + second


def test_a_given_name_goes_even_where_it_is_an_everyday_word():
    [text] = texts("The family met with grace. Seen by Dr. Hale.", known={"name": ("Grace",)})
    assert "grace" not in text


@pytest.mark.parametrize("word", ["桃子", "社区"])
def test_two_han_that_are_a_word_stay_unless_they_were_given(word):
    sentence = f"今日食{word}后不适。"
    assert texts(sentence, language="zh") == [sentence]
    assert word not in texts(sentence, language="zh", known={"name": (word,)})[0]


def test_ten_of_ten_is_pain_and_otherwise_may_be_a_day():
    [pain] = texts("Pain is rated 8/10 after dressing.")
    assert "8/10" in pain
