"""The examples that the tagger is trained on are labelled where they say, and its splits share nothing."""

import gzip
import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from training.corpus import GRAMMAR, PAPER, Example, examples, write  # noqa: E402
from training.grammar import Draw, Grammar, read_rules  # noqa: E402
from training.noise import assembled, cut, folded, spoil  # noqa: E402

from training import carriers, generators, names, numbers, places_en, places_zh  # noqa: E402

TYPES = {"name", "organisation", "address", "place", "date", "other-id"}
BOTH = pytest.mark.parametrize("language", ["zh", "en"])


def made(language: str, split: str, n: int = 400, seed: int = 5) -> list[Example]:
    return list(examples(n, seed=seed, split=split, language=language))


@BOTH
@pytest.mark.parametrize("split", ["train", "held"])
def test_spans_are_in_order_apart_and_without_white_space_or_stops_at_their_ends(language, split):
    for example in made(language, split):
        place = 0
        for start, end, kind in example.spans:
            assert place <= start < end <= len(example.text)
            assert kind in TYPES
            value = example.text[start:end]
            assert value == value.strip()
            place = end


@BOTH
def test_a_span_covers_exactly_the_value_that_was_drawn(language):
    slots = generators.ZH if language == "zh" else generators.EN
    for kind, slot in [
        ("name", "patient"),
        ("organisation", "hosp"),
        ("address", "address"),
        ("date", "date"),
    ]:
        rules = Grammar({"doc": [f"before<{{{slot}}}>after"]}, slots)
        for seed in range(60):
            draw = Draw(names.Random(seed), "train")
            text, spans = assembled(rules.expand("doc", draw))
            value = re.fullmatch(r"(?s)before<(.*?)[.,;: ]*>after", text)
            assert value is not None
            assert spans == ((7, 7 + len(value[1]), kind),)


@BOTH
def test_noise_keeps_every_span_on_its_own_piece(language):
    pieces = [("abc ", None), ("张伟" if language == "zh" else "Mary Jones", "name"), (" 1234, tail.", None)]
    for seed in range(300):
        text, spans = assembled(spoil(list(pieces), names.Random(seed), language))
        assert len(spans) == 1
        start, end, kind = spans[0]
        assert kind == "name"
        assert text[start:end].strip() == text[start:end]
        assert not any(c.isdigit() for c in text[start:end])


def test_a_cut_never_goes_through_a_value():
    text = "aa 张伟 bb 李丽 cc"
    spans = ((3, 5, "name"), (9, 11, "name"))
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            window, inside = cut(text, spans, start, end)
            assert all(window[a:b] in ("张伟", "李丽") for a, b, _ in inside)
            for value in "张伟李丽":
                assert (value in window) == any(value in window[a:b] for a, b, _ in inside)


@BOTH
def test_the_same_seed_gives_the_same_examples_and_another_seed_others(language):
    assert made(language, "train", 60) == made(language, "train", 60)
    assert made(language, "train", 60) != made(language, "train", 60, seed=6)


@BOTH
def test_splits_share_no_document_and_no_sentence_with_a_mention(language):
    train, held = (read_rules(*GRAMMAR.glob(f"{language}_{split}*.txt")) for split in ("train", "held"))
    seen = {alternative for rule in train.values() for alternative in rule}
    for rule in held.values():
        for alternative in rule:
            quiet = re.fullmatch(r"[^{}]*|(\{(plain|carrier|everyday)[^}]*\}\s*)+", alternative)
            assert quiet or alternative not in seen


def test_splits_share_no_surname_and_no_hospital_stock():
    train, held = names.lists("train"), names.lists("held")
    for part in (
        "top",
        "rare",
        "compound",
        "family_us",
        "family",
        "pinyin_family",
        "given_us",
        "given_latin",
    ):
        assert not set(getattr(train, part)) & set(getattr(held, part))
        assert getattr(held, part)
    assert not {(p, c) for p, c, _ in places_zh.counties("train")} & {
        (p, c) for p, c, _ in places_zh.counties("held")
    }
    for module in (places_zh, places_en):
        both = [{module.hospital(names.Random(i), split) for i in range(400)} for split in ("train", "held")]
        assert not both[0] & both[1]


@BOTH
def test_every_type_and_texts_without_any_mention_come_up(language):
    found = made(language, "train", 800)
    assert {kind for example in found for _, _, kind in example.spans} == TYPES
    assert sum(not example.spans for example in found) > 40
    assert len({example.style for example in found}) >= 12
    assert len({example.style for example in made(language, "held")}) >= 4


@pytest.mark.parametrize(
    "sentence",
    [
        "请王医生会诊。",
        "患者在山东大学齐鲁医院住院。",
        "5月3日复查。",
        "我叫小李，28岁。",
        "2019年查出结节。",
    ],
)
def test_a_chinese_carrier_with_doubt_is_dropped(sentence):
    assert carriers.is_doubtful_zh(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "She was seen by Kumar today.",
        "He lives near Boston with a friend.",
        "The biopsy was done on 03/14 without trouble.",
        "She fell in March and has pain since.",
    ],
)
def test_an_english_carrier_with_doubt_is_dropped(sentence):
    assert carriers.is_doubtful_en(sentence)


def test_a_carrier_without_doubt_stays():
    assert list(carriers.sentences(["患者反复胸闷3年，加重1周。"], "zh"))
    assert list(carriers.sentences(["A Foley catheter was placed in the usual fashion."], "en"))


def test_a_file_holds_what_examples_gives(tmp_path):
    path = tmp_path / "a.jsonl.gz"
    n = write(path, 20_000, seed=3, split="held", language="zh", corpus=None)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    assert len(rows) == n
    assert [row["text"] for row in rows] == [e.text for e in examples(n, seed=3, split="held", language="zh")]
    assert sum(len(row["text"]) for row in rows) >= 20_000


def test_dates_never_hold_a_time_of_day_or_a_weekday():
    random = names.Random(2)
    for make in (numbers.date_zh, numbers.date_en):
        for _ in range(500):
            assert not re.search(r":|day\b|星期|周", make(random))


def test_what_the_rules_see_in_a_carrier_leaves_a_slot_and_no_trace():
    for language, sentence, seen in [
        ("zh", "患者于2013-10-29行手术。", "2013"),
        ("en", "She was seen by Dr. Kumar for a cough.", "Kumar"),
    ]:
        (ready,) = carriers.sentences([sentence], language)
        assert carriers.OPEN in ready
        assert seen not in ready


def test_no_alternative_is_read_as_a_rule_and_no_slot_stands_as_bare_text():
    for path in GRAMMAR.glob("*.txt"):
        rules = read_rules(path)
        assert [name for name in rules if not re.fullmatch(r"[\w.]+", name)] == []
    known = {*read_rules(*GRAMMAR.glob("zh_*.txt")), *generators.ZH} - {"s", "h", "m", "k"}
    for rule in read_rules(GRAMMAR / "zh_train4.txt").values():
        for alternative in rule:
            for bare in re.findall(r"(?<=[|{])([a-z][\w.:]*)(?=\|)|(?<=\|)([a-z][\w.:]*)(?=\})", alternative):
                assert "".join(bare).partition(":")[0] not in known, alternative


def test_papers_are_three_in_five_chinese_documents_and_of_many_kinds():
    found = [example for example in made("zh", "train", 1500) if example.style != "written"]
    papers = [example for example in found if example.style.startswith(PAPER.removeprefix("doc."))]
    assert 0.5 < len(papers) / len(found) < 0.7
    assert len({example.style for example in papers}) >= 100
    assert not [e for e in made("zh", "held", 200) if e.style.startswith("paper")]


def test_folding_breaks_lines_through_values_and_loses_no_character():
    pieces = [("患者", None), ("阿依古丽·买买提", "name"), ("来诊\n复查", None)]
    text, spans = assembled(folded(pieces, 5))
    assert max(map(len, text.split("\n"))) == 5
    assert text.replace("\n", "") == "患者阿依古丽·买买提来诊复查"
    (start, end, kind) = spans[0]
    assert (text[start:end].replace("\n", ""), kind) == ("阿依古丽·买买提", "name")


def test_people_from_afar_share_no_family_name_between_splits():
    train, held = names._afar("train"), names._afar("held")
    for ours, theirs in zip(train, held, strict=True):
        assert ours
        assert not set(ours) & set(theirs)
