"""Allowances: a purpose, a last day, and more of them only by a second person's signature."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from people import ANNA, BO, EVE, Clock, ask, extension, found, open_with
from test_charge import Count

from confide.dp.events import DiscreteGaussian
from confide.dp.filter import Rule
from confide.errors import AccessDenied, BudgetExceeded, InvalidInput
from confide.ledger.requests import new_request
from confide.ledger.verify import verify_ledger


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(clock):
    with open_with(clock) as ledger:
        found(ledger, ANNA, BO)
        yield ledger


def run(ledger, name, epsilon=1.0, study="study"):
    return ledger.run(Count(name=name, epsilon=epsilon), [], study=study, account="inpatients")


def extend(ledger, *signers, **fields):
    return ledger.carry_out(ask(ledger, "extend", extension(**fields), *(signers or [ANNA])))


@dataclass(frozen=True, kw_only=True)
class Gaussian:
    """A plan whose price lies in its Rényi curve."""

    name: str
    epsilon: float = 1.0
    delta: float = 1e-9
    sigma: float = 100.0

    def event(self):
        return DiscreteGaussian(sensitivity=1, sigma=self.sigma)

    def to_json(self):
        return {"name": self.name}

    def execute(self, data, noise):
        return {}


def test_an_extension_gives_more_and_counts_what_was_spent_before(ledger):
    run(ledger, "a")
    with pytest.raises(BudgetExceeded):
        run(ledger, "b")
    entry = extend(ledger, epsilon="2.5")
    assert entry.body["approval"] == entry.sequence - 1
    assert (entry.body["purpose"], entry.body["expires"]) == ("bed planning", "9999-12-31")
    balance = ledger.balance("inpatients", "study")
    assert (balance.epsilon, balance.epsilon_spent, balance.epsilon_left) == (2.5, 1.0, 1.5)
    run(ledger, "b", 1.5)
    with pytest.raises(BudgetExceeded):
        run(ledger, "c", 0.1)
    verify_ledger(ledger)


def test_an_allowance_is_never_extended_without_a_second_persons_signature(ledger):
    for signers in ((), (EVE,)):
        with pytest.raises(AccessDenied):
            ledger.carry_out(ask(ledger, "extend", extension(), *signers))
    with pytest.raises(AccessDenied, match="who asks"):
        ledger.carry_out(new_request("extend", extension(), ledger, requester=ANNA))
    assert ledger.balance("inpatients", "study").epsilon == 1.0


def test_the_sums_of_an_extended_study_are_those_it_would_have_had_from_the_start(ledger):
    for number in range(3):
        with ledger.charge(Gaussian(name=str(number)), study="study", account="inpatients") as charge:
            charge.commit({})
    run(ledger, "a", 0.3)
    extend(ledger, epsilon="3.5", delta="5e-08")
    run(ledger, "b", 0.2)
    ledger.grant("twin", "inpatients", epsilon=3.5, delta=5e-8, purpose="bed planning")
    assert ledger.standing("inpatients", "study")[0].order == Rule.for_budget(1.0, 1e-8).order
    assert ledger.standing("inpatients", "twin")[0].order == Rule.for_budget(3.5, 5e-8).order
    for number in range(3):
        with ledger.charge(Gaussian(name=str(number)), study="twin", account="inpatients") as charge:
            charge.commit({})
    run(ledger, "a", 0.3, "twin")
    run(ledger, "b", 0.2, "twin")
    sums = [ledger.store.last(kind="charge", study=study).body["spent_study"] for study in ("study", "twin")]
    assert sums[0].pop("renyi") != sums[1].pop("renyi")  # of another order each
    assert sums[0] == sums[1]
    verify_ledger(ledger)


def test_an_extension_never_exceeds_the_account_and_the_accounts_own_rule_binds_always(ledger):
    for fields in ({"epsilon": "4.5"}, {"delta": "2e-07"}):
        with pytest.raises(BudgetExceeded, match="more than account inpatients"):
            extend(ledger, **fields)
    ledger.grant("other", "inpatients", epsilon=3.0, delta=1e-8, purpose="x")
    run(ledger, "a", 3.0, "other")
    extend(ledger, epsilon="4.0")
    with pytest.raises(BudgetExceeded, match="account inpatients has 1 left"):
        run(ledger, "b", 2.0)


@pytest.mark.parametrize("fields", [
    {"epsilon": "0.5"}, {"delta": "1e-09"}, {"epsilon": "2.0", "delta": "1e-09"},
])  # fmt: skip
def test_an_extension_takes_nothing_away(ledger, fields):
    with pytest.raises(InvalidInput, match="take something away from study study"):
        extend(ledger, **fields)


def test_an_extension_by_nothing_is_refused(ledger):
    with pytest.raises(InvalidInput, match="gives study study what it has already"):
        extend(ledger, epsilon="1.0")


def test_what_was_spent_must_stand_under_the_larger_rule(ledger):
    """Recomputed from what the charges did, whatever sums were written beside it."""
    run(ledger, "a")
    charge = ledger.store.last(kind="charge").body
    dearer = Count(epsilon=3.0).event().to_json()
    with ledger.store.write() as writer:
        writer.append(charge | {"event": dearer, "key": "0" * 64})
    before = ledger.store.head()
    with pytest.raises(BudgetExceeded, match=r"does not stand under an allowance of ε = 3\.5"):
        extend(ledger, epsilon="3.5")
    assert ledger.store.head() == before
    extend(ledger, epsilon="4.0")


@pytest.mark.parametrize("figures", [
    {"epsilon": "nan"}, {"epsilon": "0"}, {"epsilon": "-1"}, {"epsilon": "inf"}, {"delta": "-1e-9"}, {"delta": "nan"},
    {"epsilon": "much"},
])  # fmt: skip
def test_an_impossible_extension_is_refused(ledger, figures):
    with pytest.raises(InvalidInput):
        extend(ledger, **figures)


@pytest.mark.parametrize("figures", [
    {"epsilon": "much"}, {"delta": "small"}, {"epsilon": "2"}, {"epsilon": "2.00"}, {"epsilon": "1_0.0"}, {"delta": "1E-8"},
    {"delta": "0.00000001"}, {"epsilon": "２.0"},
])  # fmt: skip
def test_a_figure_has_one_spelling_so_that_who_signs_reads_what_is_carried_out(ledger, figures):
    with pytest.raises(InvalidInput, match="figures of the request are not numbers"):
        extend(ledger, **figures)


def test_what_is_not_there_cannot_be_extended(ledger):
    for fields in ({"study": "nobody"}, {"account": "nobody"}):
        with pytest.raises(InvalidInput, match="no allowance"):
            extend(ledger, **fields)


# purpose and last day ---------------------------------------------------------------------------------


@pytest.mark.parametrize("purpose", ["", "  "])
def test_an_allowance_without_a_purpose_is_refused(ledger, purpose):
    with pytest.raises(InvalidInput, match="wants a purpose"):
        ledger.grant("new", "inpatients", epsilon=1.0, delta=1e-8, purpose=purpose)


def grant_until(ledger, expires, study="short"):
    ledger.grant(study, "inpatients", epsilon=1.0, delta=1e-8, purpose="bed planning", expires=expires)


def day(clock, **by):
    return (clock.time + timedelta(**by)).date().isoformat()


def test_an_allowance_ends_with_its_last_day(ledger, clock):
    clock.goes(days=1)  # what follows is later than the ledger, at whatever hour this runs
    clock.time = clock.time.replace(hour=23, minute=30, second=0)
    grant_until(ledger, day(clock, days=0))
    clock.time = clock.time.replace(minute=59, second=59)
    run(ledger, "a", 0.5, "short")
    clock.goes(seconds=1)
    before = ledger.store.head()
    for call in (
        lambda: run(ledger, "b", 0.1, "short"),
        lambda: ledger.price(
            [Count(name="b", epsilon=0.1)], study="short", account="inpatients", epsilon=1.0, delta=1e-8
        ),
    ):
        with pytest.raises(BudgetExceeded, match="allowance of study short ended"):
            call()
    assert ledger.store.head() == before
    assert run(ledger, "a", 0.5, "short")[1]  # what is released is shown for ever
    verify_ledger(ledger)


def test_setting_the_clock_back_does_not_revive_an_allowance(ledger, clock):
    clock.goes(days=1)
    clock.time = clock.time.replace(hour=23, minute=59, second=0)
    grant_until(ledger, day(clock, days=0))
    clock.goes(minutes=2)
    ledger.record("anything", details={})
    clock.goes(minutes=-4)
    with pytest.raises(BudgetExceeded, match="ended"):
        run(ledger, "b", 0.1, "short")
    clock.goes(hours=-1)
    with pytest.raises(InvalidInput, match="clock"):
        run(ledger, "b", 0.1, "short")


def test_a_committed_release_may_come_after_the_last_day(ledger, clock):
    grant_until(ledger, day(clock, days=0))
    with ledger.charge(Count(), study="short", account="inpatients") as charge:
        clock.goes(days=2)
        charge.commit({"count": 1})
    verify_ledger(ledger)


def test_an_extension_gives_more_time(ledger, clock):
    grant_until(ledger, day(clock, days=1))
    assert ledger.balance("inpatients", "short").expires == day(clock, days=1)
    clock.goes(days=3)
    extend(ledger, study="short", epsilon="1.0", expires=day(clock, days=1))
    run(ledger, "a", 0.5, "short")
    with pytest.raises(InvalidInput, match="take something away"):
        extend(ledger, study="short", epsilon="2.0", expires=day(clock, days=0))
    assert ledger.balance("inpatients", "short").expires == day(clock, days=1)
    grant_until(ledger, day(clock, days=1))  # asking again for the same changes nothing
    with pytest.raises(InvalidInput, match="another allowance"):
        grant_until(ledger, day(clock, days=2))
    verify_ledger(ledger)


def test_an_allowance_that_ended_before_it_began_is_refused(ledger, clock):
    before = ledger.store.head()
    with pytest.raises(BudgetExceeded, match="ended"):
        grant_until(ledger, day(clock, days=-1))
    assert ledger.store.head() == before


@pytest.mark.parametrize("expires", ["soon", "20271231", "2027-13-01", "", "2027-W01-1"])
def test_a_last_day_that_is_no_day_is_refused(ledger, expires):
    with pytest.raises(InvalidInput, match="not a day"):
        grant_until(ledger, expires)


# records ----------------------------------------------------------------------------------------------


def test_what_happens_outside_the_ledger_is_written_down(ledger):
    entry = ledger.record(
        "vault-opening", study="study", details={"purpose": "audit", "n": 3}, commitment="ab"
    )
    assert ledger.store.at(entry.sequence).body.items() >= {
        "kind": "record", "what": "vault-opening", "study": "study", "details": {"purpose": "audit", "n": 3},
        "commitment": "ab",
    }.items()  # fmt: skip
    assert "study" not in ledger.record("vault-rotation", details={}).body
    verify_ledger(ledger)


@pytest.mark.parametrize(("what", "details"), [
    ("Vault", {}), ("a", {}), ("vault opening", {}), ("x" * 42, {}), ("vault-opening", {"x": 0.5}), ("vault-opening", {"x": 2**53 + 1}), ("vault-opening", {"x": [-(2**53) - 1]}),
    ("vault-opening", {"x": {1}}),
])  # fmt: skip
def test_a_record_that_cannot_be_kept_is_refused(ledger, what, details):
    with pytest.raises(InvalidInput, match="a record has a short name"):
        ledger.record(what, details=details)
