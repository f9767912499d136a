"""Where encrypted questions meet the ledger: what is asked about whom, and every decryption of a key.

Guarantee: a decryption is on record before it happens, under the name of its key, so a key's use can be read off the
ledger after a crash too; answers about patients that a model outside gave are an entry of kind *not private* of their
account (promise 6). Records are read as a study reads them: sealed, under consent and crosswalk, in memory only.
"""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from confide.encrypted.client import Client
from confide.encrypted.form import Form
from confide.encrypted.lift import Floats
from confide.encrypted.messages import Count
from confide.encrypted.remote import Remote
from confide.engines.polars import read_numbers
from confide.errors import InvalidInput
from confide.ledger.accounts import allowance, opening, verify_in_force
from confide.ledger.ledger import Ledger
from confide.study.cohort import members_of
from confide.study.plans import grant
from confide.study.sources import read_records, seal_sources
from confide.study.workplace import Workplace
from confide.vault.durable import placing

DECRYPTION = "encrypted-decryption"
Ask = Callable[[Client, Floats], Floats]  # sends a client's request for these records, returns the answers


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What a question came to; public."""

    model: str
    records: int
    decrypted: int  # ciphertexts
    key: str
    error: float
    file: str


def counted_in(ledger: Ledger, *, study: str | None, form_digest: str, opened: str = "") -> Count:
    """Return what a `Client` or a `Custodian` tells of every decryption: it becomes an entry.

    Args:
        ledger: the institution's.
        study: it belongs to, if any.
        form_digest: of what is decrypted, as hex.
        opened: digest of the one message that is opened, where it is kept.
    """

    def count(key: str, ciphertexts: int) -> None:
        details = {"key": key, "form": form_digest, "ciphertexts": ciphertexts}
        ledger.record(DECRYPTION, study=study, details=details | ({"opened": opened} if opened else {}))

    return count


def decrypted_under(ledger: Ledger, key: str) -> list[tuple[str, int]]:
    """Return every decryption under the key of this name: what was opened, if kept, and how many ciphertexts."""
    told = (entry.body for entry in ledger.store.all(kind="record"))
    return [
        (body["details"].get("opened", ""), body["details"]["ciphertexts"])
        for body in told
        if body["what"] == DECRYPTION and body["details"].get("key") == key
    ]


def ask_model(
    ledger: Ledger,
    form: Form,
    rows: Floats,
    ask: Ask,
    *,
    study: str,
    account: str,
    enroll: Callable[[Client], None],
    commitment: str = "",
) -> Floats:
    """Ask an owner's model about patients of an account, under a new key, and return what it says.

    Guarantee: before the first answer is opened the ledger says that answers of this model about patients of this
    account exist, and how many ciphertexts were decrypted under which key.

    Args:
        rows: shape (records, features).
        ask: sends and reads, such as `Remote.ask`.
        study, account: who asks, about whose patients; the account exists.
        enroll: hands the new public key to the owner, such as `Remote.enroll`.
        commitment: keyed digest of the records, as hex.

    Raises:
        InvalidInput: there is no such account; nothing was sent.
    """
    opening(ledger.store, account)
    client = Client(form, count=counted_in(ledger, study=study, form_digest=form.digest().hex()))
    enroll(client)
    ledger.note_not_private(
        f"answers of encrypted model {form.name}", study=study, account=account, commitment=commitment
    )
    return client.predict(ask(client, rows))


def ask_source(place: Workplace, remote: Remote, source: str, target: Path) -> Asked:
    """Ask an owner's service about every record of a table of the study, and write what it says.

    Guarantee: opted-out patients are in no request; the study holds an allowance of its account that has not expired,
    and all that `ask_model` writes down is durable first. The answers, which are identified, are readable by their
    owner alone.

    Args:
        place: the opened study, whose ledger keeps the account.
        remote: the owner's service.
        source: name of the table; it has the features of the form as columns of numbers.
        target: a new CSV file: the patient's id, then one column an output.

    Raises:
        InvalidInput: no such table or column, a value outside the form's ranges, or `target` exists; nothing was sent.
        AccessDenied: the owner refuses; what was decrypted before stays counted.
        BudgetExceeded: the study's last day is over.
    """
    study, ledger, form = place.study, place.ledger, remote.form()
    if source not in (tables := study.held("table")):
        raise InvalidInput("encrypted.no-source", known=", ".join(tables) or "-")
    if target.exists():
        raise InvalidInput("encrypted.exists")
    seal_sources(study, place.vault)
    records = read_records(
        study, place.vault, members=members_of(study, ledger), columns={source: set(form.features)}
    )
    frame = records.tables[source]
    for feature in form.features:
        if feature not in frame.columns:
            raise InvalidInput("encrypted.no-column", feature=feature)
    rows = np.column_stack([read_numbers(frame[feature]) for feature in form.features])
    form.encode(rows)  # refuses before anything is sent or written down
    grant(study, ledger)
    name, account = study.study.name, study.account.name
    verify_in_force(allowance(ledger.store, account, name), at=ledger.store.time())
    used: list[Client] = []

    def ask(client: Client, some: Floats) -> Floats:
        used.append(client)
        return remote.ask(client, some)

    said = ask_model(
        ledger, form, rows, ask, study=name, account=account, enroll=remote.enroll,
        commitment=records.commitments[source],
    )  # fmt: skip
    outputs = [form.name] if said.shape[1] < len(form.outputs) else list(form.outputs)
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow([study.patient.id, *outputs])
    for patient, values in zip(frame["_patient"].cast(pl.String).to_list(), said.tolist(), strict=True):
        lines.writerow([patient, *(f"{value:.6g}" for value in values)])
    with placing(target, replace=False) as file:
        file.write(text.getvalue().encode())
    decrypted = sum(ciphertexts for _, ciphertexts in decrypted_under(ledger, used[0].key_name))
    return Asked(model=form.name, records=len(rows), decrypted=decrypted, key=used[0].key_name,
                 error=form.error, file=str(target))  # fmt: skip
