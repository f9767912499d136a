"""The steps of a joint table: the custodian makes a key, sites send, the hub adds, the custodian opens.

Guarantee: a site pays at its own ledger before its noise is drawn, encrypts for the custodian that the file names alone,
and sends the same bytes however often it is asked. The custodian opens one total of all sites, sent by the hub, under one
key, and counts it first. What a hub or custodian that breaks this could see: `docs/encrypted.md`.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from confide.encrypted.statistics import Columns, SiteStatistics, sealed_of
from confide.encrypted.sums import Custodian, Pair, add_sealed, new_pair
from confide.engines.polars import category_places, patient_codes, read_numbers
from confide.errors import AccessDenied, InvalidInput
from confide.ledger.home import home
from confide.ledger.ledger import Ledger, now
from confide.study.cohort import members_of
from confide.study.encrypted import counted_in, decrypted_under
from confide.study.joint_file import Joint, PartySection
from confide.study.letters import read_letter, write_letter
from confide.study.plans import all_plans, grant
from confide.study.sources import read_records, seal_sources
from confide.study.workplace import Workplace, only_run
from confide.types import Json
from confide.vault.boxes import signing_key
from confide.vault.vault import Vault

_KEYS, _LENGTH = "encrypted", 4  # bytes of the length that stands before the secret half


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """What a site has sent; public."""

    site: str
    epsilon: float
    left: float  # of the study's allowance
    replayed: bool  # it was paid for and sent before
    file: str


def make_key(vault: Vault, joint: Joint, target: Path) -> str:
    """Make the custodian's key for one file, keep it sealed, write its public half; return the key's name.

    Asked again it writes the same key, as sites may have used it.

    Raises:
        AccessDenied: this institution is not the custodian.
        InvalidInput: `target` exists.
    """
    _verify_is(vault, joint.custodian)
    folder = home() / _KEYS
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with only_run(folder):
        if not (kept := _kept(joint)).exists():
            secret, public = new_pair(joint.plan(b"").form())
            vault.seal_bytes(len(secret).to_bytes(_LENGTH, "little") + secret + public, kept)
    _, public = _pair(vault, joint)
    write_letter(target, "key", joint.digest(), public, signing_key(vault))
    return hashlib.sha256(public).hexdigest()


def contribute(place: Workplace, joint: Joint, source: str, key: Path, target: Path) -> Sent:
    """Add up a table of this site, pay, add its share of the noise, and write the encrypted sums for the hub.

    Guarantee: who opted out is not in it; a patient counts once, whatever the number of rows (`columns_of`). The charge is
    durable before noise is drawn; asked again, the bytes that were paid for are written, and nothing more is spent.

    Args:
        place: the opened study of this site, whose account pays.
        joint: what all agreed on.
        source: of the study: the table.
        key: the letter of the custodian.
        target: a new file.

    Raises:
        AccessDenied: this institution is no site of the file, or the key is of somebody else than its custodian.
        InvalidInput: no such table or column, the last day is over, other data than were paid for, or `target` exists.
        BudgetExceeded: account or allowance cannot pay; nothing was spent.
    """
    study, ledger, vault = place.study, place.ledger, place.vault
    site = _site_of(vault, joint)
    about = joint.digest()
    _, public = read_letter(key, "key", about, [joint.custodian.key])
    plan = joint.plan(public)
    if target.exists():
        raise InvalidInput("encrypted.exists")
    if now()[:10] > joint.table.expires:
        raise InvalidInput("encrypted.expired", day=joint.table.expires)
    name, account = study.study.name, study.account
    left, _ = ledger.price(
        [*all_plans(study), plan], study=name, account=account.name, epsilon=account.epsilon,
        delta=account.delta, cohort=account.cohort,
    )  # fmt: skip
    data, commitment = _data(place, joint, plan, source)
    grant(study, ledger)
    release, replayed = ledger.run(
        plan, data, study=name, account=account.name, commitment=commitment, cohort=account.cohort
    )
    write_letter(target, "upload", about, sealed_of(release), signing_key(vault))
    return Sent(site=site.name, epsilon=joint.table.epsilon, left=left, replayed=replayed, file=str(target))


def add(vault: Vault, joint: Joint, uploads: list[Path], target: Path) -> list[str]:
    """Add the uploads of all sites, the hub's part, and write the total; return the names of the sites.

    Guarantee: each site of the file is in it once, by its own signature; nothing is decrypted, no key is here.

    Raises:
        AccessDenied: this institution is not the hub, or an upload is of nobody who takes part.
        InvalidInput: a site is missing or there twice, or an upload is damaged.
    """
    _verify_is(vault, joint.hub)
    about, names = joint.digest(), {site.key: site.name for site in joint.site}
    found: dict[str, bytes] = {}
    for upload in uploads:
        sender, content = read_letter(upload, "upload", about, names)
        if sender in found:
            raise InvalidInput("encrypted.twice")
        found[sender] = content
    if missing := [name for key, name in names.items() if key not in found]:
        raise InvalidInput("encrypted.missing-sites", sites=", ".join(missing))
    total = add_sealed(joint.plan(b"").form(), found.values())
    write_letter(target, "total", about, total, signing_key(vault))
    return list(names.values())


def open_total(vault: Vault, ledger: Ledger, joint: Joint, total: Path) -> Json:
    """Open the hub's total, the custodian's part, and return the table.

    Guarantee: under one key one total is opened, ever, and the ledger says so before it is; the same one may be opened
    again, which tells nothing new.

    Raises:
        AccessDenied: this institution is not the custodian, the hub did not send it, or another total was opened.
        InvalidInput: it is no total of all sites of this file, or the key was never made here.
    """
    _verify_is(vault, joint.custodian)
    about = joint.digest()
    _, content = read_letter(total, "total", about, [joint.hub.key])
    opened = hashlib.sha256(content).hexdigest()
    if not _kept(joint).exists():
        raise InvalidInput("encrypted.no-joint-key")
    form = joint.plan(b"").form()
    count = counted_in(ledger, study=None, form_digest=form.digest().hex(), opened=opened)
    custodian = Custodian(form, pair=_pair(vault, joint), count=count)
    with only_run(home() / _KEYS):
        if any(before != opened for before, _ in decrypted_under(ledger, custodian.key_name)):
            raise AccessDenied("encrypted.opened-other")
        found = custodian.open(content)
    plan = joint.plan(custodian.public_key())
    return {
        "name": joint.study.name, "digest": about, "sites": [site.name for site in joint.site], "status": "dp",
        "epsilon": joint.table.epsilon, "delta": joint.table.delta, "honest": joint.table.honest, **plan.read(found),
    }  # fmt: skip


def columns_of(plan: SiteStatistics, frame: pl.DataFrame) -> Columns:
    """Return one value a patient: the mean of the numbers in their rows; of categories the one in most of them.

    Guarantee: what a patient becomes depends on that patient's rows and the plan alone. Rows of nobody are left out;
    of categories that stand in equally many rows the first on the plan's list counts, and none where none is listed.
    """
    codes = patient_codes(frame["_patient"])
    rows = np.flatnonzero(codes >= 0)
    patients, own = np.unique(codes[rows], return_inverse=True)
    found: dict[str, np.ndarray] = {}
    for each in plan.measured:
        values = read_numbers(frame[each.column])[rows]
        there = np.isfinite(values)
        held = np.clip(np.where(there, values, 0.0), each.low, each.high) * there
        total, many = (np.bincount(own, weights, minlength=len(patients)) for weights in (held, there))
        found[each.column] = np.where(many > 0, total / np.maximum(many, 1), np.nan)
    for group in plan.grouped:
        places = category_places(frame[group.column], group.categories)(slice(None))[rows]
        counts = np.zeros((len(patients), len(group.categories)), dtype=np.int64)
        np.add.at(counts, (own[places >= 0], places[places >= 0]), 1)
        most = counts.argmax(axis=1)
        names = np.array([*group.categories, ""], dtype=object)
        found[group.column] = names[np.where(counts.any(axis=1), most, len(group.categories))]
    return found


def _data(place: Workplace, joint: Joint, plan: SiteStatistics, source: str) -> tuple[Columns, str]:
    """Read the table as every study reads one; return its patients and the commitment to what was read."""
    study, wanted = place.study, joint.columns()
    if source not in (tables := study.held("table")):
        raise InvalidInput("encrypted.no-source", known=", ".join(tables) or "-")
    if study.patient.unit != "patient":
        raise InvalidInput("encrypted.unit-row")
    seal_sources(study, place.vault)
    members = members_of(study, place.ledger)
    records = read_records(study, place.vault, members=members, columns={source: wanted})
    frame = records.units[source]
    if missing := sorted(wanted - set(frame.columns)):
        raise InvalidInput("encrypted.no-columns", columns=", ".join(missing))
    return columns_of(plan, frame), records.commitments[source]


def _site_of(vault: Vault, joint: Joint) -> PartySection:
    own = signing_key(vault).public
    for site in joint.site:
        if site.key == own:
            return site
    raise AccessDenied("encrypted.not-a-site")


def _verify_is(vault: Vault, party: PartySection) -> None:
    if signing_key(vault).public != party.key:
        raise AccessDenied("encrypted.other-party", name=party.name)


def _kept(joint: Joint) -> Path:
    return home() / _KEYS / f"{joint.digest()[:32]}.sealed"


def _pair(vault: Vault, joint: Joint) -> Pair:
    kept = vault.read(_kept(joint))
    length = int.from_bytes(kept[:_LENGTH], "little")
    return kept[_LENGTH : _LENGTH + length], kept[_LENGTH + length :]
