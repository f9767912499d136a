"""A random sample that a person looks through: drawn fairly, sealed, recorded; its bounds are exact and in the dossier."""

import json

import pytest
from doubtful import copied, decide_all, details_of, made_once, plant, records
from erasing import run
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.audit.membership import upper_bound
from confide.errors import InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.erase import erase_patient
from confide.study.index import SAMPLE
from confide.study.review import Person
from confide.study.sample import SAMPLED, SampleDesk, choose, draw_sample
from confide.study.sources import remove_originals
from confide.study.workplace import open_workplace


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_once(tmp_path_factory, review="mask")


@pytest.fixture
def study(made, tmp_path, monkeypatch):
    return copied(made, tmp_path, monkeypatch)


def drawn(study, n):
    with open_workplace(study) as place:
        return draw_sample(place, n)


def at_sample(place):
    return SampleDesk(place, person=Person("reviewer"), purpose="a test")


def in_dossier(study):
    return json.loads((study / "dossier/inside.json").read_bytes())["private"]["sample"]


@given(n=st.integers(1, 40), of=st.integers(1, 40))
def test_a_sample_is_of_different_documents_and_of_as_many_as_there_are(n, of):
    found = choose(min(n, of), of)
    assert len(found) == len(set(found)) == min(n, of)
    assert set(found) <= set(range(of))


def test_every_document_is_drawn_as_often_as_any_other():
    counts, rounds = [0] * 10, 4000
    for _ in range(rounds):
        for each in choose(3, 10):
            counts[each] += 1
    expected, spread = 0.3 * rounds, (rounds * 0.3 * 0.7) ** 0.5
    assert max(abs(count - expected) for count in counts) < 5.5 * spread  # one in 2.6 million


@settings(max_examples=30)
@given(tries=st.integers(1, 300), share=st.floats(0, 1), level=st.sampled_from([0.9, 0.95, 0.99]))
def test_the_bound_is_the_quantile_of_the_beta_distribution(tries, share, level):
    beta = pytest.importorskip("scipy.stats").beta
    hits = min(tries, int(share * (tries + 1)))
    wanted = 1.0 if hits == tries else beta.ppf(level, hits + 1, tries - hits)
    assert upper_bound(hits, tries, level=level) == pytest.approx(wanted, rel=1e-9, abs=1e-12)


def test_the_figures_of_a_sample_are_in_the_inside_edition_once_all_of_it_was_looked_through(study):
    assert drawn(study, 10) == 10
    with open_workplace(study) as place:
        desk = at_sample(place)
        desk.mark(2, 0, 7, "name")
        desk.mark(2, 10, 12, "phone")
        for at in range(9):
            desk.look(at, through=True)
    run(study)
    assert in_dossier(study) is None
    with open_workplace(study) as place:
        desk = at_sample(place)
        characters = sum(len(each.text) for each in desk.sample.documents)
        desk.look(9, through=True)
    run(study)
    found = in_dossier(study)
    assert (found["documents"], found["of"], found["missed"], found["with_missed"]) == (10, 39, 2, 1)
    assert found["bound_documents"] == pytest.approx(upper_bound(1, 10, level=0.95))
    assert found["bound_per_1000"] == pytest.approx(1000 * upper_bound(2, characters, level=0.95))
    assert found["of_this_output"] is True
    assert "sample" not in json.loads((study / "dossier/outside.json").read_bytes())
    for language in ("en", "zh"):
        assert "{" not in (study / "dossier/inside.html").read_text().partition("</style>")[2], language


def test_after_another_output_the_dossier_says_that_the_sample_is_older(study):
    drawn(study, 2)
    with open_workplace(study) as place:
        desk = at_sample(place)
        for at in range(2):
            desk.look(at, through=True)
    plant(study, " A further sentence.", [12])
    run(study)
    assert in_dossier(study)["of_this_output"] is False


def test_the_sample_is_drawn_of_what_the_decisions_would_let_leave(study):
    decide_all(study, "reject")
    drawn(study, 100)
    with open_workplace(study) as place:
        text = "".join(each.text for each in at_sample(place).sample.documents)
    assert text.count("110105194912310021") == 3


def test_each_draw_and_its_end_are_in_the_ledger_and_say_nothing_of_what_was_found(study):
    drawn(study, 3)
    drawn(study, 2)
    with open_workplace(study) as place:
        desk = at_sample(place)
        desk.mark(0, 0, 5, "name")
        for at in (0, 1, 1):
            desk.look(at, through=True)
    assert records(SAMPLED) == [
        {"state": "drawn", "documents": 3},
        {"state": "drawn", "documents": 2},
        {"state": "looked-through", "documents": 2, "by": ""},
    ]
    with open_ledger(home()) as ledger:
        assert len(details_of(ledger, "vault-opening")) == 1


@pytest.mark.parametrize("wrong", [(0, 5, 5, "name"), (0, -1, 4, "name"), (0, 0, 10**6, "name"), (0, 1, 4, "colour"), (7, 1, 4, "name"), (0, 3, 8, "name")])  # fmt: skip
def test_a_mark_that_cannot_be_is_refused_and_changes_nothing(study, wrong):
    drawn(study, 2)
    with open_workplace(study) as place:
        desk = at_sample(place)
        desk.mark(0, 5, 9, "name")
        with pytest.raises(InvalidInput):
            desk.mark(*wrong)
        assert len(at_sample(place).sample.documents[0].missed) == 1
        desk.unmark(0, 0)
        assert at_sample(place).sample.documents[0].missed == []


def test_the_sample_lies_sealed_and_shows_nothing_of_itself(study):
    drawn(study, 2)
    with open_workplace(study) as place:
        desk = at_sample(place)
        text = desk.sample.documents[0].text
        assert text[:12] not in repr(desk) + repr(desk.sample)
    assert text[:12].encode() not in (study / "sealed" / SAMPLE).read_bytes()


def test_erasing_a_patient_destroys_the_sample(study):
    drawn(study, 2)
    with open_workplace(study) as place:
        remove_originals(place.study, place.vault)
        erase_patient(place, ["p3"])
    assert not (study / "sealed" / SAMPLE).exists()


def test_nothing_is_drawn_where_nothing_would_leave_or_nothing_is_asked_for(study):
    with open_workplace(study) as place, pytest.raises(InvalidInput):
        draw_sample(place, 0)
    with open_workplace(study) as place, pytest.raises(InvalidInput):
        at_sample(place)
    assert records(SAMPLED) == []
