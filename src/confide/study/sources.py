"""Seal the originals of a study, and read the records back from the sealed copies.

Guarantee: after `seal_sources` every original has a sealed copy that was read back; the originals are
neither altered nor deleted, but by `remove_originals`, which first reads each sealed copy back. Records
are only ever read from sealed copies, into memory. Names of sealed files say nothing: the names of the
originals, which may hold patient ids, are in the sealed index.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from confide.engines.polars import read_text
from confide.errors import ConfideError, IntegrityError, InvalidInput
from confide.records.images import Images, load_images
from confide.records.load import load_source
from confide.records.notes import Note
from confide.records.patients import read_crosswalk, read_id_list, refuse_two_patients_across
from confide.records.section import SourceSection
from confide.stats.pieces import Pieces
from confide.study.cohort import Members, keep_images, keep_members, verify_whole
from confide.study.config import FILE, Study
from confide.study.databases import due, read_rows
from confide.study.images import pixel_texts
from confide.study.index import LISTS, Index, read_index, write_index
from confide.study.keys_section import RECOVERY_KEY
from confide.study.pieces import Opened, Streamed, Whose, parts_of, streamed
from confide.study.plans import columns_of_plans
from confide.study.whose import gone_by, refuse_erased
from confide.tasks.notes import PATIENT, TEXT
from confide.types import Json, Progress, no_progress
from confide.vault.durable import reading
from confide.vault.vault import Vault

_OURS = (
    FILE,
    "sealed",
    "outgoing",
    ".outgoing.new",
    ".outgoing.old",
    "dossier",
    "federation",
    "federation.toml",
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What lies sealed; counts and sizes only."""

    files: int
    bytes: int
    plain_originals: int


@dataclass(frozen=True, slots=True)
class Records:
    """The opened records of a study, opt-outs gone. Patient data: never printed.

    `_patient` is the patient in `tables`, and in `units` what the study protects: the same, or each row.
    """

    tables: dict[str, pl.DataFrame]
    units: dict[str, pl.DataFrame]
    notes: dict[str, list[Note]]
    counts: list[Json]
    commitments: dict[str, str]
    ids: dict[str, tuple[str, ...]]  # of patients who have more ids than their own
    images: dict[str, Images]
    streamed: dict[str, Streamed]  # tables that are read in pieces, each time they are asked for

    def table(self, source: str) -> pl.DataFrame | Pieces:
        """Return a table as plans of statistics read it: held whole, or in pieces."""
        return self.streamed[source].pieces if source in self.streamed else self.units[source]

    @property
    def columns(self) -> dict[str, frozenset[str]]:
        """The columns of every source, as plans read them: of notes, those that some note has."""
        found = {name: frozenset(table.columns) for name, table in self.tables.items()}
        found |= {name: frozenset(each.pieces.columns) for name, each in self.streamed.items()}
        found |= {name: frozenset(images.frame.columns) for name, images in self.images.items()}
        for name, notes in self.notes.items():
            found[name] = frozenset({PATIENT, TEXT}.union(*(note.fields for note in notes)))
        return found

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """Height and width of the images of every source of images."""
        return {name: found.pixels.shape[1:] for name, found in self.images.items()}

    def __repr__(self) -> str:
        return (
            f"Records(tables={sorted(self.tables)}, notes={sorted(self.notes)}, images={sorted(self.images)})"
        )


def sealed_folder(study: Study) -> Path:
    """Return where the sealed files of a study lie."""
    return study.folder / "sealed"


def seal_sources(
    study: Study, vault: Vault, *, read_again: bool = False, progress: Progress = no_progress
) -> Sealed:
    """Seal every original that is not sealed yet, and say what lies plain and what lies sealed.

    Of a database, its rows are sealed, once; `read_again` puts its rows of now in their place.

    Raises:
        InvalidInput: a source has no file, neither plain nor sealed; or a list is missing.
    """
    folder = sealed_folder(study)
    folder.mkdir(mode=0o700, exist_ok=True)
    index = read_index(folder, vault)
    plain = list(originals(study, index))
    _refuse_who_was_erased(study, vault, index, plain)
    changed = False
    for done, (source, path) in enumerate(plain):
        name = path.relative_to(study.folder).as_posix()
        target = folder / sealed_name(vault, source, name)
        with _showing(study, source, path):
            sealed = vault.seal(path, target, progress=no_progress)
        if sealed.written or name not in index.files.get(source, {}):
            index.files.setdefault(source, {})[name] = target.name
            index.unread.add((source, name))
            changed = True
        progress(done + 1, len(plain))
    for section in due(study, index, again=read_again):
        data = read_rows(study, section)
        _refuse_rows_of_erased(study, vault, index, section, data)
        target = folder / sealed_name(vault, section.name, section.path)
        vault.seal_bytes(data, target)
        index.files.setdefault(section.name, {})[section.path] = target.name
        index.unread.add((section.name, section.path))
        changed = True
    if changed:
        write_index(index, folder, vault)
    names = [name for files in index.of_study(study).values() for name in files.values()]
    return Sealed(files=len(names), bytes=_sizes(folder, names), plain_originals=len(plain))


def _refuse_who_was_erased(study: Study, vault: Vault, index: Index, plain: list[tuple[str, Path]]) -> None:
    """Refuse originals that would bring an erased patient back, before anything is sealed."""
    if not index.erased:
        return
    gone = gone_by(vault, index.erased)
    for source, path in plain:
        if any(section.name == source and section.pieces for section in study.source):
            continue  # `confide.study.pieces` looks, piece by piece, before a run goes on
        with reading(path) as file:
            refuse_erased(study, source, path.relative_to(study.folder).as_posix(), file.read(), gone)


def _refuse_rows_of_erased(
    study: Study, vault: Vault, index: Index, section: SourceSection, data: bytes
) -> None:
    if index.erased:
        refuse_erased(study, section.name, section.path, data, gone_by(vault, index.erased))


def _sizes(folder: Path, names: list[str]) -> int:
    """Return how many bytes the sealed files have together.

    Raises:
        IntegrityError: one is gone.
    """
    for name in names:
        if not (folder / name).is_file():
            raise IntegrityError("study.sealed-gone", file=name, folder=folder.name)
    return sum((folder / name).stat().st_size for name in names)


def remove_originals(study: Study, vault: Vault) -> int:
    """Delete the plain originals whose sealed copies were read back just now; return how many."""
    folder = sealed_folder(study)
    index = read_index(folder, vault)
    ours = [
        (source, path, sealed)
        for source, path in originals(study, index)
        if (sealed := index.files.get(source, {}).get(path.relative_to(study.folder).as_posix()))
    ]
    index.unread -= {(source, path.relative_to(study.folder).as_posix()) for source, path, _ in ours}
    write_index(index, folder, vault)  # first: from now on the copies count without their originals
    for source, path, sealed in ours:
        with _showing(study, source, path):
            vault.remove_original(path, folder / sealed)
    return len(ours)


@contextmanager
def _showing(study: Study, source: str, path: Path) -> Iterator[None]:
    """Name a text file by the pattern of its source in what is raised: its own name holds a patient id."""
    try:
        yield
    except ConfideError as error:
        sections = [section for section in study.source if section.name == source]
        if error.public.get("file") != path.name or not any(each.is_folder_of_texts for each in sections):
            raise
        raise type(error)(error.code, **{**error.public, "file": sections[0].path}) from None


def read_records(
    study: Study,
    vault: Vault,
    *,
    members: Members | None = None,
    columns: Mapping[str, Set[str]] | None = None,
    progress: Progress = no_progress,
) -> Records:
    """Read all sources from their sealed copies; opted-out patients are gone before anything is looked at.

    So is who is not among `members`, where these are told (`confide.study.cohort`). Columns that a plan reads, and those
    in `columns` of a source, are read cell by cell: no row changes how another is understood.

    Raises:
        InvalidInput: naming file and row, never a value.
    """
    folder = sealed_folder(study)
    index = read_index(folder, vault)
    counted = index.of_study(study)

    gone = gone_by(vault, index.erased)

    def files(source: str) -> list[tuple[str, bytes]]:
        found = [
            (name, vault.read(folder / sealed)) for name, sealed in sorted(counted.get(source, {}).items())
        ]
        for name, data in found if index.erased else ():
            refuse_erased(study, source, name, data, gone)
        return found

    def openers(source: str) -> list[tuple[str, Opened]]:
        names = sorted(counted.get(source, {}).items())
        return [(name, partial(_sealed_reader, vault, folder / sealed)) for name, sealed in names]

    is_gone = gone if index.erased else None
    records = _read(study, vault, files, openers, is_gone, members, progress, columns)
    read = {(source, name) for source, names in counted.items() for name in names}
    if index.unread & read:
        index.unread -= read
        write_index(index, folder, vault)
    return records


def read_originals(
    study: Study, vault: Vault, *, members: Members | None = None, progress: Progress = no_progress
) -> Records:
    """Read all sources as `read_records` will after sealing: plain originals where they are, else sealed copies."""
    folder = sealed_folder(study)
    index = read_index(folder, vault)
    plain: dict[str, dict[str, Path]] = {}
    found = list(originals(study, index))
    _refuse_who_was_erased(study, vault, index, found)
    for source, path in found:
        plain.setdefault(source, {})[path.relative_to(study.folder).as_posix()] = path
    counted = index.of_study(study)
    asked = {section.name: section for section in due(study, index)}

    def content(source: str, name: str) -> bytes:
        if source in asked:
            data = read_rows(study, asked[source])
            _refuse_rows_of_erased(study, vault, index, asked[source], data)
            return data
        if (path := plain.get(source, {}).get(name)) is None:
            return vault.read(folder / counted[source][name])
        with _showing(study, source, path), reading(path) as file:
            return file.read()

    def files(source: str) -> list[tuple[str, bytes]]:
        names = sorted(plain.get(source, {}).keys() | counted.get(source, {}).keys())
        if source in asked:
            names = [asked[source].path]
        return [(name, content(source, name)) for name in names]

    def openers(source: str) -> list[tuple[str, Opened]]:
        here, sealed = plain.get(source, {}), counted.get(source, {})
        return [
            (name, partial(_plain_reader, here[name]) if name in here else partial(_sealed_reader, vault, folder / sealed[name]))
            for name in sorted(here.keys() | sealed.keys())
        ]  # fmt: skip

    gone = gone_by(vault, index.erased) if index.erased else None
    return _read(study, vault, files, openers, gone, members, progress)


@contextmanager
def _plain_reader(path: Path) -> Iterator[BinaryIO]:
    with reading(path) as file, io.BufferedReader(file) as buffered:
        yield buffered


@contextmanager
def _sealed_reader(vault: Vault, path: Path) -> Iterator[BinaryIO]:
    with vault.reader(path) as file, io.BufferedReader(file) as buffered:
        yield buffered


def _read(
    study: Study,
    vault: Vault,
    files: Callable[[str], list[tuple[str, bytes]]],
    openers: Callable[[str], list[tuple[str, Opened]]],
    gone: Members | None,
    members: Members | None,
    progress: Progress,
    columns: Mapping[str, Set[str]] | None = None,
) -> Records:
    """Read crosswalk and consent lists first, then each source under them."""
    lists = dict(files(LISTS))
    patient, consent = study.patient, study.consent
    crosswalk = read_crosswalk(lists[patient.crosswalk], patient.crosswalk) if patient.crosswalk else None
    verify_whole(crosswalk, members)
    optout = read_id_list(lists[consent.optout], consent.optout) if consent.optout else frozenset()
    consented = read_id_list(lists[consent.consented], consent.consented) if consent.consented else None
    tables: dict[str, pl.DataFrame] = {}
    notes: dict[str, list[Note]] = {}
    images: dict[str, Images] = {}
    in_pieces: dict[str, Streamed] = {}
    counts: list[Json] = []
    commitments: dict[str, str] = {}
    for done, source in enumerate(study.source):
        of_lists = [content_digest(vault, data) for data in lists.values()]
        if source.pieces:
            opened = openers(source.name)
            digests = [vault.keyed_digest_of(parts_of(each), "content") for _, each in opened]
            commitments[source.name] = commitment_of(study, vault, source, [*of_lists, *digests])
            whose = Whose(
                column=source.patient or patient.id, crosswalk=crosswalk, optout=optout, consented=consented,
                members=members, gone=gone,
            )  # fmt: skip
            in_pieces[source.name] = table = streamed(source, opened, whose)
            if table.rows == 0:
                raise InvalidInput("study.nobody-left", source=source.name)
            counts.append(_count(source, len(opened), table.rows, len(table.patients), len(optout)))
            progress(done + 1, len(study.source))
            continue
        content = files(source.name)
        digests = [content_digest(vault, data) for _, data in content]
        commitments[source.name] = commitment_of(study, vault, source, [*of_lists, *digests])
        who: Any = {
            "patient": patient.id,
            "crosswalk": crosswalk,
            "optout": optout,
            "consented": consented,
            "text": columns_of_plans(study, source.name) | (columns or {}).get(source.name, set()),
        }
        loaded: pl.DataFrame | list[Note] | Images
        if source.holds == "images":
            loaded = keep_images(load_images(source, content, unit=patient.unit, **who), members)
        else:
            loaded = keep_members(load_source(source, content, **who), members)
        if len(loaded) == 0:
            raise InvalidInput("study.nobody-left", source=source.name)
        if isinstance(loaded, Images):
            images[source.name] = loaded
            patients = loaded.frame["_patient"].n_unique()
        elif isinstance(loaded, pl.DataFrame):
            tables[source.name] = loaded
            patients = loaded["_patient"].n_unique()
        else:
            notes[source.name] = loaded
            patients = len({note.patient for note in loaded})
        counts.append(_count(source, len(content), len(loaded), patients, len(optout)))
        progress(done + 1, len(study.source))
    identifiers = {source.name: source.identifiers for source in study.source}
    _refuse_notes_of_nobody(notes, tables, in_pieces)
    frames = tables | {name: found.frame for name, found in images.items()}
    refuse_two_patients_across({name: (table, identifiers[name]) for name, table in frames.items()})
    coded = pl.col("_patient").cast(pl.Categorical)  # told apart once, not once per plan
    tables = {name: table.with_columns(coded) for name, table in tables.items()}
    units = {name: with_unit(study, name, table).with_columns(coded) for name, table in tables.items()}
    for name, image_source in images.items():
        units[name] = with_unit(study, name, image_source.frame, pixel_texts(image_source.pixels))
    ids = {} if crosswalk is None else crosswalk.ids_of()
    return Records(tables, units, notes, counts, commitments, ids, images, in_pieces)


def _count(source: SourceSection, files: int, rows: int, patients: int, opted_out: int) -> Json:
    return {
        "name": source.name,
        "kind": source.kind,
        "files": files,
        "rows": rows,
        "patients": patients,
        "opted_out": opted_out,
    }


def _refuse_notes_of_nobody(
    notes: dict[str, list[Note]], tables: dict[str, pl.DataFrame], in_pieces: dict[str, Streamed]
) -> None:
    """Refuse notes whose patients are in no table.

    A wrong `patient` or `path` looks like this: no name would be known in them, and no opt-out would hold.
    """
    known = {patient for table in tables.values() for patient in table["_patient"].unique()}
    for source, found in notes.items():
        patients = {note.patient for note in found}
        known_here = any(table.patients.is_in(list(patients)).any() for table in in_pieces.values())
        if (known or in_pieces) and known.isdisjoint(patients) and not known_here:
            raise InvalidInput("study.notes-of-nobody", source=source)


def with_unit(
    study: Study, source: str, frame: pl.DataFrame, besides: pl.Series | None = None
) -> pl.DataFrame:
    """Where the study file says unit = "row", each row stands for a patient of its own.

    Guarantee: a row more brings one id more and changes no other, wherever it stands: an id is what plans
    read of the row, and how many rows before it read the same. (A place in the file would move all rows
    behind it to other ids, and so to other sides of a split.) `besides`: what plans read beside the columns.
    """
    if study.patient.unit == "patient":
        return frame
    columns = sorted(columns_of_plans(study, source) & set(frame.columns))
    texts = [read_text(frame[name]) for name in columns]
    cells = [
        pl.concat_str(text.str.len_bytes().cast(pl.String), pl.lit(":"), text).fill_null("-")
        for text in [*texts, *([] if besides is None else [besides])]
    ]
    content = pl.concat_str([pl.lit(""), *cells])
    rows = frame.with_columns(content.alias("_patient"))
    place = pl.int_range(pl.len()).over("_patient").cast(pl.String)
    return rows.with_columns(pl.concat_str([place, "_patient"], separator="/").alias("_patient"))


def commitment_of(study: Study, vault: Vault, source: SourceSection, digests: list[str]) -> str:
    """Return the keyed digest of everything that decides what a plan on `source` reads.

    `digests` are of the lists and then of the source's files, each part in the order of names.
    """
    # Where it lies says nothing about what it is, nor does how it is read.
    where = ("name", "path", "index", "url", "query", "password_file", "pieces")
    section = {key: value for key, value in asdict(source).items() if key not in where}
    public = repr((section, asdict(study.patient), asdict(study.consent)))
    return vault.keyed_digest("\n".join([study.study.name, public, *digests]).encode(), "commitment")


def sealed_name(vault: Vault, source: str, name: str) -> str:
    """Return the name of the sealed copy of an original: it says nothing without the vault."""
    return f"{vault.keyed_digest(f'{source}/{name}'.encode(), 'sealed-name')[:24]}.sealed"


def content_digest(vault: Vault, data: bytes) -> str:
    """Return the keyed digest of a file's content, of which commitments are made."""
    return vault.keyed_digest(data, "content")


def _is_original(study: Study, path: Path) -> bool:
    """Say whether a file is a record of the hospital, and not something of ours.

    Raises:
        InvalidInput: it is a key: a wide pattern would have the passphrase leave as somebody's note.
    """
    passwords = [source.password_file for source in study.source if source.password_file is not None]
    keys = [study.folder / name for name in (RECOVERY_KEY, *study.keys.secret_files, *passwords)]
    if any(path.resolve() == key.resolve() for key in keys):
        raise InvalidInput("study.key-is-no-record", file=path.relative_to(study.folder).as_posix())
    place = path.relative_to(study.folder)
    return path.is_file() and place.parts[0] not in _OURS and not place.name.startswith(".")


def originals(study: Study, index: Index) -> Iterator[tuple[str, Path]]:
    """Yield (source, path) of every plain original that is there."""
    sealed = index.of_study(study)
    lists = [study.patient.crosswalk, study.consent.optout, study.consent.consented]
    for name in (each for each in lists if each is not None):
        if (study.folder / name).is_file():
            yield LISTS, study.folder / name
        elif name not in sealed.get(LISTS, {}):
            raise InvalidInput("study.no-list", file=name)
    for source in study.source:
        if source.kind == "sql":  # `confide.study.databases` reads these
            continue
        paths = [path for path in sorted(study.folder.glob(source.path)) if _is_original(study, path)]
        if source.index is not None:
            paths += [path for path in (study.folder / source.index,) if path.is_file()]
        if not paths and not sealed.get(source.name):
            raise InvalidInput("study.no-files", source=source.name, path=source.path)
        for path in paths:
            yield source.name, path
