"""Read a whole ledger again and check every promise that its entries make.

Recomputes the chain, the cost of every event, every running total, every admission, and the digest
of every release. Knows nothing that the entries do not say.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from confide.dp.events import event_from_json
from confide.dp.filter import Rule, Spent, cost_of
from confide.errors import IntegrityError
from confide.ledger.entries import Entry, salted_digest
from confide.ledger.ledger import Ledger
from confide.types import Json, Progress, no_progress


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found to be in order."""

    entries: int
    charges: int
    releases: int
    open: int
    abandoned: int
    head: str


def verify_ledger(ledger: Ledger, *, progress: Progress = no_progress) -> Verified:
    """Check the whole ledger.

    Raises:
        IntegrityError: naming the first entry that is not what it must be.
    """
    ledger.store.check_columns()
    entries = ledger.store.all()
    rules: dict[tuple[str, ...], Rule] = {}
    spent: dict[tuple[str, ...], Spent] = {}
    charges: dict[int, str] = {}
    releases = 0
    for number, entry in enumerate(entries):
        if entry.sequence != number:
            raise IntegrityError("ledger.broken-chain", sequence=number)
        body = entry.body
        match body["kind"]:
            case "genesis" if number == 0:
                pass
            case "account" if (body["account"],) not in rules:
                rules[body["account"],] = Rule.from_json(body["rule"])
            case "allowance":
                holder = (body["account"], body["study"])
                rules[holder] = Rule.from_json(body["rule"])
                spent[holder] = Spent.from_json(body["spent_study"])
                _require(spent[holder] == Spent(), entry)
            case "charge":
                _check_charge(entry, rules, spent)
                charges[number] = "open"
            case "commit" | "abandon" as kind:
                _require(charges.get(body["charge"]) == "open", entry)
                _require(entries[body["charge"]].body["key"] == body["key"], entry)
                charges[body["charge"]] = kind
                if kind == "commit":
                    salt, content = ledger.store.release(number)
                    _require(salted_digest(salt, content) == body["release"], entry)
                    releases += 1
            case "not-private" | "log-key" | "clock" | "restored":
                pass
            case _:
                raise IntegrityError("ledger.broken-chain", sequence=number)
        if number % 1000 == 0:
            progress(number, len(entries))
    states = list(charges.values())
    return Verified(
        entries=len(entries),
        charges=len(charges),
        releases=releases,
        open=states.count("open"),
        abandoned=states.count("abandon"),
        head=ledger.store.head()[1],
    )


def _require(holds: bool, entry: Entry) -> None:
    if not holds:
        raise IntegrityError("ledger.broken-chain", sequence=entry.sequence)


def _holders(body: Json) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "account", (body["account"],)
    yield "study", (body["account"], body["study"])


def _check_charge(
    entry: Entry, rules: dict[tuple[str, ...], Rule], spent: dict[tuple[str, ...], Spent]
) -> None:
    body = entry.body
    for holder, who in _holders(body):
        _require(who in rules, entry)
        cost = cost_of(event_from_json(body["event"]), float(body["delta"]), rules[who])
        _require(cost.to_json() == body[f"cost_{holder}"], entry)
        spent[who] = spent.get(who, Spent()).plus(cost)
        _require(spent[who].to_json() == body[f"spent_{holder}"], entry)
        _require(rules[who].admits(spent[who]), entry)
