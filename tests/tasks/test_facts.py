"""A report says what its prompt says, and nothing else: facts are found, denials kept, inventions counted."""

import pytest

from confide.tasks.facts import Fact, facts, faithfulness


def what(text, language):
    return {(fact.what, fact.denied) for fact in facts(text, language)}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("She has high blood pressure and diabetes mellitus.", {("hypertension", False), ("diabetes", False)}),
        ("She has had no fever, chills or cough.", {("fever", True), ("chills", True), ("cough", True)}),
        ("No fever. Cough for three weeks.", {("fever", True), ("cough", False), ("3 w", False)}),
        ("denies chest pain but has dyspnea", {("chest pain", True), ("shortness of breath", False)}),
        ("Tylenol 650 mg, blood pressure 128/80", {("acetaminophen", False), ("650 mg", False), ("128/80", False)}),
        ("a 50-year-old, 10 cc of lidocaine", {("50 y", False), ("10 ml", False), ("lidocaine", False)}),
    ],
)  # fmt: skip
def test_english_facts_are_found_with_their_denial(text, wanted):
    assert wanted <= what(text, "en")
    assert not {(name, not denied) for name, denied in wanted} & what(text, "en")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("患者血压高三年，否认糖尿病。", {("高血压", False), ("3 y", False), ("糖尿病", True)}),
        ("没有胸闷，有心慌", {("胸闷", True), ("心慌", False)}),
        ("阿司匹林每日100mg，十二天", {("阿司匹林", False), ("100 mg", False), ("12 d", False)}),
        ("血压150/90毫米汞柱，68岁", {("150/90", False), ("68 y", False)}),
    ],
)
def test_chinese_facts_are_found_with_their_denial(text, wanted):
    assert wanted <= what(text, "zh")


def test_an_invented_fact_costs_precision_and_a_missing_one_recall():
    scored = faithfulness([("fever for 3 days", "fever and asthma"), ("cough", "cough")], "en")
    assert scored["precision"] == pytest.approx(2 / 3)
    assert scored["recall"] == pytest.approx(2 / 3)
    assert scored["contradicted"] == 0.0


def test_turning_a_denial_round_is_a_contradiction():
    assert faithfulness([("no fever", "fever")], "en")["contradicted"] == 1.0


def test_a_report_that_says_nothing_has_no_precision():
    scored = faithfulness([("fever", "thank you")], "en")
    assert scored["precision"] is None
    assert scored["recall"] == 0.0
    assert scored["status"] == "identified"


def test_a_fact_shows_nothing_of_the_text():
    assert "fever" not in repr(Fact("finding", "fever", True))
