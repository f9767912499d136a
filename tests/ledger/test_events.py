"""Every mechanism of the field goes through the ledger: charged, written, read back, priced again, verified."""

import dataclasses
from dataclasses import dataclass

import pytest

from confide.dp.accountant import epsilon, pure_epsilon
from confide.dp.events import Composed, DiscreteGaussian, DiscreteLaplace, Event, event_from_json
from confide.dp.filter import Cost, cost_of
from confide.dp.mechanisms import (
    banded_matrix,
    exponential,
    permute_and_flip,
    thresholding,
    truncated_poisson,
)
from confide.dp.units import CEILING
from confide.errors import BudgetExceeded, InvalidInput
from confide.ledger.home import open_ledger
from confide.ledger.verify import verify_ledger

GRID = 2.0**20
MECHANISMS: dict[str, Event] = {
    "discrete Laplace": DiscreteLaplace(sensitivity=4, scale=8.0),
    "discrete Gaussian": DiscreteGaussian(sensitivity=GRID, sigma=20 * GRID),
    "exponential": exponential(epsilon=0.4),
    "permute and flip": permute_and_flip(epsilon=0.4),
    "sampled Gaussian": banded_matrix(bands=1, steps=100, rate=0.01, sensitivity=GRID, sigma=2 * GRID),
    "banded matrix": banded_matrix(bands=4, steps=100, rate=0.04, sensitivity=GRID, sigma=3 * GRID),
    "truncated Poisson": truncated_poisson(
        rate=0.01, sensitivity=GRID, sigma=3 * GRID, steps=50, largest_batch=400, patients=20_000
    ),
    "thresholding": thresholding(sensitivity=4, scale=8.0, threshold=400, keys=4),
    "all together": Composed((exponential(epsilon=0.1), DiscreteLaplace(sensitivity=1, scale=9.0))),
}


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A plan that is its event."""

    name: str
    does: Event
    epsilon: float
    delta: float = 1e-10

    def event(self):
        return self.does

    def to_json(self):
        return {"kind": "planned", "name": self.name}

    def execute(self, data, noise):
        return {"noise": noise.discrete_laplace(1.0)}


def planned(name: str) -> Planned:
    return Planned(name=name, does=MECHANISMS[name], epsilon=epsilon(MECHANISMS[name], 1e-10))


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(tmp_path / "home") as ledger:
        ledger.open_account("inpatients", epsilon=8.0, delta=1e-7, patients=20_000)
        ledger.grant("study", "inpatients", epsilon=6.0, delta=1e-8, purpose="bed planning")
        yield ledger


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_mechanism_is_charged_read_back_priced_again_and_verified(ledger, name):
    plan = planned(name)
    ledger.run(plan, [], study="study", account="inpatients", commitment="data-1")
    (charge,) = ledger.store.all(kind="charge")
    event = event_from_json(charge.body["event"])
    assert event == plan.event()
    rule, spent = ledger.standing("inpatients")
    cost = cost_of(event, float(charge.body["delta"]), rule)
    assert Cost.from_json(charge.body["cost_account"]) == cost
    assert cost.basic_epsilon < CEILING
    assert cost.renyi < CEILING
    assert cost.gaussian < CEILING
    assert spent.to_json() == cost.to_json()
    assert verify_ledger(ledger).charges == 1


def test_all_mechanisms_share_one_account_and_the_sums_are_theirs(ledger):
    for name in MECHANISMS:
        ledger.run(planned(name), [], study="study", account="inpatients", commitment="data-1")
    rule, spent = ledger.standing("inpatients")
    costs = [cost_of(event, 1e-10, rule) for event in MECHANISMS.values()]
    for field in dataclasses.fields(Cost):
        assert getattr(spent, field.name) == sum(getattr(cost, field.name) for cost in costs)
    assert verify_ledger(ledger).charges == len(MECHANISMS)


@pytest.mark.parametrize("name", MECHANISMS)
def test_a_plan_that_says_less_than_its_event_costs_is_refused(ledger, name):
    less = dataclasses.replace(planned(name), epsilon=0.9 * epsilon(MECHANISMS[name], 1e-10))
    with pytest.raises(InvalidInput) as refused:
        ledger.run(less, [], study="study", account="inpatients", commitment="data-1")
    assert refused.value.code == "ledger.plan-understates"
    assert not ledger.store.all(kind="charge")


def test_a_failure_above_the_share_of_every_region_is_refused(ledger):
    loose = thresholding(sensitivity=4, scale=8.0, threshold=60, keys=4)
    plan = Planned(name="loose", does=loose, epsilon=0.5, delta=0.01)
    with pytest.raises(BudgetExceeded):
        ledger.run(plan, [], study="study", account="inpatients", commitment="data-1")


def test_what_is_not_private_has_no_price_and_is_listed(ledger):
    ledger.note_not_private("rows", study="study", account="inpatients")
    assert [entry["what"] for entry in ledger.not_private("inpatients")] == ["rows"]
    rule, spent = ledger.standing("inpatients")
    assert rule.epsilon_spent(spent) == 0
    assert verify_ledger(ledger).entries == len(ledger.store.all())


def test_a_choice_costs_less_beside_others_than_permute_and_flip_of_the_same_epsilon(ledger):
    rule, _ = ledger.standing("inpatients")
    one, other = cost_of(exponential(epsilon=0.4), 0, rule), cost_of(permute_and_flip(epsilon=0.4), 0, rule)
    assert one.basic_epsilon == other.basic_epsilon == 400_000_000
    assert pure_epsilon(exponential(epsilon=0.4)) == 0.4
    assert 2.5 * one.renyi < other.renyi
    assert 3.5 * one.gaussian < other.gaussian
