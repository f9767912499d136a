"""Promise 1: charge before noise, commit before showing. Promise 3: accounts, not folders."""

import json
import sqlite3
from dataclasses import dataclass

import pytest

from confide.dp.accountant import calibrate_laplace
from confide.dp.events import ApproximateDP, DiscreteLaplace
from confide.errors import BudgetExceeded, IntegrityError, InvalidInput
from confide.ledger.entries import release_text
from confide.ledger.home import open_ledger
from confide.ledger.verify import verify_ledger


@dataclass(frozen=True, kw_only=True)
class Count:
    """A small real plan: one count with discrete Laplace noise."""

    name: str = "count"
    epsilon: float = 1.0
    delta: float = 1e-15
    claims: float | None = None

    def event(self):
        return DiscreteLaplace(
            sensitivity=1, scale=calibrate_laplace(self.claims or self.epsilon, sensitivity=1)
        )

    def to_json(self):
        return {"kind": "count", "name": self.name, "epsilon": repr(self.epsilon)}

    def execute(self, data, noise):
        return {"count": len(data) + noise.discrete_laplace(1 / self.epsilon), "exact": 0.1 + 0.2}


@pytest.fixture
def ledger(tmp_path):
    with open_ledger(tmp_path / "home") as ledger:
        ledger.open_account("inpatients", epsilon=4.0, delta=1e-7, patients=20_000)
        ledger.grant("study", "inpatients", epsilon=2.0, delta=1e-8, purpose="bed planning")
        yield ledger


def run(ledger, plan, data=(), study="study", commitment="data-1"):
    return ledger.run(plan, list(data), study=study, account="inpatients", commitment=commitment)


def test_the_charge_is_durable_before_noise_is_drawn(ledger, tmp_path):
    with ledger.charge(Count(), study="study", account="inpatients") as charge:
        other = sqlite3.connect(tmp_path / "home" / "ledger.sqlite")
        kinds = [kind for (kind,) in other.execute("SELECT kind FROM entries ORDER BY sequence")]
        assert kinds[-1] == "charge"
        assert isinstance(charge.noise.discrete_laplace(1.0), int)


def test_leaving_without_commit_abandons_and_an_abandoned_charge_stays_spent(ledger):
    with ledger.charge(Count(), study="study", account="inpatients"):
        pass
    balance = ledger.balance("inpatients", "study")
    assert (balance.epsilon_spent, balance.abandoned, balance.open) == (1.0, 1, 0)


def test_an_error_inside_the_block_abandons_and_is_passed_on(ledger):
    with pytest.raises(ZeroDivisionError), ledger.charge(Count(), study="study", account="inpatients"):
        1 / 0  # noqa: B018
    assert ledger.balance("inpatients", "study").abandoned == 1


def test_noise_ends_with_the_charge(ledger):
    with ledger.charge(Count(), study="study", account="inpatients") as charge:
        charge.commit({"count": 1})
        with pytest.raises(InvalidInput):
            charge.noise.discrete_laplace(1.0)


def test_a_committed_release_is_byte_identical_for_ever_and_costs_nothing_to_show_again(ledger):
    first, replayed = run(ledger, Count(), range(100))
    assert not replayed
    for _ in range(3):
        again, replayed = run(ledger, Count(), range(100))
        assert replayed
        assert json.dumps(again) == json.dumps(first)
    assert ledger.balance("inpatients").epsilon_spent == 1.0


def test_epsilon_one_of_one_cannot_be_spent_three_times(ledger):
    ledger.grant("small", "inpatients", epsilon=1.0, delta=1e-8, purpose="bed planning")
    run(ledger, Count(name="a"), study="small")
    for name in "bc":
        with pytest.raises(BudgetExceeded):
            run(ledger, Count(name=name), study="small")


def test_several_studies_draw_on_one_account(ledger):
    for number in range(4):
        ledger.grant(f"s{number}", "inpatients", epsilon=1.0, delta=1e-8, purpose="bed planning")
        run(ledger, Count(name="a"), study=f"s{number}")
    ledger.grant("s5", "inpatients", epsilon=1.0, delta=1e-8, purpose="bed planning")
    with pytest.raises(BudgetExceeded) as refused:
        run(ledger, Count(name="a"), study="s5")
    assert "inpatients" in str(refused.value)


class Stated(Count):
    """A plan that states (ε, δ) and no curve, as trainings do."""

    def event(self):
        return ApproximateDP(epsilon=self.epsilon, delta=self.delta)


@pytest.mark.parametrize(("delta", "asked", "left"), [(3e-9, "3e-09", "2.5e-09"), (2e-9, "2e-09", "5e-10")])
def test_where_delta_alone_is_short_the_refusal_names_it_and_not_epsilon(ledger, delta, asked, left):
    if delta < 2.5e-9:  # the share of such plans: what is left after one
        run(ledger, Stated(name="first", epsilon=0.5, delta=delta))
    with pytest.raises(BudgetExceeded, match=f"asks δ = {asked}.* study has δ = {left} left") as refused:
        run(ledger, Stated(epsilon=0.5, delta=delta))
    assert "ε = " not in str(refused.value)
    assert "lower delta" in refused.value.hint
    with pytest.raises(BudgetExceeded, match=r"ε = 2\.5"):  # no δ would mend that
        run(ledger, Stated(epsilon=2.5, delta=delta))


def test_of_an_account_too_the_refusal_names_delta(ledger):
    ledger.grant("wide", "inpatients", epsilon=4.0, delta=1e-7, purpose="bed planning")
    run(ledger, Stated(name="first", epsilon=1.0, delta=2.4e-8), study="wide")
    with pytest.raises(BudgetExceeded, match="account inpatients has δ = 1e-09 left"):
        run(ledger, Stated(epsilon=1.0, delta=2e-9))


def test_an_allowance_of_more_delta_than_the_account_has_is_refused_for_its_delta(ledger):
    with pytest.raises(
        BudgetExceeded, match="δ = 2e-07 is more than account inpatients has in all, which is 1e-07"
    ):
        ledger.grant("wide", "inpatients", epsilon=1.0, delta=2e-7, purpose="bed planning")


def test_over_budget_changes_nothing(ledger):
    size = ledger.store.head()
    with pytest.raises(BudgetExceeded):
        run(ledger, Count(epsilon=2.5))
    assert ledger.store.head() == size


def test_a_plan_that_claims_less_than_it_costs_is_refused(ledger):
    with pytest.raises(InvalidInput, match="states"):
        run(ledger, Count(epsilon=0.5, claims=1.0))


def test_a_replay_with_other_data_under_the_same_plan_is_refused(ledger):
    run(ledger, Count())
    with pytest.raises(InvalidInput, match="other data"):
        run(ledger, Count(), commitment="data-2")


def test_after_a_kill_the_plan_is_charged_anew_and_the_first_charge_is_abandoned(ledger):
    first = ledger.charge(Count(), study="study", account="inpatients")
    lost = first.__enter__()  # a process that is killed here writes nothing more
    release, _ = run(ledger, Count())
    with pytest.raises(IntegrityError):
        lost.commit({"count": -1})
    assert ledger.balance("inpatients", "study").epsilon_spent == 2.0
    assert ledger.state_of(lost.sequence) == "abandoned"
    assert run(ledger, Count())[0] == release
    verify_ledger(ledger)


def test_two_studies_of_one_name_share_one_allowance(ledger):
    ledger.grant("study", "inpatients", epsilon=2.0, delta=1e-8, purpose="bed planning")
    with pytest.raises(InvalidInput, match="another allowance"):
        ledger.grant("study", "inpatients", epsilon=3.0, delta=1e-8, purpose="bed planning")


def test_an_allowance_above_the_account_is_refused(ledger):
    with pytest.raises(BudgetExceeded):
        ledger.grant("greedy", "inpatients", epsilon=5.0, delta=1e-8, purpose="bed planning")


def test_the_figures_of_an_account_are_fixed(ledger):
    ledger.open_account("inpatients", epsilon=4.0, delta=1e-7, patients=20_000)
    with pytest.raises(InvalidInput):
        ledger.open_account("inpatients", epsilon=8.0, delta=1e-7, patients=20_000)


def test_a_delta_near_one_over_n_is_refused(ledger):
    with pytest.raises(InvalidInput):
        ledger.open_account("other", epsilon=1.0, delta=1e-5, patients=20_000)


@pytest.mark.parametrize(
    ("epsilon", "delta"), [(0, 1e-8), (-1, 1e-8), (float("nan"), 1e-8), (1, -1e-9), (1, 1.0)]
)
def test_an_impossible_budget_is_refused(ledger, epsilon, delta):
    with pytest.raises(InvalidInput):
        ledger.open_account("other", epsilon=epsilon, delta=delta, patients=100)


@pytest.mark.parametrize(("name", "patients"), [("births", 0), (" ", 100), ("bir\nths", 100)])
def test_an_account_without_patients_or_without_a_name_is_refused(ledger, name, patients):
    with pytest.raises(InvalidInput):
        ledger.open_account(name, epsilon=1.0, delta=1e-7, patients=patients)
    assert ledger.accounts() == ["inpatients"]


def test_an_allowance_that_protects_rows_draws_on_no_account_of_patients(ledger):
    figures = {"epsilon": 1.0, "delta": 1e-8}
    for ask in (ledger.may_grant, ledger.grant):
        purpose = {"purpose": "bed planning"} if ask == ledger.grant else {}
        with pytest.raises(InvalidInput, match="inpatients"):
            ask(study="rows", account="inpatients", unit="row", **figures, **purpose)
    assert ledger.studies("inpatients") == ["study"]
    assert ledger.granted_on("inpatients", "rows") is None
    assert ledger.granted_on("inpatients", "study") == ledger.store.last(kind="allowance").body["time"]
    assert ledger.may_grant(study="rows", account="inpatients", **figures).epsilon == 10**9


def test_a_charge_is_open_then_committed_or_abandoned(ledger):
    with ledger.charge(Count(), study="study", account="inpatients") as charge:
        assert ledger.state_of(charge.sequence) == "open"
        charge.commit({"count": 1})
    assert ledger.state_of(charge.sequence) == "committed"
    with ledger.charge(Count(name="b"), study="study", account="inpatients") as charge:
        pass
    assert ledger.state_of(charge.sequence) == "abandoned"
    for study, epsilon in ((None, 4), ("study", 2)):
        rule, spent = ledger.standing("inpatients", study)
        assert (rule.epsilon, spent.basic_epsilon) == (epsilon * 10**9, 2 * 10**9)


def test_no_account_and_no_allowance_are_refused(ledger):
    with pytest.raises(InvalidInput, match="no account"):
        ledger.grant("study", "nobody", epsilon=1.0, delta=1e-8, purpose="bed planning")
    with pytest.raises(InvalidInput, match="no allowance"):
        run(ledger, Count(), study="unknown")


def test_pricing_spends_nothing_and_refuses_what_a_run_would(ledger):
    size = ledger.store.head()
    left, released = ledger.price([Count()], study="new", account="inpatients", epsilon=2.0, delta=1e-8)
    assert (left, released) == (1.0, set())
    with pytest.raises(BudgetExceeded):
        ledger.price(
            [Count(), Count(name="b", epsilon=1.5)],
            study="new",
            account="inpatients",
            epsilon=2.0,
            delta=1e-8,
        )
    assert ledger.store.head() == size


def test_what_epsilon_does_not_cover_is_written_down_once(ledger):
    for _ in range(2):
        ledger.note_not_private("row-level notes", study="study", account="inpatients", commitment="c")
    assert [entry["what"] for entry in ledger.not_private("inpatients")] == ["row-level notes"]


def test_no_repr_shows_a_release(ledger):
    with ledger.charge(Count(), study="study", account="inpatients") as charge:
        charge.commit({"count": 4711})
    assert "4711" not in repr(charge) + repr(ledger) + repr(ledger.balance("inpatients"))


def test_a_release_that_was_altered_in_the_file_is_not_shown_again(ledger, tmp_path):
    run(ledger, Count())
    with sqlite3.connect(tmp_path / "home" / "ledger.sqlite") as other:
        other.execute("UPDATE releases SET content = CAST(content || ' ' AS BLOB)")
    with pytest.raises(IntegrityError, match="not what was committed"):
        run(ledger, Count())


def test_refusals_name_the_account_and_how_small_delta_must_be(ledger):
    with pytest.raises(InvalidInput) as unknown:
        ledger.grant("visits", "nobody", epsilon=1.0, delta=1e-12, purpose="count")
    assert (unknown.value.code, unknown.value.public["account"]) == ("ledger.no-account", "nobody")
    with pytest.raises(InvalidInput) as large:
        ledger.open_account("small", epsilon=1.0, delta=1e-3, patients=100)
    assert (large.value.code, large.value.public["most"]) == ("ledger.delta-too-large", "0.0001")


def test_the_bytes_of_a_release_are_one_form_and_keep_han_as_han():
    assert release_text({"b": 0.1, "a": "女"}) == '{"a":"女","b":0.1}'.encode()
