"""Real processes, real kill -9: fifty here, 200 by `python benchmarks/bench_federated.py --only fed.kill --kills 200`."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))


@pytest.mark.slow
def test_after_each_kill_of_the_hub_accepted_messages_rounds_and_sums_are_identical(tmp_path):
    from federated_kills import kill_many

    tally = kill_many(tmp_path, 50)
    assert tally.kills == 50
    assert tally.rounds >= 1
    assert (tally.lost, tally.wrong, tally.twice) == (0, 0, 0)
    assert tally.slowest < 10
