"""Rules against hostile updates: finite for every input, near the honest ones, and groups that never leave one site bare."""

import os
from dataclasses import replace

import attacks
import numpy as np
import pytest
from fed_rounds import HUB_KEY, KEYS, federation, plain_sum, play, updates_of
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from confide.errors import AccessDenied, InvalidInput
from confide.federated.horizontal import mean_update, steps_for
from confide.federated.hub import Hub
from confide.federated.robust import (
    centred_clipping,
    clipped,
    clipped_to_median,
    combined,
    coordinate_median,
    geometric_median,
    groups_of,
    in_buckets,
    mixed_with_nearest,
    multi_krum,
    secret_groups,
    sound,
    trimmed_mean,
    trusted,
)
from confide.federated.settings import Grid, SiteNoise, grouped
from confide.federated.site import Site

RULES = {
    "median": lambda rows, f: coordinate_median(rows),
    "trimmed": trimmed_mean,
    "krum": multi_krum,
    "geometric": lambda rows, f: geometric_median(rows),
    "centred": lambda rows, f: centred_clipping(rows, np.zeros(rows.shape[1]), 1.0),
    "mixed": lambda rows, f: trimmed_mean(mixed_with_nearest(rows, f), f),
    "buckets": lambda rows, f: coordinate_median(in_buckets(rows, 1, range(len(rows)))),
    "trusted": lambda rows, f: trusted(rows, np.ones(rows.shape[1])),
}


@settings(max_examples=60, deadline=None)
@given(
    rows=hnp.arrays(np.float64, (9, 3), elements=st.floats(allow_nan=True, allow_infinity=True)),
    rule=st.sampled_from(sorted(RULES)),
)
@example(rows=np.eye(9, 3) * 3e-249, rule="trusted")
def test_what_comes_out_is_finite_for_every_input_or_it_is_refused(rows, rule):
    try:
        found = RULES[rule](rows, 1)
    except InvalidInput:
        return  # too few finite rows
    assert np.isfinite(found).all()


@pytest.mark.parametrize("rule", sorted(RULES))
@pytest.mark.parametrize(
    "attack", [attacks.sign_flip, attacks.gauss, attacks.alie, attacks.ipm, attacks.mimic]
)
@pytest.mark.parametrize("bad", [None, np.nan, np.inf, 1e200])
def test_two_hostile_of_ten_do_not_move_the_result_far(rule, attack, bad):
    draw = np.random.default_rng(0)
    honest = 1 + 0.1 * draw.standard_normal((8, 50))
    hostile = np.full((2, 50), bad) if bad is not None else attack(honest, 2, draw)
    found = RULES[rule](np.concatenate([hostile, honest]), 2)
    spread = np.linalg.norm(honest - honest.mean(0), axis=1).mean()
    most = (
        3 * spread if rule != "centred" else np.linalg.norm(honest.mean(0))
    )  # it walks three steps of 1 from 0
    assert np.linalg.norm(found - honest.mean(0)) <= most
    if rule != "centred":
        plain = np.concatenate([attacks.sign_flip(honest, 2, draw), honest]).mean(0)
        assert np.linalg.norm(plain - honest.mean(0)) > 3 * spread  # the mean would not have stood


@given(
    rows=hnp.arrays(np.float64, (5, 3), elements=st.floats(-1e6, 1e6)),
    hostile=hnp.arrays(np.float64, (2, 3), elements=st.floats(allow_nan=True, allow_infinity=True)),
)
def test_a_median_of_norms_lets_no_minority_be_longer_than_the_longest_honest_row(rows, hostile):
    found = clipped_to_median(np.concatenate([hostile, rows]))
    assert np.linalg.norm(found, axis=1).max() <= np.linalg.norm(rows, axis=1).max() * (1 + 1e-9)


@settings(max_examples=40, deadline=None)
@given(
    hostile=hnp.arrays(np.float64, (2, 3), elements=st.floats(-1e90, 1e90)),
    rule=st.sampled_from(["median", "trimmed", "krum", "geometric", "mixed"]),
)
def test_the_rule_of_a_federation_is_finite_and_no_longer_than_the_longest_honest_row(hostile, rule):
    honest = 1 + 0.1 * np.random.default_rng(0).standard_normal((3, 3))
    found = combined(rule, np.concatenate([hostile, honest]), hostile=2)
    longest = np.linalg.norm(honest, axis=1).max()
    assert np.linalg.norm(found) <= np.sqrt(3) * longest * (1 + 1e-9)  # of each coordinate, for the median
    with pytest.raises(InvalidInput) as refused:
        combined(rule, honest, hostile=2)
    assert refused.value.code == "fed.too-hostile"


def test_centred_clipping_never_leaves_its_radius():
    draw = np.random.default_rng(0)
    for _ in range(50):
        rows = draw.standard_normal((5, 4)) * 10.0 ** draw.integers(0, 90)
        assert np.linalg.norm(centred_clipping(rows, np.zeros(4), 0.5, passes=3)) <= 1.5 + 1e-9


def test_mixing_and_buckets_keep_the_mean_of_equals():
    rows = np.repeat(np.arange(4.0)[None], 6, 0)
    np.testing.assert_allclose(mixed_with_nearest(rows, 2), rows)
    np.testing.assert_allclose(in_buckets(rows, 2, range(6)), rows[:3])


def test_what_points_away_from_the_reference_counts_nothing():
    reference = np.array([1.0, 0.0])
    np.testing.assert_allclose(trusted(np.array([[2.0, 0.0], [-9.0, 0.0]]), reference), reference)
    np.testing.assert_allclose(trusted(np.array([[-1.0, 0.0]]), reference), [0.0, 0.0])


def test_clipping_shortens_and_never_lengthens():
    rows = clipped(np.array([[3.0, 4.0], [0.3, 0.4]]), 1.0)
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0.3, 0.4]])


@given(n=st.integers(3, 40), colluders=st.integers(0, 6), alone=st.booleans(), seed=st.binary(max_size=4))
def test_each_group_keeps_its_honest_sites_even_if_all_colluders_are_in_it(n, colluders, alone, seed):
    names = [f"site-{at}" for at in range(n)]
    least = max(2, colluders + (1 if alone else 3))
    if n < least:
        with pytest.raises(InvalidInput):
            groups_of(names, colluders=colluders, seed=seed, alone=alone)
        return
    groups = groups_of(names, colluders=colluders, seed=seed, alone=alone)
    assert sorted(name for group in groups for name in group) == sorted(names)
    assert min(map(len, groups)) >= least
    assert groups == groups_of(names[::-1], colluders=colluders, seed=seed, alone=alone)  # fixed


def test_groups_are_federations_of_their_own_and_too_small_ones_are_refused():
    noise = SiteNoise(sigma=100.0, honest=1)
    fed = federation(10, 6, 1, noise=noise)
    names = [m.name for m in fed.members]
    groups = groups_of(names, colluders=1, seed=b"x", alone=True)
    found = grouped(fed, groups, colluders=1)
    assert [[m.name for m in one.members] for one in found] == groups
    assert {(one.threshold, one.colluders) for one in found} == {(2, 1)}
    assert len({one.digest() for one in found}) == 5
    with pytest.raises(InvalidInput) as refused:
        grouped(federation(10, 6, 1), groups, colluders=1)  # no noise: two sites would be bare
    assert refused.value.code == "fed.too-few-honest"
    apart = grouped(federation(10, 7, 2), groups_of(names, colluders=2, seed=b"x"), colluders=2)
    assert [(len(one.members), one.threshold, one.honest) for one in apart] == [(5, 5, 3), (5, 5, 3)]


@pytest.mark.parametrize(
    "wrong", [[["site-00", "site-01"], ["site-01", "site-02"]], [["site-00", "site-01", "site-99"]]]
)
def test_groups_that_share_a_site_or_name_a_stranger_are_refused(wrong):
    fed = federation(10, 6, 1, noise=SiteNoise(sigma=100.0, honest=1))
    with pytest.raises(InvalidInput) as refused:
        grouped(fed, wrong, colluders=1)
    assert refused.value.code == "fed.groups"


def test_groups_follow_from_the_approved_digest_and_a_site_speaks_in_its_own_alone():
    noise = SiteNoise(sigma=100.0, honest=1)
    fed = federation(6, 4, 1, noise=noise)
    groups = secret_groups(fed, colluders=1)
    assert [group.digest() for group in groups] == [g.digest() for g in secret_groups(fed, colluders=1)]
    updates, total = updates_of(fed), np.zeros(fed.length, dtype=np.int64)
    for group in groups:
        names = [m.name for m in group.members]
        hub = Hub(group, 1, HUB_KEY)
        keys = {m.name: KEYS[int(m.name[-2:])] for m in group.members}
        play(hub, {name: Site(group, 1, key, os.urandom(32)) for name, key in keys.items()}, updates)
        np.testing.assert_array_equal(hub.total, plain_sum(updates, names))
        total += hub.total
        stranger = next(m.name for m in fed.members if m.name not in names)
        with pytest.raises(AccessDenied):
            Site(group, 1, KEYS[int(stranger[-2:])], bytes(32))
    np.testing.assert_array_equal(total.astype(np.int32), plain_sum(updates, updates))
    other = secret_groups(replace(fed, name="another study"), colluders=1)
    begin = Hub(other[0], 1, HUB_KEY).begin()[0].parcel
    site = Site(groups[0], 1, KEYS[int(groups[0].members[0].name[-2:])], bytes(32))
    with pytest.raises(
        InvalidInput
    ) as refused:  # groups of another drawing are another federation to every site
        site.receive(begin)
    assert refused.value.code == "fed.other-federation"


@pytest.mark.parametrize("private", [True, False])
def test_a_group_of_one_is_played_where_its_own_noise_suffices_and_refused_elsewhere(private):
    more = {"private": True} if private else {"noise": SiteNoise(sigma=100.0, honest=1)}
    fed = federation(4, 4, 2, **more)
    groups = secret_groups(fed, colluders=2, size=1)
    assert [(len(one.members), one.threshold, one.colluders) for one in groups] == [(1, 1, 0)] * 4
    assert {len(one.members) for one in secret_groups(fed, colluders=1)} == {2}
    updates, name = updates_of(fed), groups[1].members[0].name
    hub = Hub(groups[1], 1, HUB_KEY)
    play(hub, {name: Site(groups[1], 1, KEYS[int(name[-2:])], os.urandom(32))}, updates)
    np.testing.assert_array_equal(hub.total, plain_sum(updates, [name]))
    for bare in (lambda: secret_groups(federation(4, 3), colluders=0, size=1), lambda: federation(1, 1)):
        with pytest.raises(InvalidInput):
            bare()


def test_a_rule_over_secret_groups_stands_a_hostile_site_that_the_mean_does_not():
    """The hub sees sums of groups only; one group's is spoilt."""
    fed = federation(10, 6, 1, length=20, weights=[1] * 10, grid=Grid(clip=1.0, levels=1 << 12),
                     noise=SiteNoise(sigma=8.0, honest=1))  # fmt: skip
    draw, sums = np.random.default_rng(0), []
    honest = 0.15 + 0.01 * draw.standard_normal(20)
    for group in secret_groups(fed, colluders=1):
        keys = {m.name: KEYS[int(m.name[-2:])] for m in group.members}
        updates = {
            name: steps_for(group, name, 1, -4 * honest if name == "site-03" else honest) for name in keys
        }
        hub = Hub(group, 1, HUB_KEY)
        play(hub, {name: Site(group, 1, key, os.urandom(32)) for name, key in keys.items()}, updates)
        sums.append(mean_update(hub.total, group, hub.survivors, 1))
    apart = np.linalg.norm(coordinate_median(np.stack(sums)) - honest)
    assert apart < 0.05
    assert np.linalg.norm(np.mean(sums, axis=0) - honest) > 4 * apart


@pytest.mark.parametrize("rule", [trimmed_mean, multi_krum, mixed_with_nearest])
def test_as_many_hostile_as_honest_are_refused(rule):
    with pytest.raises(InvalidInput) as refused:
        rule(np.zeros((4, 2)), 2)
    assert refused.value.code == "fed.too-hostile"


def test_rows_without_a_finite_one_are_refused():
    for rows in (np.full((2, 2), np.nan), np.zeros(3), np.zeros((0, 2))):
        with pytest.raises(InvalidInput):
            sound(rows)


def test_an_adaptive_attack_moves_a_mean_farther_than_a_median():
    draw = np.random.default_rng(0)
    honest = 1 + 0.1 * draw.standard_normal((8, 50))
    far = {}
    for name, rule in (("mean", lambda rows: rows.mean(0)), ("median", coordinate_median)):
        hostile = attacks.adaptive(rule)(honest, 2, draw)
        far[name] = np.linalg.norm(rule(np.concatenate([honest, hostile])) - honest.mean(0))
    assert far["mean"] > 10 * far["median"]
