"""Read a whole ledger again and check every promise that its entries make.

Recomputes the chain, the cost of every event, every running total, every admission, the digest of every release
and the members of every cohort; verifies every signature, and that whoever signed held the role then. Checks all
that `docs/ledger-format.md` asks of a stranger's verifier; knows nothing that the ledger does not say.
"""

import gc
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from operator import itemgetter

from confide.crypto.note import NOTE, Verifier
from confide.crypto.sign import digest
from confide.dp.accountant import pure_epsilon_exact
from confide.dp.events import event_from_json
from confide.dp.filter import Cost, Rule, Spent, cost_of
from confide.dp.units import ATTO, NANO
from confide.errors import ConfideError, IntegrityError
from confide.ledger.accounts import RELATIONS, last_day, verify_in_force
from confide.ledger.acts import asked, done
from confide.ledger.cohorts import DIGEST, MOST, commitment, key_of, overlaps_in
from confide.ledger.entries import START, Entry, canonical, respelled, salted_digest
from confide.ledger.forms import has_form
from confide.ledger.ledger import Ledger
from confide.ledger.log_key import ORIGIN
from confide.ledger.requests import KINDS, verify_request
from confide.ledger.roles import Roster, after
from confide.ledger.store import Store
from confide.ledger.sums import Exposure, Overlaps, pair_of
from confide.types import Json, Progress, no_progress

_Holder = tuple[str, str]  # account and study
_Event = str | tuple[tuple[str, str | int], ...]
_Priced = tuple[_Event, str]  # an event as a key, and the plan's δ
_repeated = itemgetter("account", "study", "key", "name", "commitment")  # by the commit of a charge
_named_by = itemgetter("account", "study", "key", "name")  # by its abandonment


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
    reader, size, number, head = _Reader(ledger.store), ledger.store.head()[0], -1, START
    with _no_collector():
        for number, (entry, release) in enumerate(ledger.store.walk(_stands_alone)):
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


@contextmanager
def _no_collector() -> Iterator[None]:
    """Keep Python from looking for circles among entries, which have none: an eighth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Reader:
    """What all entries so far say together; `take` reads one more. Of a past entry it keeps what can still matter."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.open: dict[int, tuple[str, ...]] = {}  # charges by sequence: what their commit must repeat
        self.committed = self.abandoned = 0
        self.approved: dict[str, int] = {}  # by digest of the request: sequence
        self.waiting: Json | None = None  # a request whose act must be the next entry
        self.set_back: Json | None = None  # a `clock` whose approval must be the next entry
        self._ledger = ""
        self._opened: dict[str, Json] = {}  # accounts
        self._rules: dict[str, Rule] = {}  # of accounts
        self._exposed: dict[str, Exposure] = {}
        self._allowances: dict[_Holder, tuple[Entry, Rule]] = {}
        self._spent: dict[_Holder, Spent] = {}
        self._charged: dict[_Holder, Counter[_Priced]] = defaultdict(Counter)
        self._cohorts: dict[tuple[str, str], Entry] = {}
        self._overlaps: dict[str, Overlaps] = {}
        self._roster: Roster = {}
        self._keys: dict[str, str] = {}  # by key of a plan, or of what is not private: what became of it
        self._rotations: set[int] = set()  # approvals of a new log key that no key has used
        self._log_keys = 0
        self._closed = False
        self._before: Json = {}  # the entry before

    def take(self, entry: Entry, release: tuple[bytes, bytes] | None) -> None:
        """Check one entry against all before it; whatever it raises, the entry is not what it must be."""
        body, waiting = entry.body, self.waiting
        self.waiting = None
        _require(release is None or body["kind"] == "commit", entry.sequence)
        self._check_place(entry)
        self._before = body
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
                self._take_end(entry, release)
            case "approval":
                self._take_approval(entry)
            case "appoint" | "dismiss":
                _require("approval" in body, entry.sequence)
                self._roster = after(self._roster, body)
            case "not-private":
                _require(body["key"] not in self._keys, entry.sequence)
                self._keys[body["key"]] = body["kind"]
            case kind:
                _require(kind in ("record", "clock", "restored"), entry.sequence)

    def check_members(self) -> None:
        """Compare the members of every cohort with its newest commitment, and who is in two with what overlaps.

        There are no other members.
        """
        known = 0
        for (account, cohort), entry in self._cohorts.items():
            members = self.store.members(account, cohort)
            kept = commitment(bytes.fromhex(entry.body["salt"]), members)
            one_length = all(len(each) == DIGEST for each in members)  # else they could be cut in another way
            _require(one_length and kept == entry.body["commitment"], entry.sequence)
            known += len(members)
        _require(known == self.store.count_members(), 0)
        for account, pairs in self._overlaps.items():
            _require(self.store.shared(account) <= pairs, 0)

    def _check_place(self, entry: Entry) -> None:
        """Check the time of an entry, and that a ledger that was closed stays so."""
        _require((entry.body["kind"] == "genesis") == (entry.sequence == 0), entry.sequence)
        if entry.sequence == 0:
            return
        before, body = self._before, entry.body
        if (clock := self.set_back) is not None:  # the approval stands right behind
            self.set_back = None
            _require((asks := body["request"])["kind"] == "accept-clock", entry.sequence)
            _require(asks["fields"] == {"newest": clock["newest"]}, entry.sequence)
        if body["kind"] == "clock":
            _require(body["newest"] == before["time"], entry.sequence)
            self.set_back = body if self._roster else None
        elif self._log_keys or self._roster:  # before there was one, a clock could go back unseen
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
        account, cohort, number = body["account"], body.get("cohort"), entry.sequence
        opened, total, (allowed, rule) = self._opened[account], self._rules[account], self._allowances[who]
        overlaps = self._overlaps.get(account, frozenset())
        self._check_paid(body)
        _require(cohort is None or (account, cohort) in self._cohorts, number)
        verify_in_force(allowed, at=body["time"])
        _require((body["unit"], body["relation"]) == (opened["unit"], opened["relation"]), number)
        _require(self._keys.get(body["key"], "abandon") == "abandon", number)
        priced = _key_of(body["event"]), body["delta"]
        exposed = self._exposed.get(account, Exposure())
        exposed = exposed.plus(_cost(body["cost_account"], priced, total, number), cohort)
        spent = self._spent[who].plus(_cost(body["cost_study"], priced, rule, number))
        _require(_says(body["spent_account"], exposed.common), number)
        alone = body.get("spent_cohorts", {})
        _require(alone.keys() == exposed.cohorts.keys(), number)
        _require(all(_says(alone[name], exposed.cohorts[name]) for name in alone), number)
        _require(_says(body["spent_study"], spent), number)
        _require(rule.admits(spent) and all(map(total.admits, exposed.of(cohort, overlaps))), number)
        self._exposed[account], self._spent[who] = exposed, spent
        self._charged[who][priced] += 1
        self.open[number] = _repeated(body)
        self._keys[body["key"]] = "open"

    def _check_paid(self, body: Json) -> None:
        """Check that what a plan says paid for it is an earlier commit of the plan that it says."""
        if "paid_by" not in body["plan"]:
            return
        number = body["plan"]["paid_by"]
        _require(type(number) is int and 0 <= number < body["sequence"], body["sequence"])
        paid = self.store.at(number).body
        of = _plan_key(body, body["plan"]["series"])
        _require((paid["kind"], paid.get("key")) == ("commit", of), body["sequence"])

    def _take_end(self, entry: Entry, release: tuple[bytes, bytes] | None) -> None:
        """Check a commit or an abandonment: of an open charge, and a release that is what was committed."""
        body = entry.body
        charge = self.open.pop(body["charge"])
        same = _repeated(body) if body["kind"] == "commit" else (*_named_by(body), charge[-1])
        _require(charge == same, entry.sequence)
        self._keys[body["key"]] = body["kind"]
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
            _require(spent == Spent() and "approval" not in body, entry.sequence)
        else:
            before, old = self._allowances[who]
            _require("approval" in body and last_day(entry) >= last_day(before), entry.sequence)
            kept = ("requester", "purpose")
            _require(all(body[name] == before.body[name] for name in kept), entry.sequence)
            old_figures, figures = (
                (old.epsilon, old.delta, last_day(before)),
                (rule.epsilon, rule.delta, last_day(entry)),
            )
            _require(figures != old_figures, entry.sequence)
            _require(rule.delta >= old.delta and rule.contains(old), entry.sequence)
            _require(rule.admits(spent) or spent == Spent(), entry.sequence)
            anew = Spent()
            for priced, times in self._charged[who].items():
                for _ in range(times):
                    anew = anew.plus(_prices(*priced, rule)[0][0])
            _require(Cost(**spent.to_json()).covers(Cost(**anew.to_json())), entry.sequence)
        verify_in_force(entry, at=body["time"])
        self._allowances[who], self._spent[who] = (entry, rule), spent

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
        before, pairs = self._overlaps.get(body["account"], frozenset()), overlaps_in(entry)
        new = frozenset() if body["cohort"] in names else {pair_of(body["cohort"], each) for each in names}
        _require(before <= pairs <= before | new, entry.sequence)
        self._overlaps[body["account"]] = pairs
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


def _says(stated: Json, spent: Spent) -> bool:
    """Say whether these are the sums; the first entries leave the Gaussian one out."""
    return stated == spent.to_json() or Spent.from_json(stated) == spent


def _cost(stated: Json, priced: _Priced, rule: Rule, sequence: int) -> Cost:
    """Return the price that a charge states, if no figure is below the truth.

    Another version of confide may have priced the same event higher.
    """
    for found, told in _prices(*priced, rule):
        if stated == told:
            return found
        if (cost := Cost.from_json(stated)).covers(found):
            return cost
    raise IntegrityError("ledger.broken-chain", sequence=sequence)


@lru_cache(maxsize=4096)
def _prices(event: _Event, delta: str, rule: Rule) -> list[tuple[Cost, Json]]:
    """Return what an event costs; where it has a pure ε, also with that one: both statements about ε are true."""
    body = json.loads(event) if isinstance(event, str) else dict(event)
    what = event_from_json(body)
    _require(canonical(what.to_json()) == canonical(body), 0)
    costs, pure = [cost_of(what, float(delta), rule)], pure_epsilon_exact(what)
    if pure is not None:
        costs.append(replace(costs[0], basic_epsilon=math.ceil(pure * NANO), basic_delta=0))
    return [(cost, cost.to_json()) for cost in costs]


def _key_of(event: Json) -> _Event:
    """Return an event as a key: its fields, or its text where it has parts."""
    return respelled(event) if "events" in event else tuple(event.items())


def _plan_key(body: Json, plan: Json) -> str:
    """Return the key of a plan under the study, account and cohort of an entry."""
    whole = [body["study"], body["account"], plan, *([body["cohort"]] if "cohort" in body else [])]
    return sha256(respelled(whole).encode()).hexdigest()


def _stands_alone(body: Json) -> bool:
    """Say whether an entry has the form of its kind, and the key of what it says."""
    if not has_form(body):
        return False
    match body["kind"]:
        case "charge":
            return bool(body["key"] == _plan_key(body, body["plan"]))
        case "not-private":
            whole = [body["study"], body["account"], body["what"], body["commitment"]]
        case _:
            return True
    return bool(body["key"] == sha256(respelled(whole).encode()).hexdigest())


def _require(holds: bool, sequence: int) -> None:
    if not holds:
        raise IntegrityError("ledger.broken-chain", sequence=sequence)
