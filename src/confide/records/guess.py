"""Look at the files of a folder and propose sources for a study file: kinds, patients, texts, identifiers.

Guarantee: a guess holds names of files and columns, and values only as candidate categories: those of a
column with at most twelve short values and a name like sex or district, which a person must confirm to be
public. It never holds a value of an identifying column. At most a megabyte of each text file is looked at.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Literal

import polars as pl

from confide.errors import InvalidInput
from confide.records.columns import typed
from confide.records.guess_columns import ColumnGuess, Confidence, Role, guess_columns
from confide.records.owners import has_digit, patient_in_name
from confide.records.patients import ID_COLUMNS
from confide.records.section import RESERVED, SourceSection
from confide.records.tables import SUFFIXES, plain_columns, read_cells
from confide.words import say

LOOKED_AT = 1_000_000  # bytes of a text file
_WHOLE_FILE = 200_000_000  # bytes of a Parquet or Excel file that is opened to be looked at
_LISTS = {
    "optout": ("optout", "opt-out", "opt_out", "退出", "拒绝"),
    "consented": ("consent", "同意", "知情"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """What one file, or several of one kind, seem to be."""

    name: str
    kind: Literal["notes", "table", "crosswalk", "optout", "consented", "unread"]
    path: str
    files: int = 1
    columns: tuple[ColumnGuess, ...] = ()
    confidence: Confidence
    reason: str

    def column_of(self, role: Role) -> str | None:
        """Return the first column of a role."""
        return next((guess.column for guess in self.columns if guess.role == role), None)

    @property
    def identifiers(self) -> dict[str, str]:
        """Identifying columns and their classes."""
        return {guess.column: guess.kind for guess in self.columns if guess.kind is not None}

    def section(self) -> SourceSection:
        """Return the section that this guess would write; for notes and tables only.

        Raises:
            InvalidInput: the guess is of notes without a text column.
        """
        kind: Literal["notes", "table"] = "notes" if self.kind == "notes" else "table"
        taken = (self.column_of("patient"), self.column_of("id"), self.column_of("text"))
        return SourceSection(
            name=self.name,
            kind=kind,
            path=self.path,
            text=taken[2] if kind == "notes" else None,
            patient=taken[0],
            id=taken[1],
            identifiers={column: of for column, of in self.identifiers.items() if column not in taken},
        )


def guess(folder: Path, *, besides: Collection[str] = ()) -> list[Guess]:
    """Return a guess for each kind of file under `folder`, in the order of paths.

    Files of one folder with the same columns and alike names are one source. Hidden files, kinds that are
    not read, and what lies in `folder` under a name of `besides` are passed over; a file that should be readable and is not comes back as `unread`.
    """
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.suffix.lower() in SUFFIXES
        and path.relative_to(folder).parts[0] not in besides
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    names = [path.relative_to(folder).as_posix() for path in paths]
    texts = {name for name in names if name.lower().endswith(".txt")}
    guesses = _text_folders(sorted(texts))
    looked: list[tuple[str, pl.DataFrame]] = []
    for path, name in zip(paths, names, strict=True):
        if name in texts:
            continue
        try:
            looked.append((name, _sample(path, name)))
        except InvalidInput as refused:
            guesses.append(
                Guess(
                    name=_source_name(name), kind="unread", path=name, confidence="low", reason=str(refused)
                )
            )
    guesses += [_guess_files(files, table) for files, table in _alike(looked, names)]
    return _with_own_names(sorted(guesses, key=lambda one: one.path))


def _sample(path: Path, name: str) -> pl.DataFrame:
    """Read the beginning of a file; a text file is cut after a row."""
    if path.suffix.lower() in (".parquet", ".xlsx"):
        if path.stat().st_size > _WHOLE_FILE:
            raise InvalidInput("records.too-large-to-guess", file=name)
        return typed(read_cells(path.read_bytes(), name).head(5000), name)
    with path.open("rb") as file:
        data = file.read(LOOKED_AT + 1)
    is_cut = len(data) > LOOKED_AT
    for _ in range(50 if is_cut else 1):  # a cut may fall between quotes: go back row by row
        data = data[: data.rfind(b"\n")] if is_cut else data
        try:
            return typed(read_cells(data, name), name)
        except InvalidInput as refused:
            fault = refused
    raise fault


def _alike(
    looked: list[tuple[str, pl.DataFrame]], names: list[str]
) -> Iterable[tuple[tuple[str, list[str]], pl.DataFrame]]:
    """Put files of one folder, kind and header together where a pattern holds exactly them."""
    groups: dict[tuple[object, ...], list[tuple[str, pl.DataFrame]]] = {}
    for name, table in looked:
        path = PurePosixPath(name)
        groups.setdefault((path.parent, path.suffix, tuple(sorted(table.columns))), []).append((name, table))
    for group in groups.values():
        files = [name for name, _ in group]
        pattern = _pattern(files, names)
        if pattern is None:
            yield from (((name, [name]), table) for name, table in group)
        else:
            yield (pattern, files), group[0][1]


def _pattern(files: list[str], names: list[str]) -> str | None:
    """Return the path or pattern that holds these files and no other, or None."""
    if len(files) == 1:
        return files[0]
    path = PurePosixPath(files[0])
    start = path.name
    while not all(PurePosixPath(name).name.startswith(start) for name in files):
        start = start[:-1]
    pattern = str(path.parent / f"{start}*{path.suffix}")
    held = [name for name in names if fnmatch(name, pattern) and PurePosixPath(name).parent == path.parent]
    return pattern if sorted(held) == sorted(files) else None


def _text_folders(texts: list[str]) -> list[Guess]:
    """Guess folders of notes from the names of text files alone."""
    by_parent: dict[PurePosixPath, list[PurePosixPath]] = {}
    for name in texts:
        by_parent.setdefault(PurePosixPath(name).parent, []).append(PurePosixPath(name))
    guesses = []
    above: dict[PurePosixPath, int] = {}
    for parent, files in by_parent.items():
        beside = [other for other in by_parent if other.parent == parent.parent and other.name]
        if _are_named_by_patient(files, beside):
            reason = say("records.guess.text-names")
            guesses.append(_text_guess(str(parent / "*.txt"), len(files), "medium", reason))
        elif parent.name:  # a text beside the folders is nobody's note
            above[parent.parent] = above.get(parent.parent, 0) + len(files)
    for parent, count in above.items():
        reason = say("records.guess.text-folders")
        guesses.append(_text_guess(str(parent / "*" / "*.txt"), count, "low", reason))
    return guesses


def _are_named_by_patient(files: list[PurePosixPath], folders: list[PurePosixPath]) -> bool:
    """Say whether the files name the patients, and not the folders beside each other that hold them."""
    if all("_" in file.name for file in files):
        return True
    if len(folders) > 1 and all(has_digit(folder.name) for folder in folders):
        return False
    return all(patient_in_name(file) for file in files) and files[0].parent.name != ""


def _text_guess(path: str, files: int, confidence: Confidence, reason: str) -> Guess:
    name = _source_name(path)
    return Guess(name=name, kind="notes", path=path, files=files, confidence=confidence, reason=reason)


def _guess_files(files: tuple[str, list[str]], table: pl.DataFrame) -> Guess:
    """Guess what files with these columns are."""
    path, names = files
    columns = [column for column in table.columns if column not in RESERVED]
    if set(columns) in ({"id", "patient"}, {"编号", "患者"}):
        return _listed(path, "crosswalk", "high")
    short = PurePosixPath(path).name.lower()
    for kind, marks in _LISTS.items():
        if any(mark in short for mark in marks) and any(column in ID_COLUMNS for column in columns):
            return _listed(path, "optout" if kind == "optout" else "consented", "high")
    guesses = guess_columns(plain_columns(table))
    text = next((one for one in guesses if one.role == "text"), None)
    patient = next((one for one in guesses if one.role == "patient"), None)
    sure: Confidence = "high" if patient is not None and patient.confidence == "high" else "low"
    return Guess(
        name=_source_name(path),
        kind="table" if text is None else "notes",
        path=path,
        files=len(names),
        columns=guesses,
        confidence=sure,
        reason=say("records.guess.source" if patient is not None else "records.guess.no-patient"),
    )


def _listed(path: str, kind: Literal["crosswalk", "optout", "consented"], confidence: Confidence) -> Guess:
    reason = say(f"records.guess.{kind}")
    return Guess(name=_source_name(path), kind=kind, path=path, confidence=confidence, reason=reason)


def _source_name(path: str) -> str:
    """Make the name of a source from its path, of letters and digits; `source` where there are none."""
    stem = PurePosixPath(path).stem.replace("*", "").strip("_-. ")
    parent = next((part for part in reversed(PurePosixPath(path).parent.parts) if "*" not in part), "")
    for words in (stem, parent):
        plain = "".join(c if c.isalnum() or c in "_-" else "_" for c in words.lower())
        plain = re.sub(r"^[\W\d_]+", "", plain.strip("_-"))[:30]
        if plain:
            return plain
    return "source"


def _with_own_names(guesses: list[Guess]) -> list[Guess]:
    """Give a number to each name that stands there already."""
    seen: dict[str, int] = {}
    result = []
    for one in guesses:
        seen[one.name] = seen.get(one.name, 0) + 1
        name = one.name if seen[one.name] == 1 else f"{one.name}-{seen[one.name]}"
        result.append(replace(one, name=name))
    return result
