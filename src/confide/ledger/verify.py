"""Read a whole ledger again and check every promise that its entries make.

Recomputes the chain, the cost of every event, every running total, every admission, the digest of every release
and the members of every cohort; verifies every signature, and that whoever signed held the role then. Knows
nothing that the ledger does not say.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from confide.crypto.sign import digest
from confide.dp.events import event_from_json
from confide.dp.filter import Cost, Rule, Spent, cost_of
from confide.errors import ConfideError, IntegrityError
from confide.ledger.accounts import FOREVER, last_day, verify_in_force
from confide.ledger.acts import rule_asked
from confide.ledger.cohorts import commitment, key_of, overlaps_in
from confide.ledger.entries import START, Entry, canonical, salted_digest
from confide.ledger.ledger import Ledger
from confide.ledger.requests import KINDS, verify_request
from confide.ledger.roles import Roster, after
from confide.ledger.store import Store
from confide.ledger.sums import Exposure, Overlaps
from confide.types import Json, Progress, no_progress

_Holder = tuple[str, str]  # account and study
_Priced = tuple[str, str]  # event as canonical JSON, and the plan's δ
_SAY_ONLY = ("not-private", "record", "log-key", "clock", "restored")  # kinds that no figure depends on


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
    reader, size, head = _Reader(ledger.store), ledger.store.head()[0], START
    number = -1
    for number, (entry, release) in enumerate(ledger.store.walk()):
        try:
            reader.take(entry, release)
        except (KeyError, TypeError, ValueError, AttributeError, ConfideError) as error:
            raise IntegrityError("ledger.broken-chain", sequence=number) from error
        head = entry.hash
        if number % 1000 == 0:
            progress(number, max(size, number + 1))
    _require(not reader.waiting and not reader.set_back, number)
    reader.check_members()
    return Verified(
        entries=number + 1,
        charges=len(reader.open) + reader.committed + reader.abandoned,
        releases=reader.committed,
        open=len(reader.open),
        abandoned=reader.abandoned,
        approvals=len(reader.approved),
        head=head,
    )


class _Reader:
    """What all entries so far say together; `take` reads one more. Keeps no entry of the past but those in force."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.open: dict[int, str] = {}  # charges by sequence: the plan's key
        self.committed = self.abandoned = 0
        self.approved: dict[str, int] = {}  # by digest of the request: sequence
        self.waiting: Json | None = None  # a request whose act must be the next entry
        self.set_back: Json | None = None  # a `clock` whose approval must be the next entry
        self._ledger = ""
        self._rules: dict[str, Rule] = {}  # of accounts
        self._exposed: dict[str, Exposure] = {}
        self._allowances: dict[_Holder, tuple[Entry, Rule]] = {}
        self._spent: dict[_Holder, Spent] = {}
        self._charged: dict[_Holder, Counter[_Priced]] = defaultdict(Counter)
        self._cohorts: dict[tuple[str, str], Entry] = {}
        self._overlaps: dict[str, Overlaps] = {}
        self._roster: Roster = {}
        self._time = ""

    def take(self, entry: Entry, release: tuple[bytes, bytes] | None) -> None:
        """Check one entry against all before it; whatever it raises, the entry is not what it must be."""
        body, waiting = entry.body, self.waiting
        self.waiting = None
        _require(release is None or body["kind"] == "commit", entry.sequence)
        if (
            waiting is not None or "approval" in body
        ):  # an act stands right behind its approval, and only there
            self._check_act(body, waiting or {})
        self._take_time(body)
        match body["kind"]:
            case "genesis" if entry.sequence == 0:
                self._ledger = body["ledger"]
            case "account" if body["account"] not in self._rules:
                self._rules[body["account"]] = Rule.from_json(body["rule"])
            case "allowance":
                self._take_allowance(entry)
            case "cohort":
                self._take_cohort(entry)
            case "charge":
                self._take_charge(entry)
            case "commit" | "abandon":
                self._take_end(entry, release)
            case "approval":
                self._take_approval(entry)
            case "appoint" | "dismiss":
                _require("approval" in body, entry.sequence)
                self._roster = after(self._roster, body)
            case kind:
                _require(kind in _SAY_ONLY, entry.sequence)

    def check_members(self) -> None:
        """Compare the members of every cohort with its newest commitment, and who is in two with what overlaps.

        There are no other members.
        """
        known = 0
        for (account, cohort), entry in self._cohorts.items():
            members = self.store.members(account, cohort)
            kept = commitment(bytes.fromhex(entry.body["salt"]), members)
            _require(kept == entry.body["commitment"], entry.sequence)
            known += len(members)
        _require(known == self.store.count_members(), 0)
        for account, pairs in self._overlaps.items():
            _require(self.store.shared(account) <= pairs, 0)

    def _take_time(self, body: Json) -> None:
        """Check that time goes on; where roles were founded, it is set back by an approval only."""
        clock, self.set_back = self.set_back, None
        if clock is not None:  # the approval stands right behind
            request = body["request"]
            _require(request["kind"] == "accept-clock", body["sequence"])
            _require(request["fields"] == {"newest": clock["newest"]}, body["sequence"])
        if body["kind"] != "clock":
            _require(body["time"] >= self._time, body["sequence"])
        elif self._roster:
            _require(body["newest"] == self._time, body["sequence"])
            self.set_back = body
        self._time = body["time"]

    def _take_charge(self, entry: Entry) -> None:
        body, who = entry.body, (entry.body["account"], entry.body["study"])
        account, cohort = body["account"], body.get("cohort")
        allowed, rule = self._allowances[who]
        _require(cohort is None or (account, cohort) in self._cohorts, entry.sequence)
        verify_in_force(allowed, at=body["time"])
        priced = canonical(body["event"]), body["delta"]
        cost = _cost(body["cost_account"], priced, self._rules[account], entry.sequence)
        exposed = self._exposed.get(account, Exposure()).plus(cost, cohort)
        spent = self._spent[who].plus(_cost(body["cost_study"], priced, rule, entry.sequence))
        _require(
            exposed.to_json().items() <= body.items() or exposed == Exposure.from_json(body), entry.sequence
        )
        _require(_says(body["spent_study"], spent), entry.sequence)
        sums = exposed.of(cohort, self._overlaps.get(account, frozenset()))
        _require(all(map(self._rules[account].admits, sums)), entry.sequence)
        _require(rule.admits(spent), entry.sequence)
        self._exposed[account], self._spent[who] = exposed, spent
        self._charged[who][priced] += 1
        self.open[entry.sequence] = body["key"]

    def _take_end(self, entry: Entry, release: tuple[bytes, bytes] | None) -> None:
        """Check a commit or an abandonment: of an open charge, and a release that is what was committed."""
        body = entry.body
        _require(self.open.pop(body["charge"]) == body["key"], entry.sequence)
        if body["kind"] == "abandon":
            self.abandoned += 1
            return
        self.committed += 1
        _require(release is not None and salted_digest(*release) == body["release"], entry.sequence)

    def _take_allowance(self, entry: Entry) -> None:
        """Check a grant, or an extension: no larger than the account, and its sums recomputed from the start."""
        body, who = entry.body, (entry.body["account"], entry.body["study"])
        rule, total = Rule.from_json(body["rule"]), self._rules[body["account"]]
        _require(rule.epsilon <= total.epsilon and rule.delta <= total.delta, entry.sequence)
        spent = Spent.from_json(body["spent_study"])
        if who not in self._allowances:
            _require(spent == Spent(), entry.sequence)
        else:
            before, old = self._allowances[who]
            _require("approval" in body and last_day(entry) >= last_day(before), entry.sequence)
            _require(rule.epsilon >= old.epsilon and rule.delta >= old.delta, entry.sequence)
            _require(rule.admits(spent) or spent == Spent(), entry.sequence)
            anew = Spent()
            for priced, times in self._charged[who].items():
                for _ in range(times):
                    anew = anew.plus(_price(*priced, rule))
            _require(_covers(spent, anew), entry.sequence)
        verify_in_force(entry, at=body["time"])
        self._allowances[who], self._spent[who] = (entry, rule), spent

    def _take_cohort(self, entry: Entry) -> None:
        body = entry.body
        _require(body["account"] in self._rules, entry.sequence)
        bytes.fromhex(body["salt"])
        _require(body["key"] == key_of(body["account"], body["cohort"]), entry.sequence)
        checks = {
            each.body["key_check"] for (name, _), each in self._cohorts.items() if name == body["account"]
        }
        _require(checks <= {body["key_check"]}, entry.sequence)
        self._take_overlaps(entry)
        self._cohorts[body["account"], body["cohort"]] = entry

    def _take_overlaps(self, entry: Entry) -> None:
        """Check that nothing overlaps but what did, and a new cohort with those that were there."""
        account, cohort = entry.body["account"], entry.body["cohort"]
        before, pairs = self._overlaps.get(account, frozenset()), overlaps_in(entry)
        there = {name for holder, name in self._cohorts if holder == account}
        possible = frozenset() if cohort in there else {_pair(cohort, each) for each in there}
        _require(before <= pairs <= before | possible, entry.sequence)
        self._overlaps[account] = pairs

    def _take_approval(self, entry: Entry) -> None:
        """Check that a request is used once, and every signature under the roles that were held then."""
        body = entry.body
        document = {name: body[name] for name in ("request", "signatures")}
        request = verify_request(document, ledger=self._ledger, roster=self._roster, at=body["time"])
        _require(body["key"] == digest(request) and body["key"] not in self.approved, entry.sequence)
        self.approved[body["key"]] = entry.sequence
        self.waiting = request if KINDS[request["kind"]].in_ledger else None

    def _check_act(self, body: Json, request: Json) -> None:
        """Check that an entry is what the request before it asked for."""
        _require(bool(request) and body.get("approval") == body["sequence"] - 1, body["sequence"])
        kind = "allowance" if request["kind"] == "extend" else request["kind"]
        _require(body["kind"] == kind and _asked(request) == _done(body), body["sequence"])


def _asked(request: Json) -> Mapping[str, object]:
    """Return what a request asks of the ledger, in the form of `_done`."""
    if request["kind"] != "extend":
        return dict(request["fields"])
    fields = request["fields"]
    rule = rule_asked(fields["epsilon"], fields["delta"])
    figures = {"epsilon": rule.epsilon, "delta": rule.delta, "expires": fields["expires"]}
    return {"account": fields["account"], "study": fields["study"], **figures}


def _done(body: Json) -> Mapping[str, object]:
    """Return what an act did: its own fields, without those that every entry has."""
    if body["kind"] != "allowance":
        return {
            n: v for n, v in body.items() if n not in ("kind", "sequence", "previous", "time", "approval")
        }
    rule = Rule.from_json(body["rule"])
    figures = {"epsilon": rule.epsilon, "delta": rule.delta, "expires": body.get("expires", FOREVER)}
    return {"account": body["account"], "study": body["study"], **figures}


def _cost(stated: Json, priced: _Priced, rule: Rule, sequence: int) -> Cost:
    """Return the price that a charge states, if it is no less than what its event costs under `rule`."""
    recomputed = _price(*priced, rule)
    if _says(stated, recomputed):
        return recomputed
    cost = Cost.from_json(stated)  # later versions may price the same event lower, never higher
    _require(_covers(cost, recomputed), sequence)
    return cost


@lru_cache(maxsize=4096)
def _price(event: str, delta: str, rule: Rule) -> Cost:
    return cost_of(event_from_json(json.loads(event)), float(delta), rule)


def _says(stated: Json, sums: Cost | Spent) -> bool:
    """Say whether these are the sums; first entries leave the Gaussian one out."""
    return stated == sums.to_json() or type(sums).from_json(stated) == sums


def _pair(one: str, other: str) -> tuple[str, str]:
    return min(one, other), max(one, other)


def _covers(stated: Cost | Spent, recomputed: Cost | Spent) -> bool:
    """Say whether no stated figure is below the recomputed one."""
    return all(figure <= stated.to_json()[name] for name, figure in recomputed.to_json().items())


def _require(holds: bool, sequence: int) -> None:
    if not holds:
        raise IntegrityError("ledger.broken-chain", sequence=sequence)
