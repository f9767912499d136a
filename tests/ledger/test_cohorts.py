"""Promise 3: disjoint cohorts compose in parallel only when declared and checked by patient id; others add up."""

import re
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import Clock, open_with
from test_charge import Count

from confide.crypto.derive import keyed_digest
from confide.dp.filter import Cost, to_nano
from confide.errors import AccessDenied, BudgetExceeded, InvalidInput
from confide.ledger.cohorts import KEY, MOST, keyed_by
from confide.ledger.sums import Exposure, near
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


EPSILONS = st.sampled_from([0.5, 1.0, 1.5, 2.5])
NAMES, PEOPLE = "abcd", range(6)
STEPS = st.one_of(
    st.tuples(st.just("declare"), st.sampled_from(NAMES), st.sets(st.sampled_from(NAMES), max_size=2),
              st.sets(st.sampled_from(PEOPLE), min_size=1)),
    st.tuples(st.just("charge"), st.sampled_from([None, *NAMES]), EPSILONS, st.integers(0, 2)),
)  # fmt: skip


class ByHand:
    """What the ledger must do, said once more over people and sets: who is where, and what each of them bore."""

    def __init__(self):
        self.members, self.pairs = {}, set()
        self.bore = dict.fromkeys(PEOPLE, 0.0)
        self.common, self.alone = 0.0, {}
        self.study = [0.0] * 3

    def may_declare(self, name, overlaps, people):
        if name in self.members:
            if not all({name, other} in self.pairs for other in overlaps):
                return False
            pairs = self.pairs
        else:
            if not overlaps <= set(self.members):
                return False
            pairs = [*self.pairs, *({name, other} for other in overlaps)]
        others = [other for other in self.members if other != name and {name, other} not in pairs]
        return not any(people & self.members[other] for other in others)

    def declare(self, name, overlaps, people):
        if name not in self.members:
            self.pairs |= {frozenset({name, other}) for other in overlaps}
        self.members.setdefault(name, set()).update(people)

    def of(self, name):
        near = [other for other in self.members if other == name or {name, other} in self.pairs]
        return self.common + sum(self.alone.get(other, 0.0) for other in near)

    def may_charge(self, name, epsilon, study):
        if (name is not None and name not in self.members) or self.study[study] + epsilon > 4.0:
            return False
        hit = [self.common, *map(self.of, self.alone)] if name is None else [self.of(name)]
        return max(hit) + epsilon <= 4.0

    def charge(self, name, epsilon, study):
        for who in PEOPLE if name is None else self.members[name]:
            self.bore[who] += epsilon
        if name is None:
            self.common += epsilon
        else:
            self.alone[name] = self.alone.get(name, 0.0) + epsilon
        self.study[study] += epsilon


@st.composite
def histories(draw):
    """Declare the cohorts, each overlapping some of those before; then join and charge."""
    people = st.sets(st.sampled_from(PEOPLE), min_size=1, max_size=2)
    first = [
        ("declare", name, draw(st.sets(st.sampled_from(NAMES[:at]))) if at else set(), draw(people))
        for at, name in enumerate(NAMES)
    ]
    return [*first, *draw(st.lists(STEPS, max_size=12))]


@settings(max_examples=60, deadline=None)
@given(steps=histories() | st.lists(STEPS, max_size=6))
def test_nobody_is_exposed_beyond_the_account_however_cohorts_overlap_grow_and_are_chosen(steps):
    """Each patient's own sum is followed by hand; several studies draw on the one account."""
    by_hand = ByHand()
    with open_with(Clock()) as ledger:
        for study in range(3):
            ledger.grant(f"s{study}", "inpatients", epsilon=4.0, delta=1e-8, purpose="x")
        for number, (step, name, *what) in enumerate(steps):
            if step == "declare":
                overlaps, people = what[0] - {name}, what[1]
                allowed = by_hand.may_declare(name, overlaps, people)
                ids = [str(who) for who in people]
                attempt = partial(declare, ledger, name, *ids, overlaps=overlaps)
            else:
                epsilon, study = what
                allowed = by_hand.may_charge(name, epsilon, study)
                plan = Count(name=str(number), epsilon=epsilon)
                attempt = partial(ledger.run, plan, [], study=f"s{study}", account="inpatients", cohort=name)
            if not allowed:
                before = ledger.store.head()
                with pytest.raises((InvalidInput, BudgetExceeded)):
                    attempt()
                assert ledger.store.head() == before
                continue
            attempt()
            (by_hand.declare if step == "declare" else by_hand.charge)(
                name, *(what if step != "declare" else (overlaps, people))
            )
            assert max(by_hand.bore.values()) <= 4.0
        shown = {each.name: each for each in ledger.cohorts("inpatients")}
        assert set(shown) == set(by_hand.members)
        for name, members in by_hand.members.items():
            assert shown[name].epsilon_spent == by_hand.of(name) >= max(by_hand.bore[who] for who in members)
            assert ledger.balance("inpatients", cohort=name).epsilon_spent == by_hand.of(name)
            is_member = ledger.members("inpatients", name)
            assert {who for who in PEOPLE if is_member(str(who))} == members
        assert ledger.balance("inpatients").epsilon_spent >= max(by_hand.bore.values())
        verify_ledger(ledger)


@settings(max_examples=60, deadline=None)
@given(
    members=st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(PEOPLE), min_size=1), max_size=4),
    charges=st.lists(st.tuples(st.sampled_from([None, *NAMES]), EPSILONS), max_size=10),
)
def test_where_overlaps_are_what_they_are_nobody_stands_above_the_sums_and_disjoint_cohorts_lose_nothing(
    members, charges
):
    """Arithmetic alone: against each patient's own sum, with the overlaps that the members make."""
    pairs = frozenset(
        (one, other) for one in members for other in members if one < other and members[one] & members[other]
    )
    exposure, bore = Exposure(), dict.fromkeys(PEOPLE, 0)
    for name, epsilon in charges:
        if name is not None and name not in members:
            continue
        exposure = exposure.plus(
            Cost(basic_epsilon=to_nano(epsilon), basic_delta=0, renyi=0, gaussian=0, additive_delta=0), name
        )
        for who in PEOPLE if name is None else members[name]:
            bore[who] += to_nano(epsilon)
    for name, people in members.items():
        (told,) = exposure.of(name, pairs)
        assert told.basic_epsilon >= max(bore[who] for who in people)
        if not near(name, pairs):
            assert {bore[who] for who in people} == {told.basic_epsilon}
    assert max(each.basic_epsilon for each in exposure.of(None, pairs)) >= max(bore.values())


def test_who_is_in_two_cohorts_is_charged_for_both(ledger):
    ledger.grant("other", "inpatients", epsilon=4.0, delta=1e-8, purpose="bed planning")
    declare(ledger, "2023", "1", "2")
    declare(ledger, "2024", "2", "3", overlaps=["2023"])
    run(ledger, "x", 2.5, "2023")
    with pytest.raises(BudgetExceeded, match=r"account inpatients has 1\.5 left"):
        ledger.run(Count(name="y", epsilon=2.0), [], study="other", account="inpatients", cohort="2024")
    run(ledger, "y", 1.5, "2024")
    assert [(each.name, each.epsilon_spent, each.overlaps) for each in ledger.cohorts("inpatients")] == [
        ("2023", 4.0, ["2024"]), ("2024", 4.0, ["2023"]),
    ]  # fmt: skip
    verify_ledger(ledger)


def test_what_overlaps_is_said_before_anybody_is_in_both_and_never_found_out_from_who_is(ledger):
    declare(ledger, "a", "1")
    declare(ledger, "b", "2", overlaps=["a"])
    run(ledger, "x", 2.5, "a")
    assert ledger.balance("inpatients", cohort="b").epsilon_spent == 2.5  # though nobody is in both
    before = ledger.store.head()
    with pytest.raises(InvalidInput, match="with other overlaps"):
        declare(ledger, "a", "3", overlaps=["b", "c"])
    with pytest.raises(InvalidInput, match="no cohort c"):
        declare(ledger, "d", "9", overlaps=["c"])
    declare(ledger, "a", "1", overlaps=["b"])  # as it was said
    assert ledger.store.head() == before
    declare(ledger, "a", "2")  # who is in b may join
    verify_ledger(ledger)


def test_a_patient_who_joins_later_bears_what_is_charged_from_then_on_and_is_counted_for_no_less(ledger):
    declare(ledger, "a", "1")
    run(ledger, "x", 3.0, "a")
    declare(ledger, "a", "late")
    with pytest.raises(BudgetExceeded):
        run(ledger, "y", 1.5, "a")
    assert ledger.members("inpatients", "a")("late")


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


def test_nobody_is_in_two_cohorts_that_were_not_declared_as_overlapping(ledger):
    declare(ledger, "a", "1", "2")
    before = ledger.store.head()
    with pytest.raises(InvalidInput, match="cohort") as refused:
        declare(ledger, "b", "3", "2")
    assert not re.search(r"\d", str(refused.value))  # no id, and not how many
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
