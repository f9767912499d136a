"""Say who stands behind pseudonyms or tokens: two people approve it, the ledger says why, one file holds the ids.

Guarantee: without roles and the signatures of two who hold `re-identify` nothing is looked up for anybody to see; an
approval shows the very pseudonyms and the purpose, and counts once; the ledger holds both before the ids are
written, and never an id. Nothing is stored that leads back: the pseudonyms are made again from the sealed files.
What this cannot hinder: whoever opens the vault could do the same with a program of their own (`docs/pseudonyms.md`).
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from confide.errors import AccessDenied, InvalidInput
from confide.ledger.ledger import now
from confide.ledger.requests import new_request, parts
from confide.ledger.requests import verify_request as verify_approved
from confide.records.tables import read_cells
from confide.study.approvals import use_up
from confide.study.handed import crosswalk_of, pieces_of
from confide.study.tokens import column_of
from confide.study.whose import rows_of
from confide.study.workplace import Workplace
from confide.types import Json
from confide.vault.columns import Tokens
from confide.vault.durable import placing
from confide.vault.handover import Shape, shaped, verify_text
from confide.vault.pseudonyms import PATIENT, Pseudonyms

KIND, REVEALED = "re-identify", "re-identification"
_TOKEN = re.compile(r"[0-9A-Za-z=+/_-]{1,400}")
MOST = 100  # pseudonyms of one request: more is no question about patients, but a data set
_FIELDS: Shape = {"study": str, "recipient": str, "column": str, "purpose": str, "pseudonyms": list}


@dataclass(frozen=True, kw_only=True, slots=True)
class Revealed:
    """What was revealed; no id is in it."""

    found: int
    purpose: str
    approval: str


def ask_to_reveal(
    place: Workplace,
    pseudonyms: Sequence[str],
    *,
    purpose: str,
    recipient: str | None = None,
    column: str | None = None,
) -> Json:
    """Return a request of kind `re-identify`, to be signed with `confide approve` by two people.

    Args:
        place: the opened study.
        pseudonyms: of patients, such as `P-…`, as the study or the recipient writes them.
        purpose: what the ids are wanted for, in a sentence that names nobody; it will stand in the ledger.
        recipient: whose pseudonyms these are; None for the study's own.
        column: `source/column` if they are tokens of a column that left; its `[[token]]` names the recipient.

    Raises:
        InvalidInput: no pseudonyms, too many, of nobody here; no such column; or the purpose names somebody.
    """
    verify_text(purpose, "purpose")
    wanted = sorted(set(pseudonyms))
    _verify_form(wanted, column or "")
    fields = {
        "study": place.study.study.name, "recipient": recipient or "", "column": column or "", "purpose": purpose,
        "pseudonyms": wanted,
    }  # fmt: skip
    ids, known = set(_behind(place, fields).values()), crosswalk_of(place).ids_of()
    if any(_names(purpose, each) for each in ids.union(*(known.get(one, ()) for one in ids))):
        raise InvalidInput("reveal.purpose-names")
    return new_request(KIND, fields, place.ledger)


def reveal_patients(place: Workplace, request: Json, target: Path) -> Revealed:
    """Write the ids of the patients behind the pseudonyms of an approved request to a new file.

    Guarantee: the approval and the purpose are in the ledger before `target` is there; stopped in between, the
    same call finishes. The file is readable by its owner only.

    Args:
        place: the opened study.
        request: from `ask_to_reveal`, with two signatures.
        target: a table of pseudonym and patient.

    Raises:
        AccessDenied: no roles were founded, too few signed, or it is no request about this study.
        InvalidInput: expired or used; a pseudonym of nobody here; or `target` exists.
    """
    asked, _ = parts(request)
    fields = _verified(place, asked)
    roster = place.ledger.roster()
    if not roster:
        raise AccessDenied("reveal.no-roles")
    verify_approved(request, ledger=place.ledger.id, roster=roster, at=now())
    if target.exists():
        raise InvalidInput("vault.taken", file=target.name)
    found = _behind(place, fields)
    approval = use_up(place, request)
    told = {name: value for name, value in fields.items() if name != "study"} | {"approval": approval}
    place.ledger.record(REVEALED, study=fields["study"], details=told | {"state": "begun"})
    with placing(target, replace=False) as out:
        out.write(_table(found))
    place.ledger.record(REVEALED, study=fields["study"], details=told | {"state": "done"})
    return Revealed(found=len(found), purpose=fields["purpose"], approval=approval)


def _verified(place: Workplace, asked: Json) -> Json:
    """Return the fields of a request about this study; any other program could have written them."""
    try:
        fields = shaped(asked["fields"], _FIELDS)
        _verify_form(fields["pseudonyms"], fields["column"])
    except InvalidInput:
        fields = {}
    if asked["kind"] != KIND or fields.get("study") != place.study.study.name:
        raise AccessDenied("reveal.other-request")
    return fields


def _verify_form(pseudonyms: Sequence[object], column: str) -> None:
    """Refuse what is no pseudonym of a patient or, where a column is named, no text of one line."""
    form = _TOKEN if column else PATIENT
    fit = [each for each in pseudonyms if isinstance(each, str) and form.fullmatch(each)]
    if not 0 < len(fit) == len(pseudonyms) <= MOST:
        raise InvalidInput("reveal.form", most=MOST)


def _behind(place: Workplace, fields: Json) -> dict[str, str]:
    """Return pseudonym -> patient, or token -> value; one of nobody in the study's sealed files is refused."""
    wanted = set(fields["pseudonyms"])
    look = _behind_tokens if fields["column"] else _behind_pseudonyms
    found = {made: who for made, who in look(place, fields) if made in wanted}
    if len(found) < len(wanted):
        raise InvalidInput("reveal.nobody", count=len(wanted) - len(found))
    return found


def _behind_pseudonyms(place: Workplace, fields: Json) -> Iterator[tuple[str, str]]:
    """Yield the pseudonym of every patient of the study."""
    study, vault, crosswalk = place.study, place.vault, crosswalk_of(place)
    pseudonyms = Pseudonyms.for_study(vault, study.study.name, fields["recipient"] or None)
    patients: set[str] = set()

    def look(identifier: str) -> bool:
        patients.add(crosswalk.patient_of(identifier))
        return False

    for piece in pieces_of(place, [source.name for source in study.source]):
        rows_of(study, piece.source, piece.name, vault.read(piece.path), look)
    for patient in patients:
        yield pseudonyms.patient(patient), patient


def _behind_tokens(place: Workplace, fields: Json) -> Iterator[tuple[str, str]]:
    """Yield the token of every value of a column: what was erased is not found, though its token could be undone."""
    study, vault = place.study, place.vault
    known = {f"{each.source}/{each.column}": each for each in study.token}
    section = known.get(fields["column"])
    if section is None or fields["recipient"] not in ("", section.recipient):
        raise InvalidInput("reveal.column", known=", ".join(known) or "-")
    tokens, source = Tokens(vault, column_of(study, section)), study.source_named(section.source)
    for piece in pieces_of(place, [section.source]):
        cells = read_cells(vault.read(piece.path), piece.name, source.encoding)
        values = cells[section.column].drop_nulls().unique().cast(pl.String).to_list()
        yield from zip(tokens.replace(values), values, strict=True)


def _names(purpose: str, identifier: str) -> bool:
    """Say whether a sentence holds an id as a word of its own."""
    text = unicodedata.normalize("NFKC", purpose)
    return re.search(rf"(?<!\w){re.escape(identifier)}(?!\w)", text, re.IGNORECASE) is not None


def _table(found: dict[str, str]) -> bytes:
    text = io.StringIO()
    rows: Iterable[Sequence[str]] = sorted(found.items())
    csv.writer(text, lineterminator="\n").writerows([("pseudonym", "patient"), *rows])
    return text.getvalue().encode()
