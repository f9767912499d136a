"""The tagger: numbers of characters, legal paths, and one model that answers alike in any company."""

import hashlib
import itertools
import re
import string
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.deid.counted import identifies_nobody
from confide.deid.fold import fold
from confide.deid.hits import Hit
from confide.deid.tagger import RADIUS, find_tagged
from confide.deid.tagger_decode import LABELS, TYPES, spans_in, spans_of
from confide.deid.tagger_input import FIRST, Vocabulary, characters, encode, word_keys


@pytest.mark.parametrize(
    ("text", "value", "kind", "identifies"),
    [
        ("A1c 10.4, K 4.1", "10.4", "date", False), ("back on 10.4 again", "10.4", "date", True),
        ("review in 2-3 days", "2-3", "date", False), ("seen 2-3, better", "2-3", "date", True),
        ("trop 31/29", "31/29", "date", False), ("seen 12/29", "12/29", "date", True),
        ("ver 4.2.1 loaded", "4.2.1", "date", False), ("on 4.2.1 seen", "4.2.1", "date", True),
        ("it may be gout", "may", "date", False), ("since may, worse", "may", "date", True),
        ("腰痛8年", "8年", "date", False), ("08年手术", "08年", "date", True),
        ("三十六度五", "三十六", "date", False), ("home BP 146s/91s", "146s/91s", "other-id", False),
        ("wheezes in winter", "winter", "place", False), ("lives in Winter", "in Winter", "place", True),
    ],
)  # fmt: skip
def test_a_guess_that_counts_or_measures_identifies_nobody(text, value, kind, identifies):
    at = text.index(value)
    hit = Hit(at, at + len(value), kind, 0.6, f"tagger:{kind}")
    assert identifies_nobody(text, hit) is not identifies


texts = st.text(alphabet=st.one_of(st.sampled_from("张伟王医 院aB1 9-\n,"), st.characters()), max_size=80)


def slow_keys(text):
    """What stands at each place, as a reader would say it."""
    out = [None] * len(text)
    for run in re.finditer("[A-Za-z]+|[0-9]+", text):
        word = run.group()
        for i in range(*run.span()):
            out[i] = ("length", min(len(word), 24)) if word[0].isdigit() else ("word", word.lower())
    for i, (a, b) in enumerate(itertools.pairwise(text)):
        if "\u3400" <= a <= "\u9fff" and "\u3400" <= b <= "\u9fff":
            out[i] = ("pair", a + b)
    return out


@given(texts)
def test_two_places_have_the_same_key_exactly_when_they_hold_the_same_word_pair_or_length(text):
    keys = word_keys(text)[1].tolist()
    assert len(keys) == len(text)
    said = slow_keys(text)
    for (key, what), (other, other_what) in itertools.combinations(zip(keys, said, strict=True), 2):
        assert (key == other) == (what == other_what)
    assert all((key == 0) == (what is None) for key, what in zip(keys, said, strict=True))


@given(texts)
def test_a_word_that_the_vocabulary_does_not_know_is_nought_and_a_known_one_has_one_number(text):
    keys = word_keys(text)[1]
    words = np.unique(keys[keys > 24])
    chosen, unknown = words[::2], words[1::2]
    known = Vocabulary(chosen, np.arange(FIRST, FIRST + len(chosen), dtype=np.int32))
    numbers, places = encode(text, known)
    assert len(numbers) == len(places) == len(text)
    assert (places < len(known)).all()
    assert not places[np.isin(keys, unknown)].any()
    if len(places):
        assert all(len(np.unique(places[keys == key])) == 1 for key in chosen)


def test_characters_tell_apart_what_they_should():
    numbers = characters()
    own = [ord(c) for c in string.ascii_letters + string.digits + string.punctuation + "张伟患者"]
    assert len(set(numbers[own].tolist())) == len(own)
    assert numbers[ord("\n")] != numbers[ord(" ")] == numbers[ord("\t")]
    assert min(numbers.tolist()) > 0, "0 is the gap between texts"


legal = {
    (a, b)
    for a, b in itertools.product(range(len(LABELS)), repeat=2)
    if (LABELS[a][0] in "OES") == (LABELS[b][0] in "OBS")
    and (LABELS[a][0] in "OES" or LABELS[a][1:] == LABELS[b][1:])
}


def best_by_trying(scores):
    """Return the legal path of the highest score, all paths tried over the labels of one type."""
    labels = range(5)
    paths = (
        path
        for path in itertools.product(labels, repeat=len(scores))
        if all(step in legal for step in itertools.pairwise((0, *path, 0)))
    )
    return max(paths, key=lambda path: sum(scores[i, label] for i, label in enumerate(path)))


@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_the_spans_are_those_of_the_best_legal_path(length, seed):
    scores = np.full((length, len(LABELS)), -50, np.float32)
    scores[:, :5] = np.random.default_rng(seed).normal(size=(length, 5))
    path = best_by_trying(scores)
    found = spans_of(scores)
    starts = [i for i, label in enumerate(path) if LABELS[label][0] in "BS"]
    ends = [i + 1 for i, label in enumerate(path) if LABELS[label][0] in "ES"]
    assert [(start, end) for start, end, _, _ in found] == list(zip(starts, ends, strict=True))


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 30)), min_size=1, max_size=6),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.5, 2, 6]),
    st.booleans(),
)
def test_texts_of_a_row_have_the_spans_that_each_has_alone(gaps, seed, sure, tied):
    places = list(itertools.accumulate(itertools.chain(*gaps)))
    row = np.random.default_rng(seed).normal(size=(places[-1] + 1, len(LABELS))).astype(np.float32) * sure
    row = np.round(row) if tied else row
    texts = list(zip(places[::2], places[1::2], strict=True))
    alone = [spans_of(row[start:end].copy()) for start, end in texts]
    assert spans_in(row, texts) == alone


@given(st.integers(0, 60), st.integers(0, 2**32 - 1), st.floats(0, 6))
def test_spans_do_not_overlap_and_each_has_a_type_and_a_probability(length, seed, sure):
    scores = np.random.default_rng(seed).normal(size=(length, len(LABELS))).astype(np.float32) * sure
    found = spans_of(scores)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(found))
    for start, end, kind, probability in found:
        assert 0 <= start < end <= length
        assert kind in TYPES
        assert 0 <= probability <= 1


NOTES = [
    "患者张建军,男,63岁,因胸痛3天于2023年5月8日入住洛阳市中心医院心内科,主管医生刘婷。墨菲征阴性。",
    "Mr. Jonathan Pritchard was seen by Dr. Okafor at Mercy General Hospital on May 3, 2021.",
    "",
    "   \n",
    "x",
    "A\ud800\x00\u202e😀\U0001d54f",
]


@given(st.permutations(range(len(NOTES))), st.integers(0, 3))
@settings(max_examples=15)
def test_what_is_found_in_a_text_depends_on_nothing_but_the_text(order, repeat):
    alone = [find_tagged([fold(note).text])[0] for note in NOTES]
    company = [fold(NOTES[i]).text for i in order] * (1 + repeat)
    for i, hits in zip(list(order) * (1 + repeat), find_tagged(company), strict=True):
        assert hits == alone[i]


def test_a_long_text_is_read_to_its_end_and_places_are_those_of_the_whole():
    line = fold(NOTES[0]).text + "\n"
    many = line * 1500  # some hundred thousand characters: several pieces
    once = find_tagged([line])[0]
    assert {line[hit.start : hit.end] for hit in once if hit.type == "name"} >= {"张建军", "刘婷"}
    hits = find_tagged([many])[0]
    inner = [hit for hit in hits if len(line) <= hit.start < len(many) - len(line)]
    assert {many[hit.start : hit.end] for hit in inner if hit.type == "name"} >= {"张建军", "刘婷"}
    for hit in hits:
        assert many[hit.start : hit.end].strip()
    assert len(hits) >= 1400 * len(once)


@pytest.mark.parametrize("odd", ["\x00" * 50_000, "a" * 200_000, "张" * 100_000, "1" * 70_000, "\ud800" * 9])
def test_odd_texts_neither_crash_nor_hang(odd):
    for hit in find_tagged([odd])[0]:
        assert 0 <= hit.start < hit.end <= len(odd)


def test_the_network_sees_as_far_as_the_gap_is_wide_and_no_further():
    base = "the patient was seen in clinic and is doing well and has no new complaint at this time " * 4
    from confide.deid.tagger import _scores

    def scores_of(text):
        row, [(start, end)] = _scores([text])
        return row[start:end]

    middle = len(base) // 2
    before = scores_of(base)
    far = base[: middle - RADIUS - 9] + "q" + base[middle - RADIUS - 8 :]
    after = scores_of(far)
    assert (before[middle:] == after[middle:]).all()
    near = base[: middle - 2] + "Q" + base[middle - 1 :]
    assert (scores_of(near)[middle] != before[middle]).any()


def test_the_model_is_the_one_of_its_card_and_weighs_less_than_eight_megabytes():
    folder = files("confide.deid").joinpath("model")
    card = folder.joinpath("README.md").read_text(encoding="utf-8")
    size = 0
    for name in ("tagger.onnx", "tagger.npz"):
        data = folder.joinpath(name).read_bytes()
        size += len(data)
        assert hashlib.sha256(data).hexdigest() in card, name
    assert size <= 8_000_000
