"""One round as a state machine: the sum of the survivors bit for bit, or an end with nothing opened."""

from itertools import combinations

import numpy as np
import pytest
from fed_rounds import STAGES, federation, machines, plain_sum, play, updates_of
from hypothesis import given, settings
from hypothesis import strategies as st

AFTER_INPUT = ("agreed", "unmask")


@settings(max_examples=25, deadline=None)
@given(data=st.data(), n=st.integers(3, 6), seed=st.integers(0, 2**32))
def test_the_sum_is_the_plain_one_bit_for_bit_for_any_drop_out_within_the_threshold(data, n, seed):
    colluders = data.draw(st.integers(0, n - 3))
    least = max((n + colluders) // 2 + 1, colluders + 3)
    threshold = data.draw(st.integers(least, n)) if least <= n else n
    fed = federation(n, threshold, colluders if least <= n else 0, length=data.draw(st.integers(1, 9)))
    names = [m.name for m in fed.members]
    gone = data.draw(st.lists(st.sampled_from(names), unique=True, max_size=n - threshold))
    dies = {name: data.draw(st.sampled_from(STAGES)) for name in gone}
    updates = updates_of(fed, seed)
    hub, sites = machines(fed)
    play(hub, sites, updates, dies)
    survivors = [name for name in names if dies.get(name, "unmask") in AFTER_INPUT]
    assert hub.stage == "done"
    assert hub.survivors == survivors
    np.testing.assert_array_equal(hub.total, plain_sum(updates, survivors))
    for name in set(names) - set(gone):
        assert sites[name].closed == "commit"


@pytest.mark.parametrize("stage", STAGES)
def test_any_three_of_ten_may_go_and_the_fourth_ends_the_round_with_nothing_opened(stage):
    fed = federation(10, 7, 2)
    updates = updates_of(fed)
    names = [m.name for m in fed.members]
    for gone in list(combinations(names, 3))[::40]:
        hub, sites = machines(fed)
        play(hub, sites, updates, dict.fromkeys(gone, stage))
        survivors = names if stage in AFTER_INPUT else [name for name in names if name not in gone]
        np.testing.assert_array_equal(hub.total, plain_sum(updates, survivors))
    hub, sites = machines(fed)
    seen = []
    play(hub, sites, updates, dict.fromkeys(names[2:6], stage), seen)
    assert (hub.stage, hub.reason) == ("aborted", "too-few-sites")
    assert len(hub._sum) == 0
    opened = [name for name, kind, _ in seen if kind == "unmask"]
    assert len(opened) < fed.threshold  # and so no key comes out
    assert stage == "unmask" or not opened


@pytest.mark.parametrize("form", ["int64", "int32", "uint32", "read-only", "every second"])
def test_updates_of_any_whole_type_and_layout_are_summed_and_only_writable_ones_of_32_bits_are_used_up(form):
    fed = federation(3, 3, length=50)
    updates = updates_of(fed)
    hub, sites = machines(fed)
    given = {name: steps.astype(np.int32) for name, steps in updates.items()}
    if form in ("int64", "uint32"):
        given = {name: steps.astype(form) for name, steps in updates.items()}
    if form == "every second":
        given = {name: np.repeat(steps, 2)[::2] for name, steps in given.items()}
    for steps in given.values():
        steps.flags.writeable = form != "read-only"
    play(hub, sites, given)
    np.testing.assert_array_equal(hub.total, plain_sum(updates, sites))
    kept = [np.array_equal(given[name].astype(np.int32), updates[name].astype(np.int32)) for name in updates]
    assert kept == [form != "int32"] * 3
