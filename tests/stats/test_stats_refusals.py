"""What is refused before anything is spent, in one sentence, from public values only."""

import polars as pl
import pytest
from stats_tables import SCHEMA, Silent

from confide.errors import InvalidInput
from confide.stats.keys import column_of
from confide.stats.measures import describe
from confide.stats.plan import StatsPlan
from confide.stats.section import StatsSection
from confide.words import speaking

GOOD = {"source": "visits", "measures": ("count",), "epsilon": 1.0, "by": {"sex": ("F", "M")}}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"measures": ()}, "stats.no-measures"),
        ({"measures": ("count", "count")}, "stats.measures-twice"),
        ({"measures": ("sex",), "by": {"sex": ("F",)}}, "stats.measures-twice"),
        ({"measures": ("mode(stay, 0, 60)",)}, "stats.measure-unknown"),
        ({"measures": ("median(stay, 60, 0)",)}, "stats.bounds"),
        ({"measures": ("median(stay, 0, 60, 1)",)}, "stats.quantile"),
        ({"measures": ("median(stay, 0, 60, 64, 2)",)}, "stats.quantile"),
        ({"measures": ("median(stay)",)}, "stats.quantile"),
        ({"measures": ("quantile(stay, 1.5, 0, 60)",)}, "stats.quantile"),
        ({"measures": ("quantile(stay, 0.12345, 0, 60)",)}, "stats.quantile"),
        ({"measures": ("quantile(stay, half, 0, 60)",)}, "stats.quantile"),
        ({"measures": ("histogram(stay)",)}, "stats.measure-unknown"),
        ({"measures": ("histogram(stay, 5)",)}, "stats.edges"),
        ({"measures": ("histogram(sex, F, F)",)}, "stats.keys-twice"),
        ({"measures": ("top(sex, 3, F, M)",)}, "stats.measure-unknown"),
        ({"measures": ("top(sex, 0, F, M)",)}, "stats.measure-unknown"),
        ({"shares": {"sum(stay, 0, 60)": 1.0}}, "stats.share"),
        ({"shares": {"count": 0.0}}, "stats.share"),
        ({"shares": {"count": float("nan")}}, "stats.share"),
        ({"max_rows": "many"}, "stats.max-rows"),
        ({"measures": ("mean(stay)",)}, "stats.measure-unknown"),
        ({"measures": ("count(stay)",)}, "stats.measure-unknown"),
        ({"measures": ("mean(stay, 60, 0)",)}, "stats.bounds"),
        ({"measures": ("mean(stay, 5, 5)",)}, "stats.bounds"),
        ({"measures": ("mean(stay, nan, 5)",)}, "stats.bounds"),
        ({"measures": ("sum(stay, 0, inf)",)}, "stats.bounds"),
        ({"measures": ("sum(stay, low, high)",)}, "stats.bounds"),
        ({"measures": ("mean(stay, -1e308, 1e308)",)}, "stats.bounds"),
        ({"measures": ("mean(stay, 0, 5e-324)",)}, "stats.bounds"),
        ({"measures": ("mean stay",)}, "error.call"),
        ({"epsilon": 0.0}, "stats.epsilon"),
        ({"epsilon": -1.0}, "stats.epsilon"),
        ({"epsilon": float("nan")}, "stats.epsilon"),
        ({"epsilon": float("inf")}, "stats.epsilon"),
        ({"max_rows": 0}, "stats.max-rows"),
        ({"max_rows": 1 << 17}, "stats.max-rows"),
        ({"max_rows": True}, "stats.max-rows"),
        ({"by": {"sex": ()}}, "stats.keys-empty"),
        ({"by": {"sex": ("F", "F")}}, "stats.keys-twice"),
        ({"by": {"sex": ("F", 1)}}, "stats.keys-mixed"),
        ({"by": {"age": (0, float("nan"))}}, "stats.keys-mixed"),
        ({"by": {"age": (0, True)}}, "stats.keys-mixed"),
        ({"by": {"age": (18,)}}, "stats.edges"),
        ({"by": {"age": (18, 0)}}, "stats.edges"),
        ({"by": {"age": (0, 18, 18)}}, "stats.edges"),
        ({"by": {"a": tuple(range(2000)), "b": tuple(range(2000))}}, "stats.too-many-cells"),
    ],
)
def test_a_section_that_could_never_be_released_is_refused(changes, code):
    with pytest.raises(InvalidInput) as refused:
        StatsSection(**GOOD | changes)
    assert refused.value.code == code
    for language in ("en", "zh"):
        with speaking(language):
            assert str(refused.value)
            assert refused.value.hint


def test_noise_that_would_leave_the_whole_numbers_is_refused_when_planned():
    with pytest.raises(InvalidInput) as refused:
        StatsPlan.from_section(StatsSection(**GOOD | {"measures": ("mean(stay, 0, 60)",), "epsilon": 1e-9}))
    assert refused.value.code == "stats.too-noisy"


@pytest.mark.parametrize("missing", ["_patient", "sex", "age", "stay"])
def test_a_missing_column_is_named_whatever_the_rows(missing):
    asked = StatsPlan(
        name="t", epsilon=1.0, by={"sex": ("F",), "age_band": (0, 18)}, measures=("sum(stay, 0, 9)",)
    )
    empty = pl.DataFrame(schema={name: kind for name, kind in SCHEMA.items() if name != missing})
    with pytest.raises(InvalidInput, match="age_band" if missing == "age" else missing):
        asked.execute(empty, Silent())


def test_a_column_of_lists_is_refused_by_its_type():
    asked = StatsPlan(name="t", epsilon=1.0, measures=("sum(stay, 0, 9)",))
    data = pl.DataFrame({"_patient": ["a"], "stay": [[1.0]]})
    with pytest.raises(InvalidInput) as refused:
        asked.execute(data, Silent())
    assert refused.value.code == "engines.column-type"


def test_a_section_without_a_name_is_named_after_its_source_and_keys():
    assert StatsSection(**GOOD).name == "visits-by-sex"
    assert StatsSection(**GOOD | {"by": {}}).name == "visits"


def test_a_measure_is_described_in_both_languages():
    with speaking("en"):
        assert describe("mean(stay, 0, 60)") == "mean of stay, each value held within 0 and 60"
        assert describe("count") == "number of rows"
    with speaking("zh"):
        assert describe("proportion(sex, F)") == "sex 为 F 的行所占比例"


def test_a_band_beside_its_own_column_is_refused():
    with pytest.raises(InvalidInput, match="could mean either"):
        column_of("age_band", ["age", "age_band"])
