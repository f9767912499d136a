"""Promise 1 under kill -9: committed releases are byte-identical for ever, and no plan is charged twice.

Whole runs of a study are killed a few times, small writers of a ledger 500 times, and the server under some of them.
More of both: `benchmarks/bench_main.py --only main.kill` and `make soak`.
"""

import sys
from pathlib import Path

import pytest
from quick import make_quick
from small import STUDY, make_small

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from kills import committed, finish, kill_all, kill_many

pytestmark = pytest.mark.slow

FRESH = (
    STUDY.format(language="en")
    .replace('name = "stay"', 'name = "stay-{n}"')
    .replace('name = "readmitted"', 'name = "readmitted-{n}"')
    .replace("epsilon = 3.0", "epsilon = 900.0")
    .replace("steps = 10", "steps = 1000")
)


def test_after_kill_9_committed_releases_are_byte_identical_none_is_lost_and_no_plan_is_charged_twice(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    study = make_small(tmp_path / "study", text=STUDY, epsilon=1000.0, patients=60).folder
    make_quick()
    tally = kill_many(study, FRESH, kills=8, seed=7)
    assert tally.kills >= 4
    assert tally.lost == 0
    assert tally.charged_twice == 0
    assert tally.releases == 2 * 9


def test_a_release_that_is_shown_again_costs_nothing_and_is_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    study = make_small(tmp_path / "study", text=STUDY, patients=60).folder
    make_quick()
    finish(study)  # runs twice and compares every byte that left
    before = committed()
    finish(study)
    assert committed() == before
    assert len(before) == 2


def test_after_500_kill_9_of_writers_and_servers_no_acknowledged_entry_is_lost_and_none_is_charged_twice():
    found = kill_all(500, seed=7)
    assert sum(tally.kills for tally in found.values()) == 500
    for name, tally in found.items():
        assert tally.lost == 0, name
        assert tally.charged_twice == 0, name
        assert tally.unpaid == 0, name
    assert sum(tally.acknowledged for tally in found.values()) > 50, "hardly anything was going on"
    assert sum(tally.abandoned for tally in found.values()) > 5, "kills came between a charge and its commit"
