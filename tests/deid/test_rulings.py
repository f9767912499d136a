"""What a person ruled on a doubtful span is carried out, for this span of this text of this patient, and no other."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.deid.classes import CLASSES
from confide.deid.deidentify import Deidentifier
from confide.deid.hits import Hit, settle
from confide.deid.review import Ruling, queue_from_bytes, queue_to_bytes, risk
from confide.errors import IntegrityError

DOUBTFUL = "复查 2023-02-30 心电图，纸上另有 110105194912310021 待核。"
DAY, NUMBER = "2023-02-30", "110105194912310021"


def run(note, text=DOUBTFUL, *, patient="p1", rulings=None, review="hold", policy="pipl"):
    deid = Deidentifier(policy=policy, key=b"k" * 32, review=review, rulings=rulings)
    return deid.patient([note(text, patient=patient)], {})[0]


def reject(items):
    return {item.mark: Ruling(verdict="reject", type=item.span.type) for item in items}


def test_without_rulings_every_doubtful_span_is_masked_and_asked_about(note):
    done = run(note)
    assert {item.text for item in done.review} == {DAY, NUMBER}
    assert DAY not in done.text
    assert NUMBER not in done.text


def test_a_span_that_was_rejected_stays_and_the_other_one_stays_masked(note):
    day = next(item for item in run(note).review if item.text == DAY)
    done = run(note, rulings=reject([day]))
    assert DAY in done.text
    assert NUMBER not in done.text
    assert done.held
    assert len(done.review) == 2  # it is listed still, so that the ruling can be taken back


def test_a_document_in_which_all_was_decided_is_held_no_more(note):
    items = run(note).review
    rulings = {item.mark: Ruling(verdict="accept", type=item.span.type) for item in items}
    done = run(note, rulings=rulings)
    assert not done.held
    assert not re.search(f"{DAY}|{NUMBER}", done.text)
    assert all(span.found_by.startswith("review:") for span in done.spans if span.score < 0.5)


@pytest.mark.parametrize("kind", CLASSES)
def test_what_a_person_calls_an_identifier_never_stays_whatever_its_class(note, kind):
    for policy in ("limited-data-set", "gbt37964-research", "safe-harbor"):
        items = run(note, policy=policy).review
        rulings = {item.mark: Ruling(verdict="accept", type=kind) for item in items}
        assert not re.search(f"{DAY}|{NUMBER}", run(note, rulings=rulings, policy=policy).text)


@given(other=st.text(st.sampled_from("复查心电图 。a1"), max_size=8).filter(bool))
def test_a_ruling_holds_for_no_other_patient_and_no_other_text(note, other):
    rulings = reject(run(note).review)
    assert DAY not in run(note, patient="p2", rulings=rulings).text
    changed = run(note, DOUBTFUL + other, rulings=rulings)
    assert DAY not in changed.text
    assert changed.held


def test_a_ruling_under_one_key_is_none_under_another(note):
    rulings = reject(run(note).review)
    deid = Deidentifier(policy="pipl", key=b"x" * 32, rulings=rulings)
    assert DAY not in deid.patient([note(DOUBTFUL)], {})[0].text


def test_a_queue_is_read_as_it_was_written_and_nothing_else_is_a_queue(note):
    items = list(run(note).review)
    assert queue_from_bytes(queue_to_bytes(items)) == items
    for data in (b"", b"[1]", b"{", b'[{"document": "x"}]', b"\xff"):
        with pytest.raises(IntegrityError):
            queue_from_bytes(data)


def test_a_number_goes_before_a_day_of_the_same_score(note):
    items = {item.text: item for item in run(note).review}
    assert risk(items[NUMBER]) / items[NUMBER].span.score > risk(items[DAY]) / items[DAY].span.score


def test_a_sure_find_inside_of_a_doubtful_one_keeps_its_place():
    text = "ref 7788990011223344 or so"
    doubtful = Hit(4, 26, "other-id", 0.4, "tagger:other-id")
    sure = Hit(4, 20, "account-number", 0.9, "pattern:bank-card")
    first, rest = settle(text, [doubtful, sure])
    assert first == sure
    assert (rest.start, rest.end, rest.score) == (20, 26, 0.4)
