"""Groups of an account's patients, declared once: charges on disjoint ones compose in parallel, on others they add.

Guarantee: a patient is in two cohorts of an account only where the later one was declared as overlapping the other,
and never leaves one. No id is kept and no unkeyed digest: only HMACs under a key of the institution that is not in
the ledger. How charges on cohorts are booked: `confide.ledger.sums`; why that is sound: `docs/proofs/cohorts.md`.
"""

import hashlib
import os
import unicodedata
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from confide.crypto.derive import keyed_digest
from confide.errors import AccessDenied, InvalidInput
from confide.ledger.entries import Entry, canonical
from confide.ledger.files import alone, put, sync_folder
from confide.ledger.store import Store, Writer
from confide.ledger.sums import Overlaps, near, pair_of

KEY = "cohort.key"
DIGEST = 32  # bytes that stand for a patient
MOST = 64  # cohorts of an account: every charge states the sums of each
Keyed = Callable[[bytes], bytes]  # a keyed digest, 32 bytes
_CHECK = b"confide cohort key 1: check"


def keyed_by(folder: Path | None, *, fresh: bool) -> Keyed:
    """Return the keyed digest of the institution in `folder`; None is a scratch ledger, with a key of its own.

    Args:
        folder: where `cohort.key` lies.
        fresh: whether the key may be made now, because no cohort was declared with another.

    Raises:
        AccessDenied: the key is gone, or is none.
    """
    if folder is None:
        key = os.urandom(32)
    else:
        if fresh:
            _make(folder / KEY)
        try:
            key = (folder / KEY).read_bytes()
        except OSError:
            key = b""
    if len(key) != 32:
        raise AccessDenied("ledger.no-cohort-key", file=KEY)
    return lambda data: keyed_digest(key, data)


def declare(
    store: Store,
    writer: Writer,
    account: str,
    cohort: str,
    patients: Iterable[str],
    digest: Keyed,
    *,
    overlaps: Collection[str],
) -> None:
    """Make `patients` members of `cohort`; who is one already stays one. Writes nothing where nobody is new.

    Raises:
        InvalidInput: an empty list or id, a name that cannot be, one cohort too many, overlaps that are no cohorts
            or not those of the first declaration, or a patient of a cohort that is not among them.
        AccessDenied: another key than the one that earlier cohorts were declared with.
    """
    if not cohort.strip() or not cohort.isprintable():
        raise InvalidInput("ledger.cohort-name")
    ids = set(patients)
    if not ids or not all(each.strip() for each in ids):
        raise InvalidInput("ledger.cohort-empty")
    check = verify_key(store, account, digest)
    names = {entry.body["cohort"] for entry in store.all(kind="cohort", account=account)}
    if len(names | {cohort}) > MOST:
        raise InvalidInput("ledger.cohorts-too-many", account=account, most=MOST)
    pairs = _overlaps_with(store, account, cohort, overlaps, first=cohort not in names)
    new = {digest_of(digest, account, each) for each in ids}
    if new <= store.members(account, cohort):
        return
    writer.add_members(account, cohort, new, overlaps=near(cohort, pairs))
    salt = os.urandom(16)
    body = {
        "kind": "cohort",
        "account": account,
        "cohort": cohort,
        "key": key_of(account, cohort),
        "key_check": check,
        "salt": salt.hex(),
        "commitment": commitment(salt, store.members(account, cohort)),
    }
    writer.append(body | ({"overlaps": [list(pair) for pair in sorted(pairs)]} if pairs else {}))


def _overlaps_with(
    store: Store, account: str, cohort: str, overlaps: Collection[str], *, first: bool
) -> Overlaps:
    """Return which cohorts of `account` may share patients, `cohort` among them.

    Said by people when the later cohort of a pair is first declared, and never found out from the members: the sums
    depend on it, and nothing that depends on who is a patient may decide what is admitted.
    """
    pairs = overlaps_of(store, account)
    if not first:
        if not set(overlaps) <= near(cohort, pairs):
            raise InvalidInput("ledger.cohort-differs", account=account, cohort=cohort)
        return pairs
    for other in overlaps:
        verify_declared(store, account, other)
    return pairs | {pair_of(cohort, other) for other in overlaps}


def overlaps_of(store: Store, account: str) -> Overlaps:
    """Return the pairs of cohorts of `account` that were declared as sharing patients."""
    return overlaps_in(store.last(kind="cohort", account=account))


def overlaps_in(entry: Entry | None) -> Overlaps:
    """Return the pairs that a declaration states: all of the account's, up to it; without one there are none."""
    return frozenset((one, other) for one, other in ([] if entry is None else entry.body.get("overlaps", [])))


def membership(store: Store, account: str, cohort: str, digest: Keyed) -> Callable[[str], bool]:
    """Return what says of an id whether this patient is in `cohort`.

    Raises:
        InvalidInput: no such cohort.
        AccessDenied: another key than the one it was declared with.
    """
    verify_declared(store, account, cohort)
    verify_key(store, account, digest)
    members = store.members(account, cohort)
    return lambda patient: digest_of(digest, account, patient) in members


def verify_declared(store: Store, account: str, cohort: str) -> Entry:
    """Return the newest declaration of a cohort; raise InvalidInput where `account` has none of this name."""
    entry = store.last(kind="cohort", key=key_of(account, cohort))
    if entry is None:
        raise InvalidInput("ledger.no-cohort", account=account, cohort=cohort)
    return entry


def verify_key(store: Store, account: str, digest: Keyed) -> str:
    """Return what tells this key from others; refuse another one than `account`'s cohorts were declared with.

    With another key a patient would look like somebody else, and could be in two cohorts.
    """
    check = digest(_CHECK).hex()
    there = store.last(kind="cohort", account=account)
    if there is not None and there.body["key_check"] != check:
        raise AccessDenied("ledger.other-cohort-key", account=account)
    return check


def key_of(account: str, cohort: str) -> str:
    """Return the `key` under which the entries of a cohort are found."""
    return hashlib.sha256(canonical(["cohort", account, cohort]).encode()).hexdigest()


def commitment(salt: bytes, members: Iterable[bytes]) -> str:
    """Return what binds the ledger to the members of a cohort, and tells nothing of them, nor how many."""
    return hashlib.sha256(b"confide cohort\0" + salt + b"".join(sorted(members))).hexdigest()


def digest_of(digest: Keyed, account: str, patient: str) -> bytes:
    """Return what stands for a patient among the members of `account`; it says nothing without the key."""
    written = unicodedata.normalize("NFKC", patient).strip()  # as `confide.records.patients` reads ids
    return digest(b"confide cohort 1\0" + canonical([account, written]).encode())


def _make(path: Path) -> None:
    """Make the key where there is none, readable by its owner alone, durable before it is used."""
    with alone(path):
        if not path.exists():
            put(path, os.urandom(32), mode=0o600)
            sync_folder(path.parent)
