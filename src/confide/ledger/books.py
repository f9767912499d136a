"""What a ledger says: accounts, allowances, what was spent and what is left, who holds which role.

Guarantee: nothing here writes; every figure is read anew from entries whose links are checked. Whoever only looks
wants no more than `Books`. What writes: `confide.ledger.ledger`.
"""

import json
from collections.abc import Sequence

from confide.dp.filter import Rule, Spent
from confide.errors import IntegrityError, InvalidInput
from confide.ledger import accounts, acts, cohorts, spend
from confide.ledger.balance import Balance, CohortBalance, spent_and_left
from confide.ledger.charge import Plan
from confide.ledger.entries import salted_digest
from confide.ledger.roles import Roster
from confide.ledger.store import Store
from confide.ledger.sums import most, near
from confide.types import Json


class Books:
    """All that can be read of a ledger without its log key and without a pen."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def may_grant(
        self,
        account: str,
        *,
        epsilon: float,
        delta: float,
        study: str,
        unit: str = "patient",
        expires: str | None = None,
    ) -> Rule:
        """Return the rule that an allowance of this size would have; writes nothing.

        Raises:
            InvalidInput: no such account, or one of another unit: what protects single rows says nothing
                about a patient with several; or `study` holds another allowance.
            BudgetExceeded: the account as a whole is smaller.
        """
        return accounts.allowed_rule(
            self.store, account, study, epsilon=epsilon, delta=delta, unit=unit, expires=expires
        )

    def accounts(self) -> list[str]:
        """Return the names of the accounts."""
        return [entry.body["account"] for entry in self.store.all(kind="account")]

    def studies(self, account: str) -> list[str]:
        """Return the studies that hold an allowance on `account`, in the order in which they came."""
        return list(dict.fromkeys(e.body["study"] for e in self.store.all(kind="allowance", account=account)))

    def granted_on(self, account: str, study: str) -> str | None:
        """Return when `study` got its first allowance, or None: a day that is the same for all runs of a study."""
        entries = self.store.all(kind="allowance", account=account, study=study)
        return str(entries[0].body["time"]) if entries else None

    def balance(self, account: str, study: str | None = None, *, cohort: str | None = None) -> Balance:
        """Return what `account`, or the allowance of `study` on it, may spend and has spent.

        Where the account has cohorts, ε is that of the patients who were exposed most, or of those in `cohort`.
        """
        where = {"account": account} if study is None else {"account": account, "study": study}
        commits, abandoned, charges = (  # in this order, so that a charge is counted before what ended it
            self.store.count(kind=kind, **where) for kind in ("commit", "abandon", "charge")
        )
        opened = accounts.opening(self.store, account)
        holder = opened if study is None else accounts.allowance(self.store, account, study)
        rule, sums = accounts.rule_of(holder), accounts.sums(self.store, account, study, cohort)
        spent, left = spent_and_left(rule, sums)
        return Balance(
            name=study or account,
            epsilon=rule.epsilon / 1e9,
            delta=rule.delta / 1e18,
            epsilon_spent=spent,
            epsilon_left=left,
            charges=charges,
            open=charges - commits - abandoned,
            abandoned=abandoned,
            patients=opened.body["patients"],
            expires=holder.body.get("expires"),
        )

    def standing(
        self, account: str, study: str | None = None, *, cohort: str | None = None
    ) -> tuple[Rule, Spent]:
        """Return the rule of `account`, or of the allowance of `study` on it, and the sums that it stands at.

        Where the account has cohorts, each sum is that of the patients who were exposed most, or of `cohort`.
        """
        if study is not None:
            rule = accounts.rule_of(accounts.allowance(self.store, account, study))
            return rule, accounts.spent_by(self.store, account, study)
        rule = accounts.rule_of(accounts.opening(self.store, account))
        return rule, most(accounts.sums(self.store, account, None, cohort))

    def state_of(self, sequence: int) -> str:
        """Return "open", "committed" or "abandoned" for the charge with this number."""
        last = self.store.last(charge=sequence)
        if last is None:
            return "open"
        return "committed" if last.body["kind"] == "commit" else "abandoned"

    def not_private(self, account: str) -> list[Json]:
        """Return every release about these patients that ε does not cover, of all studies."""
        return [entry.body for entry in self.store.all(kind="not-private", account=account)]

    def cohorts(self, account: str) -> list[CohortBalance]:
        """Return the cohorts of `account` in the order in which they came, and what each was exposed to."""
        found = dict.fromkeys(e.body["cohort"] for e in self.store.all(kind="cohort", account=account))
        rule, pairs = (
            accounts.rule_of(accounts.opening(self.store, account)),
            cohorts.overlaps_of(self.store, account),
        )
        figures = {
            name: spent_and_left(rule, accounts.sums(self.store, account, None, name)) for name in found
        }
        return [CohortBalance(name, *both, sorted(near(name, pairs))) for name, both in figures.items()]

    def cohort_commitment(self, account: str, cohort: str) -> str:
        """Return what the ledger is bound to about the members of `cohort`: another one when somebody joins.

        Raises:
            InvalidInput: no such cohort.
        """
        return str(cohorts.verify_declared(self.store, account, cohort).body["commitment"])

    def roster(self) -> Roster:
        """Return who holds which role, by public key; those who were dismissed are on it too."""
        return acts.roster(self.store)

    def released(
        self, plan: Plan, *, study: str, account: str, commitment: str = "", cohort: str | None = None
    ) -> Json | None:
        """Return the committed release of `plan`, byte for byte as it was, or None. Costs nothing.

        Raises:
            InvalidInput: the release of this plan was made from other data.
        """
        key = spend.key_of(plan, study=study, account=account, cohort=cohort)
        commit = self.store.last(kind="commit", key=key)
        if commit is None:
            return None
        if commit.body["commitment"] != commitment:
            raise InvalidInput("ledger.other-data", name=plan.name, study=study)
        salt, content = self.store.release(commit.sequence)
        if salted_digest(salt, content) != commit.body["release"]:
            raise IntegrityError("ledger.release-altered", sequence=commit.sequence)
        release: Json = json.loads(content)
        return release

    def price(
        self,
        plans: Sequence[Plan],
        *,
        study: str,
        account: str,
        epsilon: float,
        delta: float,
        cohort: str | None = None,
    ) -> tuple[float, set[str]]:
        """Say what an allowance of (epsilon, delta) would have left after `plans`; spends nothing.

        Returns:
            The ε left, and the names of the plans that are released already and cost nothing.
        Raises:
            BudgetExceeded: the account or the allowance would refuse one of them, or it expired.
        """
        rule = Rule.for_budget(epsilon, delta)
        return spend.price(self.store, plans, rule, study=study, account=account, cohort=cohort)
