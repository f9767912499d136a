"""The institution's ledger: accounts, allowances, charges, releases, and who approved what.

Guarantee: whatever happens to the process, the sum of all durable charges of an account stays within
its rule (`confide.dp.filter`), noise is drawn only after its charge is durable, and a release is shown
only after its commit is durable. Knows no feature: a plan says what it costs and runs itself.
This is the door for what writes; what only reads: `confide.ledger.books`. Behind it: `accounts`, `spend`, `sums`,
`cohorts`, `requests`, `roles`, `acts`. Checked from outside: `confide.ledger.verify`, `docs/ledger-format.md`.
"""

import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from confide.crypto.note import Signer
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import ConfideError, IntegrityError
from confide.ledger import accounts, acts, cohorts, spend
from confide.ledger.books import Books
from confide.ledger.charge import Charge, Plan, Verifying
from confide.ledger.entries import FORMAT, Entry, record_body, release_text
from confide.ledger.requests import Approval
from confide.ledger.store import Store, Writer
from confide.types import Json


def now() -> str:
    """Return the time as entries write it: UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Ledger(Books):
    """All charges and releases of the institution; opened by `confide.ledger.home.open_ledger`."""

    def __init__(self, store: Store, *, after_write: Callable[["Ledger"], None] | None = None) -> None:
        super().__init__(store)
        self._after_write = after_write
        self.signer: Signer | None = None  # of checkpoints; given by `confide.ledger.home`
        self.folder: Path | None = None  # of the institution; given by `confide.ledger.home`
        self._keyed: cohorts.Keyed | None = None
        self.scratch = store.scratch
        first = store.last(kind="genesis")
        if first is None:
            with store.write() as writer:  # looked at again: another process may have been first
                first = store.last(kind="genesis")
                if first is None and store.head()[0]:
                    raise IntegrityError("ledger.not-a-ledger", file=store.place)
                first = first or writer.append(
                    {"kind": "genesis", "format": FORMAT, "ledger": os.urandom(8).hex()}
                )
        self.id = str(first.body.get("ledger"))
        if first.body.get("format") != FORMAT or first.body.get("ledger") != self.id:
            raise IntegrityError("ledger.not-a-ledger", file=store.place)

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
        body = accounts.account_entry(name, epsilon=epsilon, delta=delta, patients=patients, unit=unit)
        with self._write() as writer:
            accounts.open_account(self.store, writer, body)

    def grant(
        self,
        study: str,
        account: str,
        *,
        epsilon: float,
        delta: float,
        purpose: str,
        requester: str = "",
        unit: str = "patient",
        expires: str | None = None,
    ) -> None:
        """Grant `study` an allowance on `account`; asking again for the same changes nothing.

        Guarantee: the account's own rule still binds every charge; an allowance only narrows it.

        Args:
            study: who may spend it.
            account: whose patients will be exposed.
            epsilon, delta: the most that the study may cost.
            purpose: what for, in a sentence.
            requester: who answers for the study.
            unit: what the study protects; that of the account.
            expires: the last day of charges, such as "2027-12-31", by UTC.

        Raises:
            InvalidInput: no such account, or the study holds another allowance (`confide request extend`).
            BudgetExceeded: the account as a whole is smaller than the allowance.
        """
        with self._write() as writer:
            accounts.grant(
                self.store, writer, study, account, epsilon=epsilon, delta=delta, unit=unit, expires=expires,
                purpose=purpose, requester=requester,
            )  # fmt: skip

    # cohorts ----------------------------------------------------------------------------------------

    def declare_cohort(
        self,
        account: str,
        cohort: str,
        patients: Iterable[str],
        *,
        overlaps: Collection[str] = (),
        digest: cohorts.Keyed | None = None,
    ) -> None:
        """Declare that `patients` are in `cohort`, for ever; once more adds those who are new.

        Guarantee: nobody is in two cohorts of an account that were not declared as overlapping. The ledger keeps
        keyed digests of the ids only.

        Args:
            account: whose patients they are.
            cohort: name of the group, such as "2024". Whether a patient is in it depends on nobody else's records.
            patients: all ids of each person, as `_patient` in the tables of any study.
            overlaps: cohorts declared before that may share patients with it; said once, at the first declaration.
            digest: a keyed digest of the institution; None uses `cohort.key` in its folder.

        Raises:
            InvalidInput: somebody is in a cohort of the account that it does not overlap; says no id.
            AccessDenied: the key of the earlier cohorts is not here.
        """
        accounts.opening(self.store, account)
        with self._write() as writer:
            key = digest or self._digest()
            cohorts.declare(self.store, writer, account, cohort, patients, key, overlaps=overlaps)

    def members(
        self, account: str, cohort: str, *, digest: cohorts.Keyed | None = None
    ) -> Callable[[str], bool]:
        """Return what says of a patient's id whether it is in `cohort`; a charge on it may read nobody else.

        Raises:
            InvalidInput: no such cohort.
            AccessDenied: the key it was declared with is not here.
        """
        return cohorts.membership(self.store, account, cohort, digest or self._digest())

    # approvals --------------------------------------------------------------------------------------

    def approved(self, request: Json) -> Approval:
        """Use up an approved request for an act outside the ledger, and return what that act demands.

        Guarantee: the approval is durable when this returns, and was never given before.

        Args:
            request: the document of `confide.ledger.requests.new_request`, with its signatures.

        Raises:
            InvalidInput: expired, used, of another ledger; or of a kind for `carry_out`.
            AccessDenied: too few signatures of those who hold the role now.
            IntegrityError: it was changed after it was signed.
        """
        with self._write() as writer:
            return acts.approve_outside(self.store, writer, request, ledger=self.id)

    def carry_out(self, request: Json) -> Entry:
        """Do what an approved request asks of the ledger: extend an allowance, appoint, dismiss.

        Guarantee: approval and act are durable together, or neither is.

        Raises:
            ConfideError: as `approved`; or the act itself cannot be.
        """
        with self._write() as writer:
            return acts.carry_out(self.store, writer, request, ledger=self.id)

    def record(self, what: str, *, study: str | None = None, details: Json, commitment: str = "") -> Entry:
        """Write down something that happened outside the ledger, such as "vault-opening".

        Args:
            what: small letters and hyphens.
            study: it belongs to.
            details: public, no floats, nothing of a patient.
            commitment: keyed digest of what is not public, as hex.

        Raises:
            InvalidInput: `what` or `details` have not the form.
        """
        body = record_body(what, study=study, details=details, commitment=commitment)
        with self._write() as writer:
            return writer.append(body)

    # charges ----------------------------------------------------------------------------------------

    @contextmanager
    def charge(
        self, plan: Plan, *, study: str, account: str, commitment: str = "", cohort: str | None = None
    ) -> Iterator[Charge]:
        """Spend the budget of `plan`, durably, and hand out its noise.

        Guarantee: the charge is on disk before the block begins. Leaving the block without
        `commit` abandons the charge: it stays spent and is shown. A second charge of the same plan
        takes the place of an open one, which can then never be committed.

        Args:
            plan: what will be computed; all of it public.
            study: whose allowance pays.
            account: whose patients are exposed.
            commitment: keyed digest of the data that the plan will read, as hex.
            cohort: whose patients alone the plan reads (`members`); None exposes all of the account.

        Raises:
            BudgetExceeded: the account or the allowance has too little left, or expired; nothing was spent.
            InvalidInput: no such account, cohort or allowance, or the plan claims less than it costs.
        """
        with self._write() as writer:
            entry = spend.charge(
                self.store, writer, plan, study=study, account=account, commitment=commitment, cohort=cohort
            )
        charge = Charge(entry.sequence, Noise(Stream()), self._commit)
        try:
            yield charge
        finally:
            charge.noise.close()
            if charge.release is None:
                self._abandon(charge.sequence)

    def run(
        self,
        plan: Plan,
        data: Any,
        *,
        study: str,
        account: str,
        commitment: str = "",
        cohort: str | None = None,
    ) -> tuple[Json, bool]:
        """Return the release of `plan`, and whether it was a replay that cost nothing.

        Raises:
            BudgetExceeded: as `charge`.
            InvalidInput: as `charge`; or the plan says of the data, by what is public of them, that it could not run.
        """
        there = self.released(plan, study=study, account=account, commitment=commitment, cohort=cohort)
        if there is not None:
            return there, True
        if isinstance(plan, Verifying):
            plan.verify_data(data)
        with self.charge(plan, study=study, account=account, commitment=commitment, cohort=cohort) as charge:
            return charge.commit(plan.execute(data, charge.noise)), False

    def note_not_private(self, what: str, *, study: str, account: str, commitment: str = "") -> None:
        """Write down a release that ε does not cover (promise 6), once per content.

        `what` is a public description such as "row-level notes, policy pipl".
        """
        with self._write() as writer:
            spend.not_private(self.store, writer, what, study=study, account=account, commitment=commitment)

    # inside -----------------------------------------------------------------------------------------

    @contextmanager
    def _write(self) -> Iterator[Writer]:
        with self.store.write() as writer:
            yield writer
        if self._after_write is not None:
            self._after_write(self)

    def _digest(self) -> cohorts.Keyed:
        """Return the institution's keyed digest; its key may be made only while nothing depends on another."""
        if self._keyed is None:
            fresh = self.store.last(kind="cohort") is None
            self._keyed = cohorts.keyed_by(None if self.scratch else self.folder, fresh=fresh)
        return self._keyed

    def _commit(self, sequence: int, release: Json) -> Json:
        content = release_text(release)
        with self._write() as writer:
            spend.commit(self.store, writer, sequence, content)
        return json.loads(content)  # type: ignore[no-any-return]  # `release_text` wrote an object

    def _abandon(self, sequence: int) -> None:
        """Write down that nothing came of the charge; where even that fails, it stays open and spent."""
        with suppress(ConfideError), self._write() as writer:
            if self.store.last(charge=sequence) is None:
                writer.append(spend.abandonment(self.store.at(sequence), "left without a commit"))
