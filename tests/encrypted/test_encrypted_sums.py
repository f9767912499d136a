"""Sums over sites are exact, tell nothing but the sum, and carry the noise that was paid for."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import Clock, open_with

from confide.dp.accountant import epsilon
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.encrypted.ring import ring
from confide.encrypted.statistics import STEPS, Grouped, Measured, SiteStatistics, sealed_of
from confide.encrypted.sums import RING, Custodian, SumForm, add_sealed, seal_values
from confide.errors import InvalidInput

FORM = SumForm(name="round 3", values=5000, sites=3, bound=2**31)
CUSTODIAN = Custodian(FORM, openings=10**6)
KEY = CUSTODIAN.public_key()


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32))
def test_the_opened_sum_is_exact_for_every_value_within_the_bound(seed):
    rng = np.random.default_rng(seed)
    values = [rng.integers(-(2**31), 2**31 + 1, 5000) for _ in range(3)]
    values[0][:2] = values[1][:2] = values[2][:2] = 2**31, -(2**31)
    total = add_sealed(FORM, [seal_values(FORM, KEY, each) for each in values])
    np.testing.assert_array_equal(CUSTODIAN.open(total), sum(values))


def test_a_value_takes_at_most_sixteen_bytes():
    form = SumForm(name="u", values=2**20, sites=8, bound=2**31)
    assert form.ciphertexts * 2 * 7 * RING.degree / form.values <= 16


def test_the_prime_is_one_modulo_t_so_that_rounding_tells_nothing_but_the_sum():
    prime, t = ring(RING).moduli[0], 1 << RING.plain_bits
    assert prime % t == 1
    values = [5, -7, 123456789, -(2**31)]
    rounded = sum((value % t * prime + t // 2) // t for value in values)  # what SEAL adds for each
    assert (rounded - (sum(values) * prime - sum(values)) // t) % prime == 0


def test_one_sites_upload_is_never_opened():
    with pytest.raises(InvalidInput, match="no message that is expected"):
        CUSTODIAN.open(seal_values(FORM, KEY, np.zeros(5000, dtype=np.int64)))


def test_a_repeated_a_missing_and_a_foreign_upload_are_refused():
    one, two = (seal_values(FORM, KEY, np.zeros(5000, dtype=np.int64)) for _ in range(2))
    with pytest.raises(InvalidInput, match="came twice"):
        add_sealed(FORM, [one, two, one])
    with pytest.raises(InvalidInput, match="2 sites where 3"):
        add_sealed(FORM, [one, two])
    other = SumForm(name="round 4", values=5000, sites=3, bound=2**31)
    with pytest.raises(InvalidInput, match="another form"):
        add_sealed(other, [one])
    with pytest.raises(InvalidInput, match="bytes where"):
        add_sealed(FORM, [one[:-5]])
    with pytest.raises(InvalidInput):
        add_sealed(FORM, [one[:60] + b"\xff" * (len(one) - 60)])


@pytest.mark.parametrize("values", [np.zeros(4999, dtype=np.int64), np.zeros(5000), np.full(5000, 2**31 + 1)])
def test_numbers_beyond_what_was_declared_are_refused(values):
    with pytest.raises(InvalidInput, match="5000 whole numbers"):
        seal_values(FORM, KEY, values)


@pytest.mark.parametrize(
    "change", [{"sites": 1}, {"bound": 0}, {"bound": 2**34}, {"sites": 2000}, {"values": 0}]
)
def test_a_sum_that_would_wrap_or_not_decrypt_is_refused(change):
    with pytest.raises(InvalidInput, match="leave the ring"):
        SumForm(**{"name": "u", "values": 10, "sites": 8, "bound": 2**31} | change)


def test_a_custodians_key_wears_out_and_its_openings_are_counted():
    counted = []
    form = SumForm(name="u", values=1, sites=2, bound=1)
    custodian = Custodian(form, openings=1, count=lambda *told: counted.append(told))
    total = add_sealed(form, [seal_values(form, custodian.public_key(), np.array([1])) for _ in range(2)])
    assert custodian.open(total).tolist() == [2]
    with pytest.raises(InvalidInput, match="its limit"):
        custodian.open(total)
    assert counted == [(custodian.key_name, form.ciphertexts)]


def test_an_opening_that_cannot_be_counted_does_not_happen():
    def refuse(key, ciphertexts):
        raise InvalidInput("encrypted.key-worn", most=0)

    form = SumForm(name="u", values=1, sites=2, bound=1)
    custodian = Custodian(form, count=refuse)
    total = add_sealed(form, [seal_values(form, custodian.public_key(), np.array([1])) for _ in range(2)])
    custodian._decryptor = None  # who decrypts before counting fails otherwise than by the count
    with pytest.raises(InvalidInput):
        custodian.open(total)


def plan(key, **change):
    return SiteStatistics(
        **{
            "name": "stay", "measured": (Measured(column="age", low=0, high=120, edges=(0, 40, 80, 121)),
                                         Measured(column="stay", low=0, high=60)),
            "pairs": (("age", "stay"),), "grouped": (Grouped(column="sex", categories=("F", "M")),),
            "sites": 3, "honest": 2, "patients": 20_000, "epsilon": 1.0, "delta": 1e-9, "key": key,
        }
        | change
    )  # fmt: skip


def patients(n, seed):
    rng = np.random.default_rng(seed)
    age = rng.uniform(0, 100, n)
    stay = np.clip(age / 5 + rng.normal(0, 5, n), 0, 60)
    stay[::50] = np.nan
    return {"age": age, "stay": stay, "sex": rng.choice(["F", "M"], n)}


def test_the_opened_statistics_are_those_of_all_patients_to_within_their_noise():
    scratch = plan(b"")
    custodian = Custodian(scratch.form())
    mine = plan(custodian.public_key())
    sites = [patients(6000, seed) for seed in range(3)]
    uploads = [sealed_of(mine.execute(site, Noise(Stream()))) for site in sites]
    told = mine.read(custodian.open(add_sealed(mine.form(), uploads)))
    every = {name: np.concatenate([site[name] for site in sites]) for name in sites[0]}
    assert told["columns"]["age"]["count"] == pytest.approx(18_000, abs=6 * told["noise"])
    assert told["columns"]["age"]["sum"] == pytest.approx(every["age"].sum(), rel=0.01)
    assert told["columns"]["age"]["mean"] == pytest.approx(every["age"].mean(), abs=0.5)
    assert told["columns"]["stay"]["mean"] == pytest.approx(np.nanmean(every["stay"]), abs=0.5)
    assert told["columns"]["age"]["variance"] == pytest.approx(every["age"].var(), rel=0.05)
    both = ~np.isnan(every["stay"])
    assert told["covariances"]["age, stay"]["value"] == pytest.approx(
        np.cov(every["age"][both], every["stay"][both])[0, 1], rel=0.1
    )
    np.testing.assert_allclose(
        told["columns"]["age"]["histogram"],
        np.histogram(every["age"], (0, 40, 80, 121))[0],
        atol=6 * told["noise"],
    )
    assert told["groups"]["sex"]["F"] == pytest.approx((every["sex"] == "F").sum(), abs=6 * told["noise"])


def test_the_noise_told_beside_a_figure_is_what_the_noise_of_every_sum_adds_up_to():
    mine, site = plan(b"", honest=3), patients(6000, 0)
    exact = 3.0 * mine.sums(site | {"age": site["age"] / 10 + 100})

    def figures(totals):
        told = mine.read(totals)
        return [
            *(
                told["columns"][column][name]
                for column in ("age", "stay")
                for name in ("sum", "mean", "variance")
            ),
            told["covariances"]["age, stay"]["value"],
        ]

    moved = [np.subtract(figures(exact + step), figures(exact - step)) / 2 for step in np.eye(mine.slots)]
    told = mine.read(exact)
    found = [*told["columns"]["age"]["noise"].values(), *told["columns"]["stay"]["noise"].values()]
    found.append(told["covariances"]["age, stay"]["noise"])
    np.testing.assert_allclose(np.linalg.norm(moved, axis=0) * mine.sigma, found, rtol=1e-3)
    few = mine.read(np.zeros(mine.slots))
    assert few["columns"]["age"]["mean"] is None
    assert few["covariances"]["age, stay"] == {"value": None, "noise": None}


@settings(max_examples=40)
@given(
    age=st.floats() | st.sampled_from([0.0, 120.0, 40.0]),
    stay=st.floats() | st.sampled_from([0.0, 60.0]),
    sex=st.sampled_from(["F", "M", "?"]),
    seed=st.integers(0, 1000),
)
def test_one_patient_moves_the_slots_by_at_most_the_sensitivity(age, stay, sex, seed):
    mine = plan(b"")
    some = patients(20, seed)
    more = {
        name: np.append(values, value)
        for (name, values), value in zip(some.items(), (age, stay, sex), strict=True)
    }
    moved = (mine.sums(more) - mine.sums(some)).astype(float)
    assert np.linalg.norm(moved) <= mine.sensitivity


def test_the_price_is_what_the_plan_says_and_the_honest_shares_make_up_the_noise():
    for honest in (1, 2, 3):
        mine = plan(b"", honest=honest)
        assert epsilon(mine.event(), mine.delta) <= mine.epsilon
        drawn = Noise(Stream()).discrete_gaussian(mine.sigma / math.sqrt(honest), 4000)
        assert drawn.std() * math.sqrt(honest) == pytest.approx(mine.sigma, rel=0.1)


def test_a_site_charges_its_part_and_its_ledger_keeps_only_the_encrypted_one():
    custodian = Custodian(plan(b"", epsilon=0.5, delta=1e-9).form())
    mine = plan(custodian.public_key(), epsilon=0.5, delta=1e-9)
    ledger = open_with(Clock())
    with ledger.charge(mine, account="inpatients", study="study") as charge:
        release = charge.commit(mine.execute(patients(500, 0), charge.noise))
    assert set(release) == {"sealed"}
    with pytest.raises(InvalidInput, match="no message that is expected"):
        custodian.open(sealed_of(release))


@pytest.mark.parametrize(
    "change",
    [
        {"honest": 0},
        {"honest": 4},
        {"pairs": (("age", "weight"),)},
        {"pairs": (("age", "age"),)},
        {"patients": 2**23},
    ],
)
def test_a_plan_that_could_not_run_is_refused_before_it_is_charged(change):
    with pytest.raises(InvalidInput):
        plan(b"", **change)


@pytest.mark.parametrize("bounds", [(1, 1, ()), (0, math.inf, ()), (0, 1, (3, 2)), (0, 1, (3,))])
def test_bounds_that_are_none_are_refused(bounds):
    low, high, edges = bounds
    with pytest.raises(InvalidInput, match="rising bounds"):
        Measured(column="age", low=low, high=high, edges=edges)


def test_steps_are_fine_enough_for_figures():
    assert STEPS >= 1000
