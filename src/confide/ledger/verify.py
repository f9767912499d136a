"""Read a whole ledger again and check every promise that its entries make.

Recomputes the chain, the cost of every event, every running total, every admission, the digest of every release
and the members of every cohort; verifies every signature, and that whoever signed held the role then. Checks all
that `docs/ledger-format.md` asks of a stranger's verifier; knows nothing that the ledger does not say.
"""

import math
from dataclasses import dataclass, replace
from hashlib import sha256

from confide.crypto.note import NOTE, Verifier
from confide.crypto.sign import digest
from confide.dp.accountant import pure_epsilon_exact
from confide.dp.events import event_from_json
from confide.dp.filter import ATTO, NANO, Cost, Rule, Spent, cost_of
from confide.errors import ConfideError, IntegrityError
from confide.ledger.accounts import RELATIONS, last_day, verify_in_force
from confide.ledger.acts import asked, done
from confide.ledger.cohorts import MOST, commitment, key_of
from confide.ledger.entries import Entry, canonical, salted_digest
from confide.ledger.forms import has_form
from confide.ledger.ledger import Ledger
from confide.ledger.log_key import ORIGIN
from confide.ledger.requests import KINDS, verify_request
from confide.ledger.roles import Roster, after
from confide.ledger.store import Store
from confide.ledger.sums import Exposure, summed
from confide.types import Json, Progress, no_progress


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found to be in order."""

    entries: int
    charges: int
    releases: int
    open: int
    abandoned: int
    approvals: int
    head: str


def verify_ledger(ledger: Ledger, *, progress: Progress = no_progress) -> Verified:
    """Check the whole ledger.

    Raises:
        IntegrityError: naming the first entry that is not what it must be.
    """
    ledger.store.check_columns()
    return verify_entries(ledger.store, progress=progress)


def verify_entries(store: Store, *, progress: Progress = no_progress) -> Verified:
    """Check what the entries of `store` mean after each other; its chain, columns and tree are taken as they are.

    Raises:
        IntegrityError: naming the first entry that is not what it must be.
    """
    reader = _Reader(store)
    for number, entry in enumerate(reader.entries):
        _require(entry.sequence == number, number)
        try:
            reader.take(entry)
        except (KeyError, TypeError, ValueError, AttributeError, ConfideError) as error:
            raise IntegrityError("ledger.broken-chain", sequence=number) from error
        if number % 1000 == 0:
            progress(number, len(reader.entries))
    _require(not reader.waiting, len(reader.entries))
    reader.check_members()
    states = list(reader.charges.values())
    return Verified(
        entries=len(reader.entries),
        charges=len(states),
        releases=states.count("commit"),
        open=states.count("open"),
        abandoned=states.count("abandon"),
        approvals=len(reader.approved),
        head=store.head()[1],
    )


class _Reader:
    """What all entries so far say together; `take` reads one more."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.entries = store.all()
        self.charges: dict[int, str] = {}  # by sequence: open, commit or abandon
        self.approved: dict[str, int] = {}  # by digest of the request: sequence
        self.waiting: Json | None = None  # a request whose act must be the next entry
        self._ledger = ""
        self._opened: dict[str, Json] = {}  # accounts
        self._rules: dict[str, Rule] = {}  # of accounts
        self._exposed: dict[str, Exposure] = {}
        self._allowances: dict[tuple[str, str], Entry] = {}
        self._spent: dict[tuple[str, str], Spent] = {}
        self._cohorts: dict[tuple[str, str], Entry] = {}
        self._roster: Roster = {}
        self._keys: dict[
            str, str
        ] = {}  # of charges and what is not private: open, commit, abandon, not-private
        self._rotations: set[int] = set()  # approvals of a new log key that no key has used
        self._log_keys = 0
        self._closed = False

    def take(self, entry: Entry) -> None:
        """Check one entry against all before it; whatever it raises, the entry is not what it must be."""
        body, waiting = entry.body, self.waiting
        self.waiting = None
        _require(has_form(body), entry.sequence)
        self._check_place(entry)
        if waiting is not None or ("approval" in body and body["kind"] != "log-key"):
            self._check_act(body, waiting or {})  # an act stands right behind its approval, and only there
        match body["kind"]:
            case "genesis" if entry.sequence == 0:
                self._ledger = body["ledger"]
            case "log-key":
                self._take_log_key(entry)
            case "account" if body["account"] not in self._rules:
                self._take_account(entry)
            case "allowance":
                self._take_allowance(entry)
            case "cohort":
                self._take_cohort(entry)
            case "charge":
                self._take_charge(entry)
            case "commit" | "abandon":
                self._take_end(entry)
            case "approval":
                self._take_approval(entry)
            case "appoint" | "dismiss":
                _require("approval" in body, entry.sequence)
                self._roster = after(self._roster, body)
            case "not-private":
                key = [body["study"], body["account"], body["what"], body["commitment"]]
                _require(body["key"] == _named(key) and body["key"] not in self._keys, entry.sequence)
                self._keys[body["key"]] = body["kind"]
            case kind:
                _require(kind in ("record", "clock", "restored"), entry.sequence)

    def check_members(self) -> None:
        """Compare the members of every cohort with its newest commitment."""
        for (account, cohort), entry in self._cohorts.items():
            members = self.store.members(account, cohort)
            kept = commitment(bytes.fromhex(entry.body["salt"]), members)
            _require(kept == entry.body["commitment"], entry.sequence)

    def _check_place(self, entry: Entry) -> None:
        """Check the time of an entry, and that a ledger that was closed stays so."""
        _require((entry.body["kind"] == "genesis") == (entry.sequence == 0), entry.sequence)
        if entry.sequence == 0:
            return
        before, body = self.entries[entry.sequence - 1].body, entry.body
        if body["kind"] == "clock":
            _require(body["newest"] == before["time"], entry.sequence)
        elif self._log_keys:  # before there was one, a clock could go back unseen
            _require(body["time"] >= before["time"], entry.sequence)
        if before["kind"] == "restored" or self._closed:
            self._closed = True
            _require(body["kind"] in ("restored", "log-key"), entry.sequence)

    def _take_log_key(self, entry: Entry) -> None:
        """Check a key that signs checkpoints; a later one, where there is a roster, that somebody approved it."""
        key = Verifier.from_text(entry.body["verifier"])
        _require((key.name, key.kind) == (ORIGIN + self._ledger, NOTE), entry.sequence)
        approval = entry.body.get("approval")
        if self._log_keys and self._roster:
            _require(approval in self._rotations, entry.sequence)
            self._rotations -= {approval}
        else:
            _require(approval is None, entry.sequence)
        self._log_keys += 1

    def _take_account(self, entry: Entry) -> None:
        body, rule = entry.body, Rule.from_json(entry.body["rule"])
        _require(body["relation"] == RELATIONS[body["unit"]], entry.sequence)
        _require((rule.delta - 1) * 100 * body["patients"] <= ATTO, entry.sequence)
        self._rules[body["account"]], self._opened[body["account"]] = rule, body

    def _take_charge(self, entry: Entry) -> None:
        body, who = entry.body, (entry.body["account"], entry.body["study"])
        account, cohort, allowed = body["account"], body.get("cohort"), self._allowances[who]
        _require(cohort is None or (account, cohort) in self._cohorts, entry.sequence)
        verify_in_force(allowed, at=body["time"])
        _require(
            all(body[name] == self._opened[account][name] for name in ("unit", "relation")), entry.sequence
        )
        whole = [body["study"], account, body["plan"], *([] if cohort is None else [cohort])]
        _require(body["key"] == _named(whole), entry.sequence)
        _require(self._keys.get(body["key"], "abandon") == "abandon", entry.sequence)
        rules = {"account": self._rules[account], "study": Rule.from_json(allowed.body["rule"])}
        costs = {holder: Cost.from_json(body[f"cost_{holder}"]) for holder in rules}
        for holder, rule in rules.items():
            _require(_is_priced(costs[holder], body, rule), entry.sequence)
        self._exposed[account] = self._exposed.get(account, Exposure()).plus(costs["account"], cohort)
        self._spent[who] = self._spent[who].plus(costs["study"])
        _require(self._exposed[account] == Exposure.from_json(body), entry.sequence)
        _require(self._spent[who] == Spent.from_json(body["spent_study"]), entry.sequence)
        sums = self._exposed[account].of(cohort)
        _require(all(rules["account"].admits(spent) for spent in sums), entry.sequence)
        _require(rules["study"].admits(self._spent[who]), entry.sequence)
        self.charges[entry.sequence] = self._keys[body["key"]] = "open"

    def _take_end(self, entry: Entry) -> None:
        """Check a commit or an abandonment: of an open charge, and a release that is what was committed."""
        body = entry.body
        _require(self.charges.get(body["charge"]) == "open", entry.sequence)
        charge = self.entries[body["charge"]].body
        same = {"account", "study", "key", "name", "commitment"} & set(body)
        _require(all(charge[name] == body[name] for name in same), entry.sequence)
        self.charges[body["charge"]] = self._keys[body["key"]] = body["kind"]
        if body["kind"] == "commit":
            salt, content = self.store.release(entry.sequence)
            _require(salted_digest(salt, content) == body["release"], entry.sequence)

    def _take_allowance(self, entry: Entry) -> None:
        """Check a grant, or an extension: no larger than the account, and its sums recomputed from the start."""
        body, who = entry.body, (entry.body["account"], entry.body["study"])
        rule, total = Rule.from_json(body["rule"]), self._rules[body["account"]]
        _require(rule.epsilon <= total.epsilon and rule.delta <= total.delta, entry.sequence)
        before, spent = self._allowances.get(who), Spent.from_json(body["spent_study"])
        if before is None:
            _require(spent == Spent() and "approval" not in body, entry.sequence)
            verify_in_force(entry, at=body["time"])
        else:
            old = Rule.from_json(before.body["rule"])
            _require("approval" in body and last_day(entry) >= last_day(before), entry.sequence)
            kept = ("requester", "purpose")
            _require(all(body[name] == before.body[name] for name in kept), entry.sequence)
            old_figures, figures = (
                (old.epsilon, old.delta, last_day(before)),
                (rule.epsilon, rule.delta, last_day(entry)),
            )
            _require(figures != old_figures, entry.sequence)
            _require(rule.epsilon >= old.epsilon and rule.delta >= old.delta, entry.sequence)
            _require(rule.admits(spent) or spent == Spent(), entry.sequence)
            mine = (self.entries[n] for n in self.charges if _holder(self.entries[n].body) == who)
            _require(_cost(spent).covers(_cost(summed(mine, rule))), entry.sequence)
        self._allowances[who], self._spent[who] = entry, spent

    def _take_cohort(self, entry: Entry) -> None:
        body = entry.body
        _require(body["account"] in self._rules, entry.sequence)
        _require(body["key"] == key_of(body["account"], body["cohort"]), entry.sequence)
        checks = {
            each.body["key_check"] for (name, _), each in self._cohorts.items() if name == body["account"]
        }
        _require(checks <= {body["key_check"]}, entry.sequence)
        names = {cohort for name, cohort in self._cohorts if name == body["account"]}
        _require(len(names | {body["cohort"]}) <= MOST, entry.sequence)
        self._cohorts[body["account"], body["cohort"]] = entry

    def _take_approval(self, entry: Entry) -> None:
        """Check that a request is used once, and every signature under the roles that were held then."""
        body = entry.body
        document = {name: body[name] for name in ("request", "signatures")}
        request = verify_request(document, ledger=self._ledger, roster=self._roster, at=body["time"])
        _require(body["key"] == digest(request) and body["key"] not in self.approved, entry.sequence)
        self.approved[body["key"]] = entry.sequence
        if request["kind"] == "rotate-log-key":
            self._rotations.add(entry.sequence)
        self.waiting = request if KINDS[request["kind"]].in_ledger else None

    def _check_act(self, body: Json, request: Json) -> None:
        """Check that an entry is what the request before it asked for."""
        _require(bool(request) and body.get("approval") == body["sequence"] - 1, body["sequence"])
        kind = "allowance" if request["kind"] == "extend" else request["kind"]
        _require(body["kind"] == kind and asked(request) == done(body), body["sequence"])


def _is_priced(stated: Cost, charge: Json, rule: Rule) -> bool:
    """Say whether no figure of a charge is below the truth; two statements about ε may both be true.

    Another version of confide may have priced the same event higher, or have preferred its pure ε.
    """
    event = event_from_json(charge["event"])
    found, pure = cost_of(event, float(charge["delta"]), rule), pure_epsilon_exact(event)
    if pure is not None and stated.basic_epsilon >= math.ceil(pure * NANO):
        found = replace(found, basic_epsilon=0, basic_delta=0)
    return event.to_json() == charge["event"] and stated.covers(found)


def _cost(sums: Spent) -> Cost:
    return Cost(**sums.to_json())


def _named(whole: list[object]) -> str:
    """Return the `key` of what is named by all of `whole`."""
    return sha256(canonical(whole).encode()).hexdigest()


def _holder(body: Json) -> tuple[str, str]:
    return body["account"], body["study"]


def _require(holds: bool, sequence: int) -> None:
    if not holds:
        raise IntegrityError("ledger.broken-chain", sequence=sequence)
