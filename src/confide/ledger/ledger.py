"""The institution's ledger: accounts, allowances, charges, releases.

Guarantee: whatever happens to the process, the sum of all durable charges of an account stays within
its rule (`confide.dp.filter`), noise is drawn only after its charge is durable, and a release is shown
only after its commit is durable. Knows no feature: a plan says what it costs and runs itself.
How it is read and checked from outside: `confide.ledger.verify`, `docs/ledger-format.md`.
"""

import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Self

from confide.dp.filter import Cost, Rule, Spent, cost_of, to_atto, to_nano
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import BudgetExceeded, ConfideError, IntegrityError, InvalidInput
from confide.ledger.charge import Charge, Plan
from confide.ledger.entries import FORMAT, Entry, canonical, release_text, salted_digest
from confide.ledger.store import Store, Writer
from confide.types import Json

RELATIONS = {"patient": "add or remove one patient", "row": "add or remove one row"}


def now() -> str:
    """Return the time as entries write it: UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Balance:
    """What one account, or one study's allowance, may spend and has spent. All of it public."""

    name: str
    epsilon: float
    delta: float
    epsilon_spent: float
    epsilon_left: float
    charges: int
    open: int
    abandoned: int
    patients: int


class Ledger:
    """All charges and releases of the institution; opened by `confide.ledger.home.open_ledger`."""

    def __init__(self, store: Store, *, after_write: Callable[["Ledger"], None] | None = None) -> None:
        self.store = store
        self._after_write = after_write
        self.scratch = store.path is None
        first = store.last(kind="genesis")
        if first is None:
            with store.write() as writer:  # looked at again: another process may have been first
                first = store.last(kind="genesis") or writer.append(
                    {"kind": "genesis", "format": FORMAT, "ledger": os.urandom(8).hex()}
                )
        if first.body["format"] != FORMAT:
            raise IntegrityError("ledger.not-a-ledger", file=store.path)
        self.id = str(first.body["ledger"])

    def __repr__(self) -> str:
        return f"Ledger(id={self.id!r}, entries={self.store.head()[0]}, scratch={self.scratch})"

    def close(self) -> None:
        """Release the file."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # accounts and allowances ------------------------------------------------------------------------

    def open_account(
        self, name: str, *, epsilon: float, delta: float, patients: int, unit: str = "patient"
    ) -> None:
        """Name a patient population and fix, for ever, the most it may be exposed to.

        Args:
            name: of the population, such as "inpatients".
            epsilon: total ε over all studies, per patient.
            delta: total δ; at most 1/(100 · patients), because δ near 1/patients allows publishing one outright.
            patients: a public round number of how many patients the population has.
            unit: what the figures protect, "patient" or "row"; only studies of the same unit may draw on it.

        Raises:
            InvalidInput: the account exists with other figures, or a figure cannot be.
        """
        if patients < 1:
            raise InvalidInput("error.invalid-input", field="patients", wanted=">= 1", found=patients)
        if not name.strip() or not name.isprintable():
            raise InvalidInput("ledger.account-name")
        if not delta > 0:
            raise InvalidInput("error.invalid-input", field="delta", wanted="> 0", found=delta)
        if delta > 1 / (100 * patients):
            raise InvalidInput("ledger.delta-too-large", delta=delta, most=f"{1 / (100 * patients):.1g}")
        body = {
            "kind": "account",
            "account": name,
            "rule": Rule.for_budget(epsilon, delta).to_json(),
            "patients": patients,
            "unit": unit,
            "relation": RELATIONS[unit],
        }
        with self._write() as writer:
            there = self.store.last(kind="account", account=name)
            if there is None:
                writer.append(body)
            elif any(there.body[field] != value for field, value in body.items()):
                raise InvalidInput("ledger.account-exists", account=name)

    def grant(
        self,
        study: str,
        account: str,
        *,
        epsilon: float,
        delta: float,
        unit: str = "patient",
        requester: str = "",
        purpose: str = "",
    ) -> None:
        """Grant `study` an allowance on `account`; asking again for the same changes nothing.

        Guarantee: the account's own rule still binds every charge; an allowance only narrows it.

        Raises:
            InvalidInput: no such account, or the study holds another allowance (extend it by name).
            BudgetExceeded: the account as a whole is smaller than the allowance.
        """
        with self._write() as writer:
            rule = self.may_grant(account, epsilon=epsilon, delta=delta, unit=unit, study=study)
            if self.store.last(kind="allowance", account=account, study=study) is not None:
                return
            writer.append(
                {
                    "kind": "allowance",
                    "account": account,
                    "study": study,
                    "rule": rule.to_json(),
                    "spent_study": Spent().to_json(),
                    "requester": requester,
                    "purpose": purpose,
                }
            )

    def may_grant(
        self, account: str, *, epsilon: float, delta: float, unit: str = "patient", study: str
    ) -> Rule:
        """Return the rule that an allowance of this size would have; writes nothing.

        Raises:
            InvalidInput: no such account, or one of another unit: what protects single rows says nothing
                about a patient with several; or `study` holds another allowance.
            BudgetExceeded: the account as a whole is smaller.
        """
        if (kept := self._opening(account).body["unit"]) != unit:
            raise InvalidInput("ledger.other-unit", account=account, kept=kept, asked=unit)
        rule, total = Rule.for_budget(epsilon, delta), self._rule(account)
        if rule.epsilon > total.epsilon or rule.delta > total.delta:
            raise BudgetExceeded("ledger.allowance-exceeds-account", account=account, asked=epsilon)
        there = self.store.last(kind="allowance", account=account, study=study)
        if there is not None and there.body["rule"] != rule.to_json():
            raise InvalidInput("ledger.allowance-differs", study=study, account=account)
        return rule

    # charges ----------------------------------------------------------------------------------------

    @contextmanager
    def charge(self, plan: Plan, *, study: str, account: str, commitment: str = "") -> Iterator[Charge]:
        """Spend the budget of `plan`, durably, and hand out its noise.

        Guarantee: the charge is on disk before the block begins. Leaving the block without
        `commit` abandons the charge: it stays spent and is shown. A second charge of the same plan
        takes the place of an open one, which can then never be committed.

        Args:
            plan: what will be computed; all of it public.
            study: whose allowance pays.
            account: whose patients are exposed.
            commitment: keyed digest of the data that the plan will read, as hex.

        Raises:
            BudgetExceeded: the account or the allowance has too little left; nothing was spent.
            InvalidInput: no such account or allowance, or the plan claims less than it costs.
        """
        sequence = self._spend(plan, study=study, account=account, commitment=commitment)
        charge = Charge(sequence, Noise(Stream()), self._commit)
        try:
            yield charge
        finally:
            charge.noise.close()
            if charge.release is None:
                self._abandon(sequence)

    def run(
        self, plan: Plan, data: Any, *, study: str, account: str, commitment: str = ""
    ) -> tuple[Json, bool]:
        """Return the release of `plan`, and whether it was a replay that cost nothing."""
        there = self.released(plan, study=study, account=account, commitment=commitment)
        if there is not None:
            return there, True
        with self.charge(plan, study=study, account=account, commitment=commitment) as charge:
            return charge.commit(plan.execute(data, charge.noise)), False

    def released(self, plan: Plan, *, study: str, account: str, commitment: str = "") -> Json | None:
        """Return the committed release of `plan`, byte for byte as it was, or None. Costs nothing.

        Raises:
            InvalidInput: the release of this plan was made from other data.
        """
        commit = self.store.last(kind="commit", key=self._key(plan, study=study, account=account))
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
        self, plans: Sequence[Plan], *, study: str, account: str, epsilon: float, delta: float
    ) -> tuple[float, set[str]]:
        """Say what an allowance of (epsilon, delta) would have left after `plans`; spends nothing.

        Returns:
            The ε left, and the names of the plans that are released already and cost nothing.
        Raises:
            BudgetExceeded: the account or the allowance would refuse one of them.
        """
        rules = {"account": self._rule(account), "study": Rule.for_budget(epsilon, delta)}
        spent = {"account": self._spent(account), "study": self._spent(account, study)}
        released = set()
        for plan in plans:
            if self.store.last(kind="commit", key=self._key(plan, study=study, account=account)) is not None:
                released.add(plan.name)
            else:
                _, spent = self._admit(plan, rules, spent, study=study, account=account)
        return rules["study"].left(spent["study"]), released

    def note_not_private(self, what: str, *, study: str, account: str, commitment: str = "") -> None:
        """Write down a release that ε does not cover (promise 6), once per content.

        `what` is a public description such as "row-level notes, policy pipl".
        """
        key = hashlib.sha256(canonical([study, account, what, commitment]).encode()).hexdigest()
        with self._write() as writer:
            if self.store.last(kind="not-private", key=key) is None:
                writer.append(
                    {"kind": "not-private", "account": account, "study": study, "key": key, "what": what,
                     "commitment": commitment}
                )  # fmt: skip

    # reading ----------------------------------------------------------------------------------------

    def accounts(self) -> list[str]:
        """Return the names of the accounts."""
        return [entry.body["account"] for entry in self.store.all(kind="account")]

    def studies(self, account: str) -> list[str]:
        """Return the studies that hold an allowance on `account`, in the order in which they came."""
        return list(dict.fromkeys(e.body["study"] for e in self.store.all(kind="allowance", account=account)))

    def granted_on(self, account: str, study: str) -> str | None:
        """Return when `study` got its allowance, or None: a day that is the same for all runs of a study."""
        entry = self.store.last(kind="allowance", account=account, study=study)
        return None if entry is None else str(entry.body["time"])

    def balance(self, account: str, study: str | None = None) -> Balance:
        """Return what `account`, or the allowance of `study` on it, may spend and has spent."""
        where = {"account": account} if study is None else {"account": account, "study": study}
        charges = self.store.all(kind="charge", **where)
        rule = self._rule(account, study)
        spent = self._spent(account, study)
        states = [self.state_of(charge.sequence) for charge in charges]
        return Balance(
            name=study or account,
            epsilon=rule.epsilon / 1e9,
            delta=rule.delta / 1e18,
            epsilon_spent=(shown := _shown(rule, spent)),
            epsilon_left=max(0.0, min(rule.left(spent), rule.epsilon / 1e9 - shown)),
            charges=len(charges),
            open=states.count("open"),
            abandoned=states.count("abandoned"),
            patients=self._opening(account).body["patients"],
        )

    def standing(self, account: str, study: str | None = None) -> tuple[Rule, Spent]:
        """Return the rule of `account`, or of the allowance of `study` on it, and the sums that it stands at."""
        return self._rule(account, study), self._spent(account, study)

    def state_of(self, sequence: int) -> str:
        """Return "open", "committed" or "abandoned" for the charge with this number."""
        last = self.store.last(charge=sequence)
        if last is None:
            return "open"
        return "committed" if last.body["kind"] == "commit" else "abandoned"

    def not_private(self, account: str) -> list[Json]:
        """Return every release about these patients that ε does not cover, of all studies."""
        return [entry.body for entry in self.store.all(kind="not-private", account=account)]

    # inside -----------------------------------------------------------------------------------------

    @contextmanager
    def _write(self) -> Iterator[Writer]:
        with self.store.write() as writer:
            yield writer
        if self._after_write is not None:
            self._after_write(self)

    def _opening(self, account: str) -> Entry:
        entry = self.store.last(kind="account", account=account)
        if entry is None:
            raise InvalidInput("ledger.no-account", account=account)
        return entry

    def _rule(self, account: str, study: str | None = None) -> Rule:
        if study is None:
            return Rule.from_json(self._opening(account).body["rule"])
        entry = self.store.last(kind="allowance", account=account, study=study)
        if entry is None:
            raise InvalidInput("ledger.no-allowance", account=account, study=study)
        return Rule.from_json(entry.body["rule"])

    def _spent(self, account: str, study: str | None = None) -> Spent:
        if study is None:
            entry = self.store.last(kind="charge", account=account)
            return Spent() if entry is None else Spent.from_json(entry.body["spent_account"])
        found = [self.store.last(kind=kind, account=account, study=study) for kind in ("charge", "allowance")]
        newest = max(
            (entry for entry in found if entry is not None), key=lambda entry: entry.sequence, default=None
        )
        return Spent() if newest is None else Spent.from_json(newest.body["spent_study"])

    def _state(self, study: str, account: str) -> tuple[dict[str, Rule], dict[str, Spent]]:
        rules = {"account": self._rule(account), "study": self._rule(account, study)}
        return rules, {"account": self._spent(account), "study": self._spent(account, study)}

    @staticmethod
    def _admit(
        plan: Plan, rules: dict[str, Rule], spent: dict[str, Spent], *, study: str, account: str
    ) -> tuple[dict[str, Cost], dict[str, Spent]]:
        costs = {holder: cost_of(plan.event(), plan.delta, rule) for holder, rule in rules.items()}
        stated, additive = to_nano(plan.epsilon), to_atto(plan.delta)
        if costs["account"].basic_epsilon > stated or costs["account"].additive_delta > additive:
            raise InvalidInput("ledger.plan-understates", name=plan.name, asked=plan.epsilon)
        after = {holder: spent[holder].plus(cost) for holder, cost in costs.items()}
        for holder, name in (("study", study), ("account", account)):
            if not rules[holder].admits(after[holder]):
                left = f"{rules[holder].left(spent[holder]):.4g}"
                code = f"ledger.budget-exceeded-{holder}"
                raise BudgetExceeded(code, name=name, asked=f"{plan.epsilon:.4g}", left=left, plan=plan.name)
        return costs, after

    def _spend(self, plan: Plan, *, study: str, account: str, commitment: str) -> int:
        key = self._key(plan, study=study, account=account)
        with self._write() as writer:
            rules, spent = self._state(study, account)
            costs, after = self._admit(plan, rules, spent, study=study, account=account)
            opening = self._opening(account)
            if self.store.last(kind="commit", key=key) is not None:
                raise InvalidInput("ledger.already-released", name=plan.name, study=study)
            for earlier in self.store.all(kind="charge", key=key):
                if self.state_of(earlier.sequence) == "open":
                    writer.append(_abandonment(earlier, "a later run took its place"))
            entry = writer.append(
                {
                    "kind": "charge",
                    "account": account,
                    "study": study,
                    "key": key,
                    "name": plan.name,
                    "plan": plan.to_json(),
                    "event": plan.event().to_json(),
                    "delta": repr(plan.delta),
                    "cost_account": costs["account"].to_json(),
                    "cost_study": costs["study"].to_json(),
                    "spent_account": after["account"].to_json(),
                    "spent_study": after["study"].to_json(),
                    "commitment": commitment,
                    "unit": opening.body["unit"],
                    "relation": opening.body["relation"],
                    "versions": {"confide": version("confide"), "python": platform.python_version()},
                }
            )
        return entry.sequence

    def _commit(self, sequence: int, release: Json) -> Json:
        content = release_text(release)
        salt = os.urandom(16)
        with self._write() as writer:
            if self.store.last(charge=sequence) is not None:
                raise IntegrityError("ledger.charge-closed", sequence=sequence)
            charge = self.store.at(sequence)
            commit = writer.append(
                {field: charge.body[field] for field in ("account", "study", "key", "name", "commitment")}
                | {"kind": "commit", "charge": sequence, "release": salted_digest(salt, content)}
            )
            writer.keep_release(commit.sequence, salt, content)
        kept: Json = json.loads(content)
        return kept

    def _abandon(self, sequence: int) -> None:
        """Write down that nothing came of the charge; where even that fails, it stays open and spent."""
        try:
            with self._write() as writer:
                if self.store.last(charge=sequence) is None:
                    writer.append(_abandonment(self.store.at(sequence), "left without a commit"))
        except ConfideError:
            return

    @staticmethod
    def _key(plan: Plan, *, study: str, account: str) -> str:
        return hashlib.sha256(canonical([study, account, plan.to_json()]).encode()).hexdigest()


def _shown(rule: Rule, spent: Spent) -> float:
    """Return the ε that people are shown: the plain sum of the charges while it is within the budget.

    The sum is what a reader can add up, and never below the smallest valid statement; beyond the
    budget only that statement is left.
    """
    plain, smallest = spent.basic_epsilon / 1e9, rule.epsilon_spent(spent)
    return plain if smallest <= plain <= rule.epsilon / 1e9 else smallest


def _abandonment(charge: Entry, reason: str) -> Json:
    kept = {field: charge.body[field] for field in ("account", "study", "key", "name")}
    return kept | {"kind": "abandon", "charge": charge.sequence, "reason": reason}
