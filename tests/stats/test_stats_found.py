"""Categories that nobody listed: what one patient can do to them, what they cost, what comes of them."""

import json
import math
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stats_tables import Silent

from confide.dp.accountant import additive_delta, pure_epsilon
from confide.dp.events import Failure, leaves
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.engines.polars import GRID
from confide.errors import InvalidInput
from confide.stats.found import MOST_KEYS, pairs, weights
from confide.stats.keys import MOST_FOUND, REST
from confide.stats.pieces import Pieces
from confide.stats.plan import StatsPlan
from confide.stats.query import Query

OWNED = st.lists(
    st.tuples(
        st.sampled_from(["p1", "p2", "p3", None]),
        st.sampled_from([None, REST, "", "A", "B", "女", *map(str, range(80))]),
    ),
    max_size=200,
)


def frame(owned: list[tuple[str | None, str | None]]) -> pl.DataFrame:
    return pl.DataFrame(owned, schema={"_patient": pl.String, "code": pl.String}, orient="row")


def plan(**changes) -> StatsPlan:
    asked = {"name": "t", "epsilon": 1.0, "delta": 1e-9, "by": {"code": "unknown"}, "measures": ("count",)}
    return StatsPlan(**asked | changes)


def codes(of: dict[str, int]) -> pl.DataFrame:
    """Return a table in which each code has so many patients of its own."""
    return frame([(f"{code}{k}", code) for code, patients in of.items() for k in range(patients)])


class Heard(Silent):
    """A source without noise that the search for keys may draw from too."""


@settings(max_examples=80, deadline=None)
@given(owned=OWNED)
def test_one_patient_moves_the_weights_by_at_most_a_grid_on_at_most_so_many_values(owned):
    data = frame(owned)
    everybody = weights(pairs(data, "code"))
    for patient in ("p1", "p2", "p3"):
        without = weights(pairs(data.filter(pl.col("_patient").ne_missing(patient)), "code"))
        moved = {
            value: everybody.get(value, 0) - without.get(value, 0)
            for value in everybody.keys() | without.keys()
        }
        assert all(each >= 0 for each in moved.values())
        assert sum(moved.values()) <= GRID
        assert sum(each > 0 for each in moved.values()) <= MOST_KEYS
    assert REST not in everybody


def test_a_patient_with_more_values_than_are_looked_at_gives_to_those_with_the_most_rows():
    rows = [("p", f"{k:03}") for k in range(100)] + [("p", "099")]
    given_to = weights(pairs(frame(rows), "code"))
    assert sorted(given_to) == [f"{k:03}" for k in (*range(63), 99)]
    assert set(given_to.values()) == {GRID // MOST_KEYS}


@settings(max_examples=30, deadline=None)
@given(owned=OWNED, at=st.lists(st.integers(0, 200), max_size=3))
def test_a_table_in_pieces_gives_the_same_weights(owned, at):
    data = frame(owned)
    ends = [0, *sorted(min(each, data.height) for each in at), data.height]
    pieces = Pieces(tuple(data.columns), lambda names: (data[a:b].select(names) for a, b in pairwise(ends)))
    assert pieces.values("code", lambda piece: piece, {"code"}) == weights(pairs(data, "code"))


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("max_rows", [4, "private"])
@pytest.mark.parametrize("by", [{"code": "unknown"}, {"code": "unknown", "ward": "unknown"}])
def test_finding_and_measuring_cost_epsilon_and_delta_together_and_no_more(epsilon, max_rows, by):
    asked = plan(epsilon=epsilon, max_rows=max_rows, by=by)
    assert epsilon * (1 - 1e-9) <= pure_epsilon(asked.event()) <= epsilon
    assert 0.5e-9 < additive_delta(asked.event()) <= 1e-9


def test_a_value_that_one_patient_alone_has_is_shown_no_oftener_than_delta_says():
    """Formula 19: the chance that any of the patient's sole keys passes, over its worst splits, is at most δ."""
    asked = plan(delta=1e-3).finding()
    (delta,) = [leaf.delta for leaf in leaves(asked.event()) if isinstance(leaf, Failure)]
    assert delta <= 1e-3
    for keys in (1, 2, 8, MOST_KEYS):
        each = GRID // keys
        tail = math.exp(-(asked.threshold - each) / asked.scale) / (1 + math.exp(-1 / asked.scale))
        assert 1 - (1 - tail) ** keys <= delta


def test_lone_values_come_out_as_often_as_the_failure_allows_and_common_ones_always():
    asked, noise = plan(delta=0.01, epsilon=1.0), Noise(Stream())
    finding = asked.finding()
    out = sum("lone" in finding.show({"common": 400 * GRID, "lone": GRID}, noise) for _ in range(4000))
    assert out <= 4000 * 0.01 + 4 * math.sqrt(4000 * 0.01)
    assert all("common" in finding.show({"common": 400 * GRID}, noise) for _ in range(100))


def test_common_categories_become_groups_and_all_others_are_one():
    data = codes({"I10": 500, "E11": 400, "rare": 3, REST: 20})
    release = plan(measures=("count", "patients"), max_rows=1).execute(data, Heard())
    assert release["by"] == {"code": ["E11", "I10", REST]}
    assert [round(row["count"]["value"]) for row in release["rows"]] == [400, 500, 23]
    assert {note["key"] for note in release["notes"]} >= {"stats.note-found"}
    json.dumps(release)


def test_a_table_in_which_nothing_is_common_has_one_group():
    release = plan(max_rows="private", measures=("count", "median(age, 0, 100)")).execute(
        frame([("p", "lone")]).with_columns(age=pl.lit(5.0)), Noise(Stream())
    )
    assert release["by"] == {"code": [REST]}
    assert len(release["rows"]) == 1


def test_cells_without_a_value_are_in_no_group():
    data = frame([(f"p{k}", None) for k in range(500)])
    release = plan(max_rows=1).execute(data, Heard())
    assert release["rows"][0]["count"]["value"] == 0


def test_of_too_many_common_categories_the_largest_are_shown():
    data = codes({f"{k:04}": 130 + (k == 1000) for k in range(MOST_FOUND + 1)})
    release = plan(max_rows=1, epsilon=2.0).execute(data, Heard())
    assert len(release["rows"]) == MOST_FOUND + 1
    assert "1000" in release["by"]["code"]


def test_where_and_listed_keys_stand_beside_found_ones():
    data = codes({"A": 600, "B": 600}).with_columns(
        age=pl.Series([20, 70] * 600), sex=pl.Series(["F", "F", "M", "M"] * 300)
    )
    asked = Query("t").where("age >= 18 and age < 65").group_by(sex=["F", "M"], code="unknown").count()
    release = asked.plan(epsilon=1.0, delta=1e-9, max_rows=1).execute(data, Heard())
    assert release["columns"] == ["sex", "code", "count"]
    assert [(row["sex"], row["code"], round(row["count"]["value"])) for row in release["rows"]][:3] == [
        ("F", "A", 150), ("F", "B", 150), ("F", REST, 0),
    ]  # fmt: skip


def test_a_star_among_listed_categories_stands_for_every_other_value():
    data = codes({"A": 50, "B": 30, "C": 20})
    release = plan(by={"code": ("A", REST)}, delta=1e-18, max_rows=1).execute(data, Heard())
    assert [round(row["count"]["value"]) for row in release["rows"]] == [50, 50]


def test_what_is_found_does_not_change_what_is_booked():
    """Promise 4: the price is known before a record is read."""
    asked = plan()
    before = asked.event()
    asked.execute(codes({"A": 600}), Noise(Stream()))
    assert asked.event() == before
    assert asked.to_json()["by"] == {"code": "unknown"}
    assert np.isfinite(list(asked.shown_from().values())).all()


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"delta": 1e-18}, "stats.delta-unknown"),
        ({"delta": 0.5}, "stats.delta-unknown"),
        ({"by": {"code": ("A",)}}, "stats.delta-for-nothing"),
        ({"by": {"code": "anything"}}, "stats.keys-text"),
        ({"by": {"a": "unknown", "b": "unknown", "sex": ("F", "M")}}, "stats.too-many-cells"),
    ],
)
def test_a_search_that_cannot_be_paid_or_held_is_refused_beforehand(changes, key):
    with pytest.raises(InvalidInput) as refused:
        plan(**changes)
    assert refused.value.code == key
