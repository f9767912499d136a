"""What the hub sees of one site is uniform, and stays so when the site is called gone after its update."""

import os

import numpy as np
from fed_rounds import federation, machines, play, updates_of

from confide.federated.masks import add_mask, pair_key, sign_of
from confide.federated.messages import read


def payloads(fed, updates):
    hub, sites = machines(fed)
    seen: list = []
    play(hub, sites, updates, seen=seen)
    return {name: np.frombuffer(p.payload, "<u4").copy() for name, kind, p in seen if kind == "input"}


def chi_square(values: np.ndarray) -> float:
    counts = np.bincount(values.view(np.uint8), minlength=256)
    wanted = counts.sum() / 256
    return float(((counts - wanted) ** 2 / wanted).sum())


def test_what_the_hub_sees_of_one_site_is_uniform_whatever_the_update():
    fed = federation(4, length=1 << 16)
    for fill in (0, 1, -1):
        updates = {m.name: np.full(fed.length, fill) for m in fed.members}
        seen = payloads(fed, updates)
        for values in seen.values():
            assert chi_square(values) < 360  # 255 degrees of freedom: 1 in 70,000
            assert len(np.unique(values)) > 0.99 * fed.length


def test_a_site_s_mask_is_fresh_in_every_round():
    fed = federation(4, length=64)
    updates = updates_of(fed)
    one = payloads(fed, updates)
    two = payloads(fed, updates)
    assert all((one[name] != two[name]).sum() > 60 for name in one)


def test_a_site_given_up_after_its_update_stays_hidden_though_all_its_pair_masks_come_off():
    fed = federation(4, 3, length=1 << 16)
    updates = {m.name: np.zeros(fed.length, np.int64) for m in fed.members}
    hub, sites = machines(fed)
    seen: list = []
    play(hub, sites, updates, {"site-00": "agreed"}, seen)
    left = next(
        np.frombuffer(p.payload, "<u4").copy() for n, kind, p in seen if (n, kind) == ("site-00", "input")
    )
    secrets = sites["site-00"]._secrets  # the hub that calls it gone learns its mask key, never its own mask
    for name, kind, parcel in seen:
        if kind == "keys" and name != "site-00":
            public = bytes.fromhex(read(parcel, fed, fed.digest(), 1).body["mask_key"])
            pair = pair_key(secrets.mask_key, "site-00", public, name, sites["site-00"].context)
            add_mask(left, pair, sign=-sign_of("site-00", name))
    assert chi_square(left) < 360
    add_mask(left, secrets.self_key, sign=-1)
    assert not left.any()  # the attack was done right: with the own mask too it shows the zeros


def test_a_mask_is_taken_away_bit_for_bit():
    key = os.urandom(32)
    for length in (1, 5, (1 << 18) - 1, (1 << 18) + 3):
        values = np.random.default_rng(length).integers(0, 2**32, length, dtype=np.uint32)
        masked = values.copy()
        add_mask(masked, key, sign=1)
        assert length < 5 or (masked != values).any()
        add_mask(masked, key, sign=-1)
        np.testing.assert_array_equal(masked, values)
