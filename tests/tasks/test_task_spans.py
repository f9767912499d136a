"""Spans and tags, tokens, corpora: round trips, edges, and refusals that show no text."""

import gzip
import itertools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.errors import InvalidInput
from confide.tasks.corpora import cell_of, entities_of, read_mentions, read_tokens
from confide.tasks.spans import Entity, spans_of, tags_of
from confide.tasks.tokens import BUCKETS, FEATURES, numbers_of, places_of
from real_data import SHARED

TYPES = ("disease", "drug", "test")
TEXTS = st.text(st.sampled_from("aB1 é予阿司匹林，。\n-肝"), max_size=40)


@st.composite
def tokens_and_entities(draw):
    sizes = draw(st.lists(st.integers(1, 4), max_size=12))
    ends = np.cumsum(
        [size + gap for size, gap in zip(sizes, [0, *[draw(st.integers(0, 1)) for _ in sizes]], strict=False)]
    )
    tokens = [(int(end) - size, int(end)) for size, end in zip(sizes, ends, strict=False)]
    cuts = sorted(draw(st.sets(st.integers(0, len(tokens)), max_size=6)))
    entities = [
        Entity(tokens[a][0], tokens[b - 1][1], draw(st.sampled_from(TYPES)))
        for a, b in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    return tokens, entities


@given(tokens_and_entities())
def test_spans_come_back_from_their_tags(both):
    tokens, entities = both
    assert spans_of(tokens, tags_of(tokens, entities, TYPES), TYPES) == entities


@given(st.lists(st.integers(0, 6), max_size=20))
def test_any_tags_mean_spans_in_order_that_do_not_overlap(tags):
    found = spans_of([(at, at + 1) for at in range(len(tags))], tags, TYPES)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert sum(each.end - each.start for each in found) == sum(tag != 0 for tag in tags)


@given(TEXTS)
def test_tokens_hold_every_character_that_is_no_space_once(text):
    places = places_of(text)
    assert "".join(text[a:b] for a, b in places) == "".join(text.split())
    numbers = numbers_of(text, places)
    assert numbers.shape == (len(places), FEATURES)
    assert (numbers >= 0).all()
    assert (numbers < BUCKETS).all()
    assert (numbers[:, 0] > 0).all()


def test_a_token_is_the_same_numbers_whatever_stands_farther_off():
    alone, among = "had aspirin today", "Nobody had aspirin today at all"
    first = numbers_of(alone, places_of(alone))
    second = numbers_of(among, places_of(among))
    assert (first[1] == second[2]).all()


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12), st.sampled_from(TYPES)), max_size=4))
def test_the_cell_of_a_note_reads_back_or_is_refused(listed):
    text = "0123456789"
    cell = json.dumps([{"start": a, "end": b, "type": kind} for a, b, kind in listed])
    try:
        found = entities_of(cell, text)
    except ValueError:
        return
    assert entities_of(cell_of(found), text) == found
    assert all(0 <= e.start < e.end <= len(text) for e in found)


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "Zebulon had angina"}',
        '{"text": "Zebulon had angina", "mention_data": [{"mention": "angina", "label": "d", "offset": 11}]}',
        '{"text": "Zebulon had angina", "mention_data": [{"mention": "", "label": "d", "offset": 0}]}',
        '{"text": "Zebulon had angina", "mention_data": [{"mention": "had", "label": "d", "offset": "8"}, {"mention": "d angina", "label": "d", "offset": "10"}]}',
        '["Zebulon"]',
        '{"text": "Zebulon',
        "[" * 100_000,
    ],
)
def test_a_bad_line_of_mentions_is_named_and_never_shown(line):
    good = '{"text": "calm", "mention_data": []}\n\n'
    with pytest.raises(InvalidInput, match=r"line 3 of x\.jsonl") as refused:
        read_mentions((good + line).encode(), "x.jsonl")
    assert (
        "Zebulon"
        not in f"{refused.value} {refused.value.hint} {refused.value.public} {refused.value.__cause__}"
    )


@pytest.mark.parametrize(
    "line", ["Zebulon", "Zebulon\tX", "Zebulon\tI-drug", "\tO", "Zebulon\tB-", "Zebulon\tO\tO"]
)
def test_a_bad_line_of_tokens_is_named_and_never_shown(line):
    with pytest.raises(InvalidInput, match="line 2 of x") as refused:
        read_tokens(f"calm\tB-test\n{line}\n".encode(), "x")
    assert "Zebulon" not in f"{refused.value} {refused.value.public}"


def test_an_inside_tag_does_not_go_on_over_the_end_of_a_sentence():
    with pytest.raises(InvalidInput, match="line 3"):
        read_tokens(b"angina\tB-disease\n\npectoris\tI-disease\n", "x")


def test_tokens_become_texts_whose_entities_stand_where_they_say():
    data = b"had\tO\nangina\tB-disease\npectoris\tI-disease\n\nand\tO\nasthma\tB-disease\n"
    one = read_tokens(data, "x")[0]
    assert [one.text[e.start : e.end] for e in one.entities] == ["angina pectoris"]
    (both,) = read_tokens(data, "x", sentences=2)
    assert [both.text[e.start : e.end] for e in both.entities] == ["angina pectoris", "asthma"]


def test_nothing_of_a_text_is_in_a_repr():
    assert "angina" not in repr(read_tokens(b"angina\tB-disease\n", "x"))


@pytest.mark.skipif(not SHARED.exists(), reason="needs the data beside the project")
def test_nearly_all_entities_of_the_corpora_begin_and_end_with_our_tokens():
    folder = SHARED / "data"
    corpora = (
        read_mentions(gzip.decompress((folder / "cEHRNER/test.jsonl.gz").read_bytes()), "a"),
        read_tokens(gzip.decompress((folder / "bio-ner/NCBI-disease.test.tsv.gz").read_bytes()), "b"),
    )
    for notes in corpora:
        types = sorted({e.type for note in notes for e in note.entities})
        kept = wanted = 0
        for note in notes:
            places = places_of(note.text)
            back = spans_of(places, tags_of(places, note.entities, types), types)
            kept += len(set(back) & set(note.entities))
            wanted += len(note.entities)
        assert kept >= 0.995 * wanted
