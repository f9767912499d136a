"""Reports agree with an independent computation: scikit-learn's, and one by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

from confide.tasks.scores import class_report, entity_report, token_report
from confide.tasks.spans import Entity, spans_of

CLASSES = ("a", "b", "c")
PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60)


@settings(max_examples=60)
@given(PAIRS)
def test_the_report_of_classes_is_that_of_scikit_learn(pairs):
    truth, found = zip(*pairs, strict=False)
    report = class_report(truth, found, CLASSES)
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, found, labels=[0, 1, 2], zero_division=0
    )
    for at, name in enumerate(CLASSES):
        ours = report["classes"][name]
        told = [ours["precision"] or 0, ours["recall"] or 0, ours["f1"] or 0, ours["support"]]
        np.testing.assert_allclose(told, [precision[at], recall[at], f1[at], support[at]])
    assert report["accuracy"] == pytest.approx(accuracy_score(truth, found))
    assert report["macro"]["f1"] == pytest.approx(f1.mean())


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=60))
def test_the_report_of_tokens_is_that_of_scikit_learn(pairs):
    truth, found = zip(*pairs, strict=False)
    report = token_report(truth, found)
    assert report["micro_f1_with_o"] == pytest.approx(f1_score(truth, found, average="micro"))
    without = f1_score(truth, found, labels=range(1, 7), average="micro", zero_division=0)
    assert (report["micro_f1_without_o"] or 0) == pytest.approx(without)


@settings(max_examples=60)
@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=15), max_size=4))
def test_the_report_of_entities_counts_exact_spans(texts):
    """By hand: an entity is right if (text, start, end, type) is in both sets."""
    sides = [
        [spans_of([(i, i + 1) for i in range(len(t))], [p[side] for p in t], CLASSES[:2]) for t in texts]
        for side in (0, 1)
    ]
    truth, found = (
        {(at, e.start, e.end, e.type) for at, es in enumerate(side) for e in es} for side in sides
    )
    report = entity_report(*sides, CLASSES[:2])
    right = len(truth & found)
    assert report["micro"]["support"] == len(truth)
    assert (report["micro"]["precision"] or 0) == pytest.approx(right / len(found) if found else 0)
    assert (report["micro"]["recall"] or 0) == pytest.approx(right / len(truth) if truth else 0)
    by_hand = []
    for name in CLASSES[:2]:
        t, f = ({e for e in side if e[3] == name} for side in (truth, found))
        by_hand.append(2 * len(t & f) / (len(t) + len(f)) if t or f else 0)
    assert report["macro"]["f1"] == pytest.approx(np.mean(by_hand))


def test_a_right_place_with_a_wrong_type_is_wrong_twice():
    report = entity_report([[Entity(0, 4, "a")]], [[Entity(0, 4, "b")]], ("a", "b"))
    assert report["micro"]["f1"] == 0
    assert report["types"]["a"]["precision"] is None
