"""How ε is shared out where the errors that are declared are to come to the least together."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.dp.accountant import pure_epsilon
from confide.errors import InvalidInput
from confide.stats.plan import StatsPlan

MEASURES = (
    "count", "patients", "sum(stay, 0, 60)", "mean(stay, 0, 60)", "variance(stay, 0, 60)", "median(stay, 0, 60)",
    "quantile(stay, 0.9, 0, 60, 7)", "histogram(sex, F, M)", "difference(died, 1, sex, F, M)", "prr(died, 1, sex, F)",
    "survival(stay, died, 0, 10, 20, 30)",
)  # fmt: skip
ROWS = 100_000_000  # so many that every error is declared, and is linear in its noise


def plan(measures, **changes) -> StatsPlan:
    return StatsPlan(
        **{"name": "t", "epsilon": 1.0, "by": {"sex": ("F", "M")}, "measures": measures} | changes
    )


def declared(asked: StatsPlan) -> float:
    """Return the sum of the errors that are declared, each relative to its whole."""
    return sum(one.share for one in asked.expected(ROWS).values())


@settings(max_examples=60, deadline=None)
@given(
    measures=st.lists(st.sampled_from(MEASURES), min_size=2, max_size=5, unique=True),
    by_hand=st.lists(st.floats(0.1, 10), min_size=5, max_size=5),
    epsilon=st.sampled_from([0.1, 1.0, 3.0]),
    max_rows=st.sampled_from([1, 4, "private"]),
)
def test_no_shares_by_hand_declare_a_smaller_error_together(measures, by_hand, epsilon, max_rows):
    least = plan(measures, epsilon=epsilon, max_rows=max_rows, shares="least-error")
    given_shares = dict(zip(measures, by_hand, strict=False))
    others = [{}, given_shares]
    for shares in others:
        other = plan(measures, epsilon=epsilon, max_rows=max_rows, shares=shares)
        assert (
            declared(least) <= declared(other) * 1.002 + 1e-5
        )  # shares are whole thousandths; rounding of a variance


def test_the_declared_error_falls_where_measures_differ():
    """Three measures at ε = 1: half widths relative to 1,000 rows, summed, fall by a tenth; a median's own by a fourth."""
    measures = ("count", "mean(stay, 0, 60)", "median(stay, 0, 60)")
    even, least = (plan(measures, shares=shares).expected(1000) for shares in ({}, "least-error"))
    sums = [sum(one.share for one in each.values()) for each in (even, least)]
    assert sums[1] < 0.9 * sums[0]
    assert least[measures[2]].share < 0.7 * even[measures[2]].share


@given(measures=st.lists(st.sampled_from(MEASURES), min_size=1, max_size=6, unique=True))
def test_shared_out_so_a_table_costs_what_it_says(measures):
    asked = plan(measures, shares="least-error")
    assert 1 - 1e-9 <= pure_epsilon(asked.event()) <= 1


def test_measures_of_one_part_are_paid_for_together():
    asked = plan(("count", "median(stay, 0, 60)", "quantile(stay, 0.5, 0, 60)"), shares="least-error")
    paid = asked.paid()
    assert paid["median(stay, 0, 60)"] == paid["quantile(stay, 0.5, 0, 60)"]
    assert len(asked.parts()) == 2


def test_measures_with_the_same_error_get_the_same():
    paid = plan(("count", "patients"), shares="least-error").paid()
    assert paid["count"] == paid["patients"] == 0.5


def test_another_word_for_shares_is_refused():
    with pytest.raises(InvalidInput) as refused:
        plan(("count",), shares="even")
    assert refused.value.code == "stats.shares"
