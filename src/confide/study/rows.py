"""De-identify what leaves row by row: notes patient by patient, tables column by column.

Guarantee: a patient's own structured fields, over all sources, are known values in all of that patient's
notes; a document that is held is not among the outputs. Doubtful spans go to the sealed queue only, also where
they block the run; what people decided on them is carried out.
"""

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import polars as pl

from confide.audit.bytesearch import SOLE
from confide.deid.deidentify import Deidentifier, DeidNote
from confide.deid.review import ReviewItem, queue_to_bytes, refuse_if_blocked, undecided
from confide.deid.site import SiteList
from confide.records.notes import PATIENT, Note
from confide.records.section import SourceSection
from confide.stats.keys import listed as listed_keys
from confide.study.config import Study
from confide.study.decisions import counts_of, read_decisions, rulings_of
from confide.study.index import QUEUE
from confide.study.outgoing import Output
from confide.study.sources import Records, sealed_folder
from confide.study.tokens import status_of, with_tokens
from confide.types import Json, Progress, Status, no_progress
from confide.vault.pseudonyms import study_key
from confide.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Rows:
    """What de-identification brought. Patient data: never printed."""

    outputs: list[Output] = field(repr=False)
    tables: dict[str, pl.DataFrame] = field(repr=False)
    known: dict[str, dict[str, tuple[str, ...]]] = field(repr=False)
    figures: Json | None
    open_reviews: int


def known_values(study: Study, records: Records) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return patient -> class -> values: the patient's ids, and the identifier columns of all sources."""
    found: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    everyone = {note.patient for notes in records.notes.values() for note in notes}
    frames = records.tables | {name: images.frame for name, images in records.images.items()}
    for patient in everyone.union(*(frame["_patient"].to_list() for frame in frames.values())):
        found[patient]["record-number"] = dict.fromkeys((patient, *records.ids.get(patient, ())))
    for source in study.source:
        if source.holds == "notes":
            for note in records.notes[source.name]:
                for column, kind in identifiers_of(study, source).items():
                    if (value := note.fields.get(column, "")).strip():
                        found[note.patient][kind][value] = None
            continue
        if source.pieces:  # `confide.study.pieces` searches for its ids
            continue
        frame = frames[source.name]
        for column, kind in identifiers_of(study, source).items():
            if column not in frame.columns:  # images of rows that are protected each by itself
                continue
            pairs = (
                frame.select("_patient", pl.col(column).cast(pl.String))
                .drop_nulls()
                .unique(maintain_order=True)
            )
            for patient, value in pairs.iter_rows():
                if value.strip():
                    found[patient][kind][value] = None
    return {patient: {kind: tuple(v) for kind, v in kinds.items()} for patient, kinds in found.items()}


def identifiers_of(study: Study, source: SourceSection) -> dict[str, str]:
    """Return the identifying columns of a source: those it names, and those of the patient's and record's id."""
    patient = PATIENT if source.is_folder_of_texts else source.patient or study.patient.id
    ids = [column for column in (patient, source.id) if column is not None]
    return dict.fromkeys(ids, "record-number") | source.identifiers


def deidentify(
    study: Study,
    records: Records,
    vault: Vault,
    *,
    today: date,
    site: SiteList | None = None,
    progress: Progress = no_progress,
) -> Rows:
    """De-identify the sources that leave, seal the queue of doubtful spans, and return what would leave.

    `today` decides who is 90 where a patient's records name no later day; the same for every run of a study.
    `site` is what an earlier study taught (`confide.study.sites`).
    """
    known = known_values(study, records)
    decisions = read_decisions(vault, sealed_folder(study) / QUEUE)
    rulings = rulings_of(decisions)
    if study.deid is None or not study.leaving:
        return Rows([], {}, known, None, 0)
    deid = Deidentifier(
        policy=policy_of(study.folder, study.deid.policy),
        key=study_key(vault, study.study.name),
        language=study.study.language,
        review="hold" if study.deid.review == "hold" else "mask",  # "block": below, once the queue is sealed
        rulings=rulings,
        site=site,
        today=today,
        taken=(value for kinds in known.values() for kind in SOLE & kinds.keys() for value in kinds[kind]),
    )
    status = deid.policy.status
    outputs: list[Output] = []
    tables: dict[str, pl.DataFrame] = {}
    spans: Counter[str] = Counter()
    layers: Counter[str] = Counter()
    queue: list[ReviewItem] = []
    documents = held = 0
    total = sum(len(records.notes.get(name, ())) for name in study.leaving)
    for name in study.leaving:
        section = study.source_named(name)
        if section.holds == "notes":
            leaving: list[tuple[str, DeidNote]] = []
            groups = _by_patient(records.notes[name])
            asked = ((notes, known.get(patient, {})) for patient, notes in groups.items())
            done = deid.patients(asked, identifiers=identifiers_of(study, section))
            for patient, cleaned in zip(groups, done, strict=True):
                for note in cleaned:
                    documents += 1
                    held += note.held
                    queue += [replace(item, source=name) for item in note.review]
                    found = (*note.spans, *note.field_spans)
                    spans.update(span.type for span in found)
                    layers.update(span.found_by.partition(":")[0] for span in found)
                    if not note.held:
                        leaving.append((patient, note))
                progress(documents, total)
            outputs.append(
                Output(
                    file=f"notes/{name}.jsonl",
                    kind="notes",
                    status=status,
                    rows=len(leaving),
                    records=_in_order_of_pseudonyms(leaving),
                )
            )
        else:
            frame = records.tables[name]
            identifiers = identifiers_of(study, section)
            texts = _free_text(study, frame, identifiers)
            clean, doubtful = deid.table_with_review(frame.drop("_file", strict=False), identifiers, texts)
            queue += [replace(item, source=name) for item in doubtful]
            tables[name] = clean = with_tokens(study, vault, name, frame, clean)
            ours = status_of(study, name, status)
            outputs.append(_table_output(name, clean, frame["_patient"].to_list(), ours))
    if queue or (sealed_folder(study) / QUEUE).exists():
        vault.seal_bytes(queue_to_bytes(queue), sealed_folder(study) / QUEUE)
    open_items = undecided(queue, rulings)
    refuse_if_blocked(study.deid.review, open_items)
    counts = counts_of(queue, decisions)
    figures: Json = {
        "policy": study.deid.policy,
        "review": study.deid.review,
        "documents": documents,
        "held": held,
        "doubtful": len(queue),
        "undecided": len(open_items),
        "accepted": counts["accept"],
        "rejected": counts["reject"],
        "spans": dict(sorted(spans.items())),
        "found_by": dict(sorted(layers.items())),
        "dates": "shift" if deid.policy.shift_days else "year",
        "sources": list(study.leaving),
    }
    if study.deid.review != "hold":  # doubt is masked; only what a second person was asked about is open
        open_items = [item for item in open_items if item.mark in decisions]
    waiting = len({(item.source, item.document) for item in open_items})
    return Rows(outputs, tables, known, figures, waiting)


def policy_of(folder: Path, policy: str) -> str:
    """Return the policy by its name, or the path of its file, which is relative to the study file."""
    return str(folder / policy) if policy.endswith(".toml") else policy


def _by_patient(notes: Sequence[Note]) -> Mapping[str, list[Note]]:
    groups: dict[str, list[Note]] = defaultdict(list)
    for note in notes:
        groups[note.patient].append(note)
    return groups


def _in_order_of_pseudonyms(notes: list[tuple[str, DeidNote]]) -> list[tuple[str | None, bytes]]:
    """Return the lines that leave; the order of the source would tell who came before whom."""
    return [(patient, _line(note)) for patient, note in sorted(notes, key=lambda pair: pair[1].patient)]


def _line(note: DeidNote) -> bytes:
    ours = {"id": note.release_id, "patient": note.patient, "text": note.text}
    fields = {**ours, **note.fields, **ours}  # a column of the same name never stands in place of a pseudonym
    return json.dumps(fields, ensure_ascii=False).encode() + b"\n"


def _free_text(study: Study, frame: pl.DataFrame, identifiers: Mapping[str, str]) -> list[str]:
    """Return the text columns of a table that nobody declared: neither identifying nor public categories.

    A column of [[stats]] is declared only as far as its cells are: with a cell outside the list it is text.
    """
    declared = {*identifiers, *(study.risk.quasi_identifiers if study.risk else ())}
    for section in study.stats:
        for column, listed in listed_keys(section.by).items():
            if column in frame.columns and set(frame[column].drop_nulls().unique()) <= set(map(str, listed)):
                declared.add(column)
    texts = (column for column, kind in frame.schema.items() if kind == pl.String)
    return [column for column in texts if column not in declared and not column.startswith("_")]


def _table_output(name: str, clean: pl.DataFrame, patients: list[str], status: Status) -> Output:
    if clean.height != len(patients):
        raise ValueError("de-identification keeps every row of a table")
    rows = zip(clean["_patient"], patients, clean.iter_rows(), strict=True)
    ordered = sorted(rows, key=lambda row: row[0])  # by pseudonym: the order of the source would tell ranks
    records: list[tuple[str | None, bytes]] = [(None, _csv_line(clean.columns))]
    records += [(patient, _csv_line(row)) for _, patient, row in ordered]
    return Output(file=f"tables/{name}.csv", kind="table", status=status, rows=clean.height, records=records)


def _csv_line(cells: Sequence[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow("" if cell is None else cell for cell in cells)
    return text.getvalue().encode()
