"""People with keys, and a ledger that they founded; shared by the tests of roles, requests and extensions."""

from datetime import UTC, datetime, timedelta

from confide.crypto.sign import new_key
from confide.ledger.home import home
from confide.ledger.ledger import Ledger
from confide.ledger.requests import new_request, sign_request
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store

ANNA, BO, CHEN, DORA, EVE = (new_key() for _ in range(5))
ALL = ("approve", "extend", "re-identify")


class Clock:
    """A clock that is set by hand."""

    def __init__(self):
        self.time = datetime.now(UTC)

    def __call__(self):
        return self.time.strftime("%Y-%m-%dT%H:%M:%SZ")

    def goes(self, **by):
        self.time += timedelta(**by)


def open_with(clock, path=None):
    """Return a ledger under a clock of ours, in memory or in a file."""
    ledger = Ledger(Store(Sqlite(path), clock))
    if not ledger.accounts():
        ledger.open_account("inpatients", epsilon=4.0, delta=1e-7, patients=20_000)
        ledger.grant("study", "inpatients", epsilon=1.0, delta=1e-8, purpose="bed planning")
    ledger.folder = home() if path is None else path.parent
    return ledger


def appointment(key, *roles, label=None):
    return {"label": label or f"officer {key.public[:4]}", "key": key.public, "roles": sorted(roles)}


def signed(document, *keys):
    for key in keys:
        document = sign_request(document, key)
    return document


def ask(ledger, kind, fields, *signers, requester=None, days=30):
    """Return a request with the signatures of `signers`."""
    return signed(new_request(kind, fields, ledger, requester=requester, days=days), *signers)


def found(ledger, *keys, roles=ALL):
    """Appoint `keys`, the first of whom founds the roster."""
    for at, key in enumerate(keys):
        signers = (key,) if at == 0 else keys[: min(2, at)]
        ledger.carry_out(ask(ledger, "appoint", appointment(key, *roles), *signers))


def extension(epsilon="3.0", delta="1e-08", expires="9999-12-31", study="study", account="inpatients"):
    return {"study": study, "account": account, "epsilon": epsilon, "delta": delta, "expires": expires,
            "reason": "one more question"}  # fmt: skip
