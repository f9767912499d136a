"""A series is paid for once, before its first period; each period is drawn once, shown for ever, and never again."""

import doctest
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import series_child
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.dp.continual import _column
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import BudgetExceeded, IntegrityError, InvalidInput
from confide.ledger import spend
from confide.ledger.export import export
from confide.ledger.home import open_ledger
from confide.ledger.verify import verify_ledger
from confide.stats.frame import to_frame
from confide.stats.series import GRID, SeriesPlan, SeriesStep, StepData, exact_counts
from confide.study.series import Period, release_series
from confide.study.tables import other_editions, statistics_output

BY = {"sex": ("F", "M")}


def series(**changes):
    asked = {
        "name": "monthly",
        "epsilon": 2.0,
        "delta": 1e-8,
        "periods": ("01", "02", "03"),
        "by": BY,
        "max_rows": 2,
    }
    return SeriesPlan(**asked | changes)


def table(rows):
    return pl.DataFrame(
        {"_patient": [patient for patient, _ in rows], "sex": [sex for _, sex in rows]},
        schema={"_patient": pl.String, "sex": pl.String},
    )


ROWS = st.lists(
    st.tuples(st.sampled_from(["p", "q", "r", None]), st.sampled_from(["F", "M", "X", None])), max_size=9
)
TABLES = st.lists(ROWS, min_size=3, max_size=3).map(lambda months: [table(rows) for rows in months])


def root(steps):
    column = _column(steps)
    return np.array(
        [[column[t - s] if s <= t else 0 for s in range(steps)] for t in range(steps)], dtype=np.int64
    )


@given(TABLES, st.integers(1, 4))
@settings(deadline=None, max_examples=120)
def test_one_patient_moves_all_rows_of_all_periods_by_at_most_what_is_paid_for(tables, most):
    asked = series(max_rows=most)
    for patient in ("p", "q"):
        fewer = [each.filter(pl.col("_patient").ne_missing(patient)) for each in tables]
        moved = exact_counts(asked, tables) - exact_counts(asked, fewer)
        assert np.abs(moved).sum() <= GRID * most
        assert np.linalg.norm((root(3) @ moved).ravel().astype(float)) <= asked.event().sensitivity


@given(TABLES)
@settings(deadline=None, max_examples=60)
def test_what_is_new_in_a_period_does_not_change_when_later_periods_come(tables):
    whole = exact_counts(series(), tables)
    for t in (1, 2):
        assert (exact_counts(series(), tables[:t]) == whole[:t]).all()


def test_the_first_rows_of_a_patient_count_and_rows_that_share_the_rest_weigh_less():
    asked = series(max_rows=2)
    counts = exact_counts(asked, [table([("p", "F")]), table([("p", "F"), ("p", "M")]), table([("p", "F")])])
    assert (counts / GRID).tolist() == [[1.0, 0.0], [0.5, 0.5], [0.0, 0.0]]


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(tmp_path) as opened:
        opened.open_account("all", epsilon=3.0, delta=1e-6, patients=1000)
        opened.grant("s", "all", epsilon=3.0, delta=1e-6, purpose="a dashboard")
        yield opened


def months(n=3, rows=40):
    tables = [table([(f"p{k}", "FM"[(k + month) % 2]) for k in range(rows)]) for month in range(n)]
    return [Period(table=each, commitment=f"{at:064x}") for at, each in enumerate(tables)]


def release(ledger, periods, asked=None):
    return release_series(ledger, asked or series(), periods, study="s", account="all")


def test_the_series_is_paid_for_once_and_every_period_is_shown_again_byte_for_byte(ledger):
    first = release(ledger, months()[:1])
    spent = ledger.balance("all").epsilon_spent
    assert 0.99 * 2.0 < spent <= 2.0
    everything = release(ledger, months())
    assert ledger.balance("all").epsilon_spent == spent
    assert everything[0] == first[0]
    size = ledger.store.head()
    assert release(ledger, months()) == everything
    assert ledger.store.head() == size


def test_figures_of_earlier_periods_stay_as_they_were_released(ledger):
    one, two, three = release(ledger, months())
    assert two["rows"][:2] == one["rows"]
    assert three["rows"][:4] == two["rows"]
    assert three["by"]["period"] == ["01", "02", "03"]
    assert len({tuple(each["row"]) for each in (one, two, three)}) == 3


def test_a_release_has_every_edition_of_a_table(ledger):
    found = release(ledger, months())[-1]
    assert statistics_output(found).content.decode().splitlines()[0].startswith("period,sex,count,")
    assert to_frame(found).height == 12
    assert all(each.content for each in other_editions(found))


def test_intervals_hold_the_true_counts_in_at_least_95_of_100():
    wards = tuple(f"{k}" for k in range(700))
    asked = series(by={"ward": wards}, max_rows=1, periods=tuple(f"{k}" for k in range(12)))
    truth = [[500 + 10 * month] * 700 for month in range(12)]
    before, hits, rows = [], {"count": 0, "running_count": 0}, []
    noise = Noise(Stream())
    for month in range(12):  # the counts themselves, without their patients
        exact = np.array(truth[: month + 1], dtype=np.int64) * GRID
        rows.append(asked.counter.row(exact, noise))
        before.append(rows[-1])
    totals = asked.counter.totals(np.array(rows)) / GRID
    new = np.diff(totals, axis=0, prepend=0.0)
    for name, figures, errors, true in (
        ("count", new, asked.counter.news_errors(), np.array(truth)),
        ("running_count", totals, asked.counter.errors(), np.cumsum(truth, axis=0)),
    ):
        hits[name] = (np.abs(figures - true) <= 1.96 * errors[:, None] / GRID).mean()
        assert hits[name] > 0.94, name


def test_other_data_of_an_earlier_period_are_refused_and_nothing_is_charged(ledger):
    release(ledger, months()[:2])
    size = ledger.store.head()
    changed = [Period(table=months()[0].table, commitment="f" * 64), *months()[1:]]
    with pytest.raises(InvalidInput):
        release(ledger, changed)
    assert ledger.store.head() == size


def test_a_series_that_costs_too_much_is_refused_as_a_whole_before_a_record_is_read(ledger):
    size = ledger.store.head()
    with pytest.raises(BudgetExceeded):
        release(ledger, months()[:1], series(epsilon=9.0))
    assert ledger.store.head() == size


def test_another_series_pays_for_itself(ledger):
    release(ledger, months()[:1], series(epsilon=1.0))
    release(ledger, months()[:1], series(epsilon=1.0, name="other"))
    assert ledger.balance("all").epsilon_spent > 1.9


def test_a_step_refuses_an_opening_that_is_not_its_own_and_steps_out_of_order():
    asked, noise = series(), Noise(Stream())
    one, two = (SeriesStep(series=asked, step=step, paid_by=3) for step in (1, 2))
    tables = [each.table for each in months()]
    other = series(epsilon=0.1).declaration()
    with pytest.raises(InvalidInput, match="paid"):
        one.execute(StepData(tables=tables[:1], before=[], opening=other), noise)
    opening = asked.declaration()
    with pytest.raises(InvalidInput, match="left out"):
        two.execute(StepData(tables=tables[:2], before=[], opening=opening), noise)
    with pytest.raises(InvalidInput, match="left out"):
        one.execute(StepData(tables=tables, before=[], opening=opening), noise)


@pytest.mark.parametrize(
    "changes",
    [
        {"periods": ()}, {"periods": ("1", "1")}, {"by": {"period": ("a",)}}, {"by": {"count": ("a",)}},
        {"max_rows": 0}, {"epsilon": 0.0}, {"delta": 0.0}, {"by": {"sex": ()}},
    ],
)  # fmt: skip
def test_a_series_that_cannot_run_is_refused_before_anything_is_spent(changes):
    with pytest.raises(InvalidInput):
        series(**changes)


def test_a_period_without_its_columns_is_refused_before_anything_is_spent(ledger):
    size = ledger.store.head()
    bad = Period(table=months()[0].table.drop("sex"), commitment="0" * 64)
    with pytest.raises(InvalidInput):
        release(ledger, [bad])
    assert ledger.store.head() == size


def test_after_kill_9_no_period_was_shown_twice_with_other_noise_and_the_series_was_paid_for_once(tmp_path):
    """Promise 1, on a series: whatever was told before a kill is what is told ever after."""
    with open_ledger(tmp_path) as opened:
        opened.open_account("all", epsilon=9.0, delta=1e-6, patients=1000)
        opened.grant("s", "all", epsilon=9.0, delta=1e-6, purpose="a dashboard")
    told, luck = {}, random.Random(5)
    child = [sys.executable, str(Path(series_child.__file__)), str(tmp_path)]
    for kill in range(5):
        with subprocess.Popen(child, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            lines = []
            if kill < 4:
                # let it come as far as it was, and a little farther
                lines.extend(process.stdout.readline() for _ in range(kill))
                time.sleep(luck.uniform(0.0, 0.05))
                process.send_signal(signal.SIGKILL)
            lines += process.communicate()[0].splitlines()
        for line in filter(None, map(bytes.strip, lines)):
            found = json.loads(line) if line.endswith(b"}") else None
            if found is not None:
                assert told.setdefault(found["step"], found["row"]) == found["row"]
    assert sorted(told) == [1, 2, 3, 4]
    with open_ledger(tmp_path) as opened:
        commits = Counter(entry.body["key"] for entry in opened.store.all(kind="commit"))
        paid = [e for e in opened.store.all(kind="charge") if e.body["name"] == "monthly"]
        assert set(commits.values()) == {1}
        assert len(commits) == 5
        lost = sum(opened.state_of(each.sequence) == "abandoned" for each in paid)
        assert opened.balance("all").epsilon_spent <= 1.0 * (1 + lost) * (1 + 1e-9)


def test_a_period_lost_between_its_noise_and_its_commit_is_drawn_afresh_and_costs_nothing_more(tmp_path):
    with open_ledger(tmp_path) as opened:
        opened.open_account("all", epsilon=9.0, delta=1e-6, patients=1000)
        opened.grant("s", "all", epsilon=9.0, delta=1e-6, purpose="a dashboard")
    child = [sys.executable, str(Path(series_child.__file__)), str(tmp_path), "die"]
    killed = subprocess.run(child, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    with open_ledger(tmp_path) as opened:
        spent = opened.balance("all").epsilon_spent
        found = release_series(
            opened, series_child.SERIES, series_child.months()[:2], study="s", account="all"
        )
        assert opened.balance("all").epsilon_spent == spent
        assert [entry.body["name"] for entry in opened.store.all(kind="abandon")] == ["monthly 02"]
        assert len(opened.store.all(kind="commit")) == 3
    lost = json.loads(killed.stdout)
    differ = sum(one != other for one, other in zip(lost, found[1]["row"], strict=True))
    assert differ > 0.99 * len(lost)


@pytest.mark.parametrize("name", ["images-and-series.md", "images-and-series.zh-CN.md"])
def test_the_page_on_images_and_series_says_what_happens(name):
    page = Path(__file__).parents[2] / "docs" / name
    found = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert found.failed == 0
    assert found.attempted == 30


def step_of(paid_by, asked=None, step=1):
    return SeriesStep(series=asked or series(), step=step, paid_by=paid_by)


def forged(ledger, step, **changes):
    """Charge a step with an opening that the series would have made, whether or not it was ever paid."""
    data = StepData(tables=[months()[0].table], before=[], opening=step.series.declaration())
    where = {"study": "s", "account": "all", "commitment": f"{0:064x}"} | changes
    return ledger.run(step, data, **where)


def test_a_step_whose_series_nobody_paid_for_is_refused_and_writes_nothing(ledger):
    """Promise 1: an opening can be made by hand, an entry of the ledger cannot."""
    size = ledger.store.head()
    for number in (0, 1, 2, 99):
        with pytest.raises(InvalidInput) as refused:
            forged(ledger, step_of(number))
        assert refused.value.code == "ledger.not-paid"
    assert ledger.store.head() == size


def test_a_step_is_paid_by_its_own_series_of_its_own_study_account_and_cohort_alone(ledger):
    ledger.open_account("other", epsilon=3.0, delta=1e-6, patients=1000)
    for study, account in (("t", "all"), ("s", "other")):
        ledger.grant(study, account, epsilon=0.5, delta=1e-6, purpose="a dashboard")
    release(ledger, months()[:1])
    paid = ledger.store.all(kind="commit")[0].sequence
    wrong = (
        (step_of(paid, series(max_rows=1), 1), {}), (step_of(paid, series(periods=("01", "02")), 1), {}),
        (step_of(paid, step=2), {"study": "t"}), (step_of(paid, step=2), {"account": "other"}),
        (step_of(paid - 1, step=2), {}), (step_of(paid + 2, step=2), {}),
    )  # fmt: skip
    for step, changes in wrong:
        with pytest.raises(InvalidInput) as refused:
            forged(ledger, step, **changes)
        assert refused.value.code == "ledger.not-paid"
    assert len(release(ledger, months())) == 3
    verify_ledger(ledger)


def test_both_verifiers_refuse_a_ledger_in_which_a_step_names_what_did_not_pay(tmp_path, monkeypatch):
    """The guard is taken out of the door here, so that the forged entry gets in and has to be found."""
    monkeypatch.setattr(spend, "_verify_paid", lambda *_: None)
    with open_ledger(tmp_path) as ledger:
        ledger.open_account("all", epsilon=3.0, delta=1e-6, patients=1000)
        ledger.grant("s", "all", epsilon=3.0, delta=1e-6, purpose="a dashboard")
        forged(ledger, step_of(2))
        with pytest.raises(IntegrityError):
            verify_ledger(ledger)
        export(ledger, tmp_path / "export", folder=tmp_path)
    script = Path(__file__).parents[2] / "scripts" / "verify_ledger.py"
    found = subprocess.run([sys.executable, script, tmp_path / "export"], capture_output=True, text=True)
    assert found.returncode == 5
