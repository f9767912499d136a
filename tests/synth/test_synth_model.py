"""The graphical model against the whole joint table, written out: small enough to be sure."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synth_tables import noise

from confide.synth.graphical import Measured, Model, fit
from confide.synth.junction import junction_tree
from confide.synth.measure import packing
from confide.synth.sample import drawn, uniforms, unpacked

SIZES = [3, 4, 2, 3, 2]
GROUPS = [(0, 1), (1, 2), (2, 3), (0, 3), (3, 4), (0, 1, 2)]


def onto(joint: np.ndarray, group: tuple[int, ...]) -> np.ndarray:
    return joint.sum(axis=tuple(at for at in range(joint.ndim) if at not in group))


def joint_of(model: Model, sizes: list[int]) -> np.ndarray:
    """Multiply all log weights into one table."""
    logs = np.zeros(sizes)
    for group, weights in model.weights.items():
        logs = logs + weights.reshape([size if at in group else 1 for at, size in enumerate(sizes)])
    shares = np.exp(logs - logs.max())
    return shares / shares.sum()


def measured(joint: np.ndarray, groups, total: float = 1000.0, variance: float = 4.0) -> list[Measured]:
    return [
        Measured(group, onto(joint, group) * total, np.full(onto(joint, group).shape, variance))
        for group in groups
    ]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(2, 4), min_size=1, max_size=7).flatmap(
        lambda sizes: st.tuples(
            st.just(sizes),
            st.lists(st.sets(st.integers(0, len(sizes) - 1), min_size=1, max_size=3), max_size=8),
        )
    )
)
def test_the_cliques_of_a_junction_tree_hold_every_group_and_run_without_gaps(drawn_graph):
    sizes, sets = drawn_graph
    groups = [tuple(sorted(each)) for each in sets]
    tree = junction_tree(sizes, groups)
    assert all(tree.home(group) is not None for group in groups)
    assert {column for clique in tree.cliques for column in clique} == set(range(len(sizes)))
    for at in range(1, len(tree.cliques)):
        before = {column for clique in tree.cliques[:at] for column in clique}
        assert set(tree.cliques[at]) & before == set(
            tree.shared[at]
        )  # all that it has seen is with its parent
        assert set(tree.shared[at]) <= set(tree.cliques[tree.parents[at]])


@pytest.mark.parametrize("seed", range(3))
def test_every_marginal_is_that_of_the_whole_joint_table(seed):
    rng = np.random.default_rng(seed)
    joint = rng.dirichlet(np.full(int(np.prod(SIZES)), 0.3)).reshape(SIZES)
    model = fit(SIZES, measured(joint, GROUPS), total=1000.0, steps=50)
    whole = joint_of(model, SIZES)
    for size in (1, 2, 3, 4, 5):
        for group in combinations(range(5), size):
            np.testing.assert_allclose(model.marginal(group), onto(whole, group), atol=1e-12)


def test_a_fit_to_counts_without_noise_gives_these_counts():
    joint = np.random.default_rng(1).dirichlet(np.ones(int(np.prod(SIZES)))).reshape(SIZES)
    found = measured(joint, GROUPS)
    model = fit(SIZES, found, total=1000.0, steps=3000)
    for one in found:
        np.testing.assert_allclose(model.marginal(one.columns) * 1000, one.counts, atol=1e-3)


def test_a_fit_to_noisy_counts_is_as_close_as_a_descent_on_the_whole_joint_table():
    """The rival is the plain thing: multiplicative steps on all 144 cells at once."""
    rng = np.random.default_rng(2)
    joint = rng.dirichlet(np.ones(int(np.prod(SIZES)))).reshape(SIZES)
    noisy = [
        Measured(
            one.columns, one.counts + rng.normal(0, 20, one.counts.shape), np.full(one.counts.shape, 400.0)
        )
        for one in measured(joint, GROUPS)
    ]

    def loss(of) -> float:
        return sum(
            float(((of(one.columns) * 1000 - one.counts) ** 2 / one.variance).sum()) / 2 for one in noisy
        )

    whole = np.full(SIZES, 1 / np.prod(SIZES))
    for _ in range(6000):
        slope = np.zeros(SIZES)
        for one in noisy:
            off = (onto(whole, one.columns) * 1000 - one.counts) / one.variance
            slope = slope + off.reshape([size if at in one.columns else 1 for at, size in enumerate(SIZES)])
        whole = whole * np.exp(-0.05 * slope)
        whole /= whole.sum()
    ours = loss(fit(SIZES, noisy, total=1000.0, steps=3000).marginal)
    assert ours <= loss(lambda group: onto(whole, group)) * 1.001


def test_forbidden_cells_have_no_share():
    joint = np.random.default_rng(3).dirichlet(np.ones(12)).reshape(3, 4)
    banned = np.zeros((3, 4), dtype=bool)
    banned[1, 2:] = True
    model = fit([3, 4], measured(joint, [(0, 1)]), total=1000.0, banned={(0, 1): banned})
    assert model.marginal((0, 1))[banned].max() == 0
    assert model.marginal((0, 1)).sum() == pytest.approx(1)


def test_drawn_rows_have_the_shares_of_the_model_nearly_to_the_row():
    joint = np.random.default_rng(4).dirichlet(np.ones(int(np.prod(SIZES)))).reshape(SIZES)
    model = fit(SIZES, measured(joint, [(0, 1), (1, 2), (2, 3), (3, 4)]), total=1000.0)
    codes = drawn(model, tuple(SIZES), 20_000, noise())
    for group in [(0,), (0, 1), (1, 2), (2, 3), (3, 4)]:
        shape = tuple(SIZES[at] for at in group)
        place = np.ravel_multi_index(tuple(codes[:, at] for at in group), shape)
        counts = np.bincount(place, minlength=np.prod(shape)).reshape(shape)
        assert np.abs(counts / 20_000 - model.marginal(group)).sum() / 2 < 0.004  # plain draws: 0.01 to 0.02


def test_uniform_numbers_are_uniform():
    found = uniforms(noise(), 50_000)
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_allclose(np.quantile(found, [0.1, 0.5, 0.9]), [0.1, 0.5, 0.9], atol=0.012)


def test_values_under_the_noise_share_a_place_and_come_back_in_proportion():
    counts = np.array([900.0, 30.0, 10.0, -20.0, 500.0])
    packed = packing([Measured((0,), counts, np.full(5, 400.0))])
    assert packed.sizes == (3,)
    assert packed.places[0].tolist() == [0, 2, 2, 2, 1]
    values = unpacked(packed.places[0], packed.shares[0], np.full(4000, 2), noise())
    assert set(values) == {1, 2}
    assert (values == 1).mean() == pytest.approx(0.75, abs=0.04)


def test_a_column_of_noise_alone_is_shared_out_evenly():
    packed = packing([Measured((0,), np.array([-5.0, -3.0, -1.0]), np.full(3, 400.0))])
    np.testing.assert_allclose(packed.shares[0], 1 / 3)
