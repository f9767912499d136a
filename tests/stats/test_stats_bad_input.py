"""Bad input by name: refused before anything is spent, by public values alone; or handled as the pages say.

Each test is at the door, `Ledger.run`: what is refused leaves no entry. What a study file refuses beforehand:
`test_stats_refusals`; how one patient is bounded: `test_stats_sensitivity`.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from small import STUDY

from confide.dp.accountant import exact
from confide.errors import BudgetExceeded, InvalidInput
from confide.ledger.home import open_ledger
from confide.stats.images import ImagePlan, ImageStack
from confide.stats.plan import StatsPlan
from confide.study.config import read_study
from confide.synth.plan import SynthPlan
from confide.synth.section import SynthSection

WHERE = {"study": "s", "account": "all"}
VISITS = pl.DataFrame(
    {
        "_patient": ["a", "b", "c"],
        "sex": ["F", "M", "F"],
        "stay": ["1", "nan", None],
        "day": ["2024-02-29"] * 3,
    }
)


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(tmp_path) as opened:
        opened.open_account("all", epsilon=50.0, delta=1e-6, patients=1000)
        yield opened


def allow(ledger, epsilon, delta=1e-8):
    ledger.grant("s", "all", epsilon=epsilon, delta=delta, purpose="bad input")
    return ledger.store.head()


def plan(epsilon=1.0, **changes):
    known = {"name": "t", "by": {"sex": ("F", "M")}, "measures": ("count",), "max_rows": 1}
    return StatsPlan(**known | changes, epsilon=epsilon)


OVER = [
    {"measures": ("count",)},
    {"measures": ("count", "mean(stay, 0, 60)", "median(stay, 0, 60)", "patients"), "max_rows": "private"},
    {"measures": ("count", "median(stay, 0, 60)"), "intervals": "population"},
    {"by": {"sex": "unknown"}, "delta": 1e-9},
]  # fmt: skip


@pytest.mark.parametrize("epsilon", [0.1, 0.3, 1.0, 3.0, 10.0, 30.0])
@pytest.mark.parametrize("asked", OVER)
def test_a_query_over_budget_by_a_millionth_of_a_millionth_is_refused_and_one_within_it_is_not(
    ledger, epsilon, asked
):
    size = allow(ledger, epsilon)
    with pytest.raises(BudgetExceeded) as refused:
        ledger.run(plan(epsilon + 1e-12, **asked), VISITS, **WHERE)
    assert (ledger.store.head(), ledger.balance("all").epsilon_spent) == (size, 0)
    assert refused.value.public["asked"] != refused.value.public["left"]
    release, replayed = ledger.run(plan(epsilon, **asked), VISITS, **WHERE)
    assert (release["epsilon"], replayed) == (epsilon, False)
    assert ledger.balance("all").epsilon_spent == pytest.approx(epsilon, abs=2e-9)


def test_the_last_millionth_of_a_millionth_of_what_is_left_is_not_there_either(ledger):
    allow(ledger, 1.0)
    ledger.run(plan(0.7), VISITS, **WHERE)
    size = ledger.store.head()
    with pytest.raises(BudgetExceeded):
        ledger.run(plan(0.3 + 1e-12, name="u"), VISITS, **WHERE)
    assert ledger.store.head() == size
    ledger.run(plan(0.3, name="u"), VISITS, **WHERE)
    assert ledger.balance("all").epsilon_spent == pytest.approx(1.0, abs=2e-9)


def test_steps_of_a_study_that_ask_a_millionth_of_a_millionth_more_are_refused_when_it_is_read(tmp_path):
    text = STUDY.format(language="en").replace("epsilon = 3.0", "epsilon = 2.0", 1)
    assert exact(read_study(text, tmp_path).account.epsilon) == 2
    for more in ("1.000000000001", "1.0000000000001"):
        with pytest.raises(InvalidInput) as refused:
            read_study(text.replace("epsilon = 1.0", f"epsilon = {more}", 1), tmp_path)
        assert refused.value.code == "study.impossible-budget"
    tenths = text.replace("epsilon = 2.0", "epsilon = 0.3", 1).replace("epsilon = 1.0", "epsilon = 0.1", 1)
    read_study(tenths.replace("epsilon = 1.0", "epsilon = 0.2", 1), tmp_path)  # as decimals, not as doubles


STACK = ImageStack(pixels=np.zeros((2, 4, 4), dtype=np.uint8), patients=["a", "b"], groups=["x", "x"])
MADE = {
    "source": "v",
    "columns": {"sex": ("F", "M"), "age": (0.0, 50.0, 99.0)},
    "epsilon": 1.0,
    "patients": 30_000,
}


@pytest.mark.parametrize(
    ("asked", "data", "code"),
    [
        (plan(), VISITS.drop("sex"), "stats.no-column"),  # a group key is absent
        (plan(), VISITS.drop("_patient"), "stats.no-column"),
        (plan(measures=("mean(stay, 0, 60)",)), VISITS.drop("stay"), "stats.no-column"),
        (plan(where=("year(day) >= 2024",)), VISITS.drop("day"), "stats.no-column"),
        (plan(), VISITS.with_columns(sex=pl.concat_list("sex")), "engines.column-type"),
        (SynthPlan(settings=SynthSection(**MADE)), VISITS, "synth.no-column"),
        (ImagePlan(name="i", epsilon=1.0, delta=1e-9, shape=(4, 2), groups=("x",)), STACK, "images.shape"),
    ],
)  # fmt: skip
def test_data_without_what_a_plan_reads_are_refused_at_the_door_and_nothing_is_spent(
    ledger, asked, data, code
):
    size = allow(ledger, 2.0)
    with pytest.raises(InvalidInput) as refused:
        ledger.run(asked, data, **WHERE)
    assert refused.value.code == code
    assert (ledger.store.head(), ledger.balance("all").epsilon_spent) == (size, 0)


@pytest.mark.parametrize(
    ("cell", "adds"),
    [
        ("nan", 0), ("NaN", 0), ("inf", 0), ("-inf", 0), ("1e400", 0), ("-1e400", 0), ("9" * 5000, 0), ("", 0),
        ("?", 0), (None, 0), ("\x00", 0), ("1e308", 60), ("-1e308", 0), ("59", 59),
    ],
)  # fmt: skip
def test_what_is_no_finite_number_is_missing_what_lies_outside_is_held_at_the_bounds_and_nothing_is_refused(
    ledger, cell, adds
):
    """The null policy: no other patient's cell is read otherwise for it."""
    allow(ledger, 40.0)
    one = VISITS.with_columns(stay=pl.Series(["1", cell, "2"], dtype=pl.String))
    release, _ = ledger.run(plan(40.0, by={}, measures=("sum(stay, 0, 60)",)), one, **WHERE)
    assert release["rows"][0]["sum(stay, 0, 60)"]["value"] == pytest.approx(3 + adds, abs=28)


def test_a_table_of_nobody_is_answered_with_noise_alone_and_tells_so_to_nobody(ledger):
    allow(ledger, 5.0)
    measures = ("count", "patients", "mean(stay, 0, 60)", "median(stay, 0, 60)")
    for name, data in (
        ("none", VISITS[:0]),
        ("nobody", VISITS.with_columns(_patient=pl.lit(None, pl.String))),
    ):
        release, _ = ledger.run(plan(2.0, name=name, measures=measures), data, **WHERE)
        assert [row["sex"] for row in release["rows"]] == ["F", "M"]


def test_days_of_mixed_time_zones_are_the_days_as_they_are_written_in_texts_and_in_zoned_columns(ledger):
    """23:30 on the 29th in Los Angeles is the 1st of March in Shanghai: neither is turned into the other."""
    allow(ledger, 50.0)
    late = ["2024-02-29T23:30:00-08:00", "2024-03-01T15:30:00+08:00", "2024-02-29 23:59Z", "2024-02-29"] * 500
    who = [f"p{k}" for k in range(2000)]
    asked = plan(20.0, by={}, where=("month(day) == 2",))
    release, _ = ledger.run(asked, pl.DataFrame({"_patient": who, "day": late}), **WHERE)
    assert release["rows"][0]["count"]["value"] == pytest.approx(1500, abs=5)
    zoned = [datetime(2024, 2, 29, 23, 30, tzinfo=ZoneInfo("America/Los_Angeles"))] * 2000
    asked = plan(20.0, name="zoned", by={}, where=("month(day) == 2",))
    table = pl.DataFrame(
        {"_patient": who, "day": pl.Series(zoned).dt.convert_time_zone("America/Los_Angeles")}
    )
    release, _ = ledger.run(asked, table, **WHERE)
    assert release["rows"][0]["count"]["value"] == pytest.approx(2000, abs=5)


def test_more_groups_than_memory_are_refused_by_their_public_lists_and_no_cell_is_looked_at(ledger):
    size = allow(ledger, 2.0)
    for changes, code in (
        ({"by": {name: tuple(f"{k}" for k in range(2000)) for name in ("a", "b")}}, "stats.too-many-cells"),
        ({"by": {"a": tuple(f"{k}" for k in range(1_000_000))}, "measures": (f"histogram(stay, {', '.join(map(str, range(70)))})",)}, "stats.too-many-sums"),
        ({"by": {"a": "unknown", "b": "unknown", "sex": ("F", "M")}, "delta": 1e-9}, "stats.too-many-cells"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            ledger.run(plan(**changes), VISITS, **WHERE)
        assert refused.value.code == code
    assert ledger.store.head() == size


def test_one_patient_with_a_million_rows_moves_a_count_by_no_more_than_the_rows_that_are_paid_for(ledger):
    allow(ledger, 40.0)
    flood = pl.DataFrame({"_patient": ["z"], "sex": ["F"]}).select(pl.all().repeat_by(1_000_000).explode())
    many = pl.concat([VISITS.select("_patient", "sex"), flood])
    release, _ = ledger.run(plan(40.0, max_rows=4), many, **WHERE)
    assert release["rows"][0]["count"]["value"] == pytest.approx(2 + 4, abs=5)
