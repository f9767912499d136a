"""Spark gives the integers that one machine gives: real Spark on two threads, any values."""

import os
import shutil
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stats_tables import ROW, Silent, exact_sums, table

import confide
from confide.engines.polars import GRID
from confide.errors import InvalidInput
from confide.stats.found import pairs, weights
from confide.stats.plan import StatsPlan
from confide.stats.tally import tally

pytest.importorskip("pyspark", reason="Spark is not installed: pip install confide[spark]")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("Spark needs Java: apt-get install default-jre-headless", allow_module_level=True)

from confide.engines.spark import ENCRYPTED
from confide.stats.spark import OnSpark

pytestmark = pytest.mark.slow

BY = {"sex": ("F", "M", "女"), "age_band": (0, 18, 45, 65, 120)}
MEASURES = (
    "count", "patients", "sum(stay, -5, 60)", "mean(stay, 0, 60)", "variance(stay, 0, 60)", "proportion(sex, F)",
    "median(stay, 0, 60)", "histogram(age, 0, 18, 65)", "top(sex, 1, F, M, 女)",
)  # fmt: skip
SETTINGS = {
    "spark.ui.enabled": "false", "spark.sql.shuffle.partitions": "2", "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1", "spark.sql.execution.arrow.maxRecordsPerBatch": "300",
    "spark.default.parallelism": "2", "spark.log.level": "OFF", "spark.sql.adaptive.enabled": "false",
}  # fmt: skip


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """One real Spark on two threads, as encrypted as ours must be."""
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYTHONPATH", str(Path(confide.__file__).parents[1]))
        builder = SparkSession.builder.master("local[2]").appName("confide")
        for name, value in (
            SETTINGS | ENCRYPTED | {"spark.local.dir": str(tmp_path_factory.mktemp("local"))}
        ).items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        yield session
        session.stop()


def plan(**changes) -> StatsPlan:
    return StatsPlan(**{"name": "t", "epsilon": 1.0, "by": BY, "measures": MEASURES, "max_rows": 2} | changes)


def spread(session, folder, data):
    data.sample(fraction=1, shuffle=True, seed=7).write_parquet(folder / "t.parquet")
    return OnSpark(session.read.parquet(str(folder / "t.parquet")).repartition(2))


@pytest.mark.parametrize(
    "asks", [{}, {"where": ("stay <= 100 or is_missing(sex)",), "derive": {"half": "stay / 2"}}]
)
@settings(max_examples=1, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROW, min_size=20, max_size=40), most=st.integers(1, 5))
def test_spark_has_the_sums_of_one_machine(session, tmp_path, asks, rows, most):
    """Random tables of odd values, as text where conditions are asked for, over two executors in small batches."""
    data = table([{**row, "times": min(row["times"], 40)} for row in rows])
    data = data.with_columns(pl.all().cast(pl.String)) if asks else data
    asked = plan(max_rows=most, **asks, measures=(*MEASURES, *(["mean(half, 0, 30)"] if asks else [])))
    found = spread(session, tmp_path, data).tally(asked.by, asked.parts(), asked.rows, asked.text_columns())
    expected = exact_sums(asked, asked.rows(data))
    for part, sums in found.sums(lambda _: most).items():
        assert (sums == expected[part]).all()
    alone = tally(asked.by, asked.parts(), asked.rows(data)).rows()
    assert sorted(found.rows().tolist()) == sorted(alone[alone > 0].tolist())


def test_ids_of_every_kind_are_told_apart_as_on_one_machine(session, tmp_path):
    texts = ["a", "A", "a ", "ä", "ä", "", None, "a", "女", "1", "01"]
    data = pl.DataFrame({"_patient": texts * 3, "sex": ["F"] * 33})
    asked = plan(by={"sex": ("F",)}, measures=("count", "patients"), max_rows=1)
    numbers = data.with_columns(pl.Series("_patient", [*range(-5, 5), None] * 3))
    for each in (data, numbers):
        found = (
            spread(session, tmp_path, each)
            .tally(asked.by, asked.parts(), asked.rows, {"sex"})
            .sums(lambda _: 1)
        )
        for part, sums in exact_sums(asked, each).items():
            assert (found[part] == sums).all()


def test_a_patient_on_all_executors_weighs_what_one_patient_weighs(session, tmp_path):
    data = pl.DataFrame({"_patient": ["p"] * 4096, "sex": ["F"] * 4096})
    asked = plan(by={"sex": ("F", "M")}, measures=("count",), max_rows=4)
    (sums,) = (
        spread(session, tmp_path, data)
        .tally(asked.by, asked.parts(), asked.rows, {"sex"})
        .sums(lambda _: 4)
        .values()
    )
    assert sums.tolist() == [[GRID], [0]]


def test_a_column_without_cells_is_refused_before_anything_runs(session, tmp_path):
    from pyspark.sql import functions as f

    asked = plan(by={"sex": ("F",)}, measures=("count",))
    frame = session.range(3).select(f.col("id").alias("_patient"), f.array(f.lit("F")).alias("sex"))
    with pytest.raises(InvalidInput) as refused:
        OnSpark(frame).tally(asked.by, asked.parts(), asked.rows, {"sex"})
    assert refused.value.code == "engines.column-type"
    assert "F" not in repr(OnSpark(frame))


def test_a_plan_runs_on_spark_as_in_memory_with_a_bound_that_is_chosen(session, tmp_path):
    data = pl.DataFrame({"_patient": [n % 300 for n in range(900)], "sex": ["F", "M", "F"] * 300})
    asked = plan(by={"sex": ("F", "M")}, measures=("count",), max_rows="private", where=("sex == 'F'",))
    assert asked.execute(spread(session, tmp_path, data), Silent()) == asked.execute(data, Silent())


def test_spark_finds_the_categories_that_one_machine_finds(session, tmp_path):
    """Weights of every value, exactly: a patient in both partitions, one with more values than are looked at."""
    owned = [("p", f"{k:02}") for k in range(70)] + [("p", "69"), ("q", "01"), ("q", "女"), ("r", None)] * 3
    data = pl.DataFrame(owned, schema={"_patient": pl.String, "sex": pl.String}, orient="row")
    found = spread(session, tmp_path, data).values("sex", lambda piece: piece, {"sex"})
    assert found == weights(pairs(data, "sex"))
