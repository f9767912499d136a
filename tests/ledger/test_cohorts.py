"""Promise 3: disjoint cohorts compose in parallel only when declared and checked by patient id."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import Clock, open_with
from test_charge import Count

from confide.crypto.derive import keyed_digest
from confide.errors import AccessDenied, BudgetExceeded, InvalidInput
from confide.ledger.cohorts import KEY, MOST, keyed_by
from confide.ledger.verify import verify_ledger


@pytest.fixture
def ledger(tmp_path):
    with open_with(Clock(), tmp_path / "ledger.sqlite") as ledger:
        ledger.grant("wide", "inpatients", epsilon=4.0, delta=1e-8, purpose="bed planning")
        yield ledger


def run(ledger, name, epsilon, cohort=None):
    plan = Count(name=name, epsilon=epsilon)
    return ledger.run(plan, [], study="wide", account="inpatients", cohort=cohort)


def declare(ledger, cohort, *patients, **how):
    ledger.declare_cohort("inpatients", cohort, patients, **how)


PLANS = st.lists(
    st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from([0.5, 1.0, 1.5, 2.5])), max_size=7
)


@settings(max_examples=30, deadline=None)
@given(plans=PLANS)
def test_no_patient_of_any_cohort_is_exposed_beyond_the_account_and_nothing_less_is_refused(plans):
    """Followed patient by patient: one of cohort a, one of b, one of none."""
    with open_with(Clock()) as ledger:
        for number in range(5):
            study = f"s{number}"
            ledger.grant(study, "inpatients", epsilon=4.0, delta=1e-8, purpose="x")
        declare(ledger, "a", "1")
        declare(ledger, "b", "2")
        exposed = {"a": 0.0, "b": 0.0, "none": 0.0}
        spent = [0.0] * 5
        for number, (cohort, epsilon) in enumerate(plans):
            hit = [who for who in exposed if cohort in (None, who)]
            fits = all(exposed[who] + epsilon <= 4.0 for who in hit)
            study = min(range(5), key=lambda at: spent[at])
            plan = Count(name=str(number), epsilon=epsilon)
            try:
                ledger.run(plan, [], study=f"s{study}", account="inpatients", cohort=cohort)
                assert fits
            except BudgetExceeded:
                assert not fits
                continue
            spent[study] += epsilon
            for who in hit:
                exposed[who] += epsilon
        assert max(exposed.values()) <= 4.0
        assert ledger.balance("inpatients").epsilon_spent == max(exposed.values())
        for cohort in ("a", "b"):
            assert ledger.balance("inpatients", cohort=cohort).epsilon_spent == exposed[cohort]
        verify_ledger(ledger)


def test_two_cohorts_may_each_spend_what_one_account_could_not(ledger):
    for study in ("other", "third"):
        ledger.grant(study, "inpatients", epsilon=4.0, delta=1e-8, purpose="bed planning")
    declare(ledger, "2023", "1")
    declare(ledger, "2024", "2")
    run(ledger, "x", 3.0, "2023")
    ledger.run(Count(name="y", epsilon=3.0), [], study="other", account="inpatients", cohort="2024")
    with pytest.raises(BudgetExceeded, match="account inpatients has 1 left"):
        ledger.run(Count(name="z", epsilon=1.0001), [], study="third", account="inpatients")
    ledger.run(Count(name="z", epsilon=1.0), [], study="third", account="inpatients")
    for cohort in ("2023", "2024"):
        with pytest.raises(BudgetExceeded):
            ledger.run(
                Count(name="more", epsilon=0.1), [], study="third", account="inpatients", cohort=cohort
            )
    verify_ledger(ledger)


def test_a_patient_is_in_one_cohort_for_ever(ledger):
    declare(ledger, "a", "1", "2")
    before = ledger.store.head()
    with pytest.raises(InvalidInput, match="cohort") as refused:
        declare(ledger, "b", "3", "2")
    assert "3" not in str(refused.value).replace("1 of", "")
    assert ledger.store.head() == before
    declare(ledger, "b", "3")
    assert ledger.members("inpatients", "a")("2")
    assert not ledger.members("inpatients", "b")("2")


def test_a_cohort_only_grows_and_saying_it_again_writes_nothing(ledger):
    declare(ledger, "a", "1")
    declare(ledger, "a", "2", "1")
    before = ledger.store.head()
    declare(ledger, "a", "1", "2", "2")
    assert ledger.store.head() == before
    member = ledger.members("inpatients", "a")
    assert [member(each) for each in ("1", "2", "3", "")] == [True, True, False, False]
    verify_ledger(ledger)


def test_ids_are_compared_as_records_reads_them(ledger):
    declare(ledger, "a", "\uff11\uff12 ")  # full-width digits, a blank
    assert ledger.members("inpatients", "a")("12")
    with pytest.raises(InvalidInput):
        declare(ledger, "b", "12")


def test_cohorts_of_different_accounts_do_not_touch(ledger):
    ledger.open_account("outpatients", epsilon=4.0, delta=1e-7, patients=20_000)
    declare(ledger, "a", "1")
    ledger.declare_cohort("outpatients", "b", ["1"])
    assert ledger.store.members("inpatients", "a").isdisjoint(ledger.store.members("outpatients", "b"))


def test_no_id_no_size_and_no_unkeyed_digest_of_a_patient_is_in_an_entry(ledger, tmp_path):
    declare(ledger, "one", "patient-0815")
    one = ledger.store.last(kind="cohort").body
    declare(ledger, "many", *(f"patient-{n}" for n in range(500)))
    many = ledger.store.last(kind="cohort").body
    assert {n: len(str(v)) for n, v in one.items() if n not in ("cohort", "sequence")} == {
        n: len(str(v)) for n, v in many.items() if n not in ("cohort", "sequence")
    }
    assert b"0815" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    key = (tmp_path / KEY).read_bytes()
    (digest,) = ledger.store.members("inpatients", "one")
    assert digest == keyed_digest(key, b'confide cohort 1\0["inpatients","patient-0815"]')
    assert (tmp_path / KEY).stat().st_mode & 0o777 == 0o600


def test_a_charge_on_a_cohort_that_was_not_declared_is_refused(ledger):
    before = ledger.store.head()
    for call in (
        lambda: run(ledger, "x", 1.0, "nobody"),
        lambda: ledger.members("inpatients", "nobody"),
        lambda: ledger.price(
            [Count()], study="s", account="inpatients", epsilon=1.0, delta=1e-8, cohort="nobody"
        ),
    ):
        with pytest.raises(InvalidInput, match="no cohort nobody"):
            call()
    assert ledger.store.head() == before


def test_the_same_plan_on_another_cohort_is_another_release(ledger):
    declare(ledger, "a", "1")
    declare(ledger, "b", "2")
    run(ledger, "x", 1.0, "a")
    for cohort in ("b", None):
        assert ledger.released(Count(name="x"), study="wide", account="inpatients", cohort=cohort) is None
    _, replayed = run(ledger, "x", 1.0, "a")
    assert replayed
    left, released = ledger.price(
        [Count(name="x"), Count(name="y")],
        study="wide",
        account="inpatients",
        epsilon=4.0,
        delta=1e-8,
        cohort="a",
    )
    assert (left, released) == (2.0, {"x"})


def test_price_refuses_for_everybody_what_one_cohort_cannot_bear(ledger):
    declare(ledger, "a", "1")
    run(ledger, "x", 3.0, "a")
    asked = {"study": "new", "account": "inpatients", "epsilon": 4.0, "delta": 1e-8}
    with pytest.raises(BudgetExceeded, match="account inpatients has 1 left"):
        ledger.price([Count(name="y", epsilon=2.0)], **asked)
    ledger.price([Count(name="y", epsilon=1.0)], **asked)


def test_without_the_key_of_the_cohorts_nothing_is_declared_and_nobody_is_a_member(ledger, tmp_path):
    declare(ledger, "a", "1")
    (tmp_path / KEY).rename(tmp_path / "away")
    with open_with(Clock(), tmp_path / "ledger.sqlite") as again:
        for call in (lambda: declare(again, "b", "2"), lambda: again.members("inpatients", "a")):
            with pytest.raises(AccessDenied, match="missing or damaged"):
                call()
    (tmp_path / KEY).write_bytes(b"short")
    with open_with(Clock(), tmp_path / "ledger.sqlite") as again, pytest.raises(AccessDenied):
        again.members("inpatients", "a")
    (tmp_path / KEY).write_bytes(bytes(32))
    with open_with(Clock(), tmp_path / "ledger.sqlite") as again:
        for call in (lambda: declare(again, "b", "1"), lambda: again.members("inpatients", "a")):
            with pytest.raises(AccessDenied, match="another key"):
                call()


def test_a_digest_may_be_passed_in(ledger, tmp_path):
    def digest(data):
        return keyed_digest(bytes(32), data)

    declare(ledger, "a", "1", digest=digest)
    assert ledger.members("inpatients", "a", digest=digest)("1")
    assert not (tmp_path / KEY).exists()
    with pytest.raises(AccessDenied):
        ledger.members("inpatients", "a")


def test_a_scratch_ledger_has_a_key_of_its_own_in_memory():
    with open_with(Clock()) as ledger:
        declare(ledger, "a", "1")
        assert ledger.members("inpatients", "a")("1")


@pytest.mark.parametrize("patients", [[], ["1", " "], [""]])
def test_a_cohort_of_nobody_is_refused(ledger, patients):
    with pytest.raises(InvalidInput, match="wants patients"):
        declare(ledger, "a", *patients)


@pytest.mark.parametrize("name", ["", " ", "a\tb"])
def test_a_cohort_without_a_name_is_refused(ledger, name):
    with pytest.raises(InvalidInput, match="name of its own"):
        declare(ledger, name, "1")


def test_a_cohort_of_no_account_is_refused(ledger):
    with pytest.raises(InvalidInput, match="no account"):
        ledger.declare_cohort("nobody", "a", ["1"])


def test_there_are_at_most_so_many_cohorts(ledger):
    for number in range(MOST):
        declare(ledger, f"c{number}", str(number))
    declare(ledger, "c0", "more")
    with pytest.raises(InvalidInput, match=f"has {MOST} cohorts"):
        declare(ledger, "one more", "x")


def test_a_folder_that_cannot_be_written_is_refused_in_one_sentence(tmp_path):
    with open_with(Clock(), tmp_path / "ledger.sqlite") as ledger:
        ledger.folder = tmp_path / "gone"
        with pytest.raises(InvalidInput, match="cannot be written"):
            declare(ledger, "a", "1")


def test_a_key_that_was_made_before_a_crash_is_taken(tmp_path):
    first = keyed_by(tmp_path, fresh=True)
    assert keyed_by(tmp_path, fresh=True)(b"x") == first(b"x") == keyed_by(tmp_path, fresh=False)(b"x")


def test_what_the_ledger_is_bound_to_changes_when_somebody_joins(ledger):
    declare(ledger, "a", "1")
    before = ledger.cohort_commitment("inpatients", "a")
    declare(ledger, "a", "1", "2")
    assert ledger.cohort_commitment("inpatients", "a") != before
    with pytest.raises(InvalidInput, match="no cohort"):
        ledger.cohort_commitment("inpatients", "b")
