"""Files that shall be de-identified, as documents: which they are, what their columns are, whose each one is.

Guarantee: a file that cannot be read or searched whole is refused with its name and nothing of its content; every text
of a file comes out in some document. At most a block of a file is in memory. Writing: `confide.study.outputs`.
"""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Literal

from confide.deid.classes import CLASSES
from confide.deid.stream import Document
from confide.errors import InvalidInput
from confide.records import rows
from confide.records.blocks import cell_blocks, plain_cells_of
from confide.records.docx import read_docx
from confide.records.encoding import to_utf8
from confide.records.headers import identifier_class
from confide.records.owners import patient_in_name
from confide.records.pdf import read_pdf
from confide.records.rows import Columns, RowRead
from confide.study.headings import refuse_identifying
from confide.study.keys_section import RECOVERY_KEY
from confide.vault.durable import reading

TEXTS = {".txt": ".txt", ".docx": ".docx", ".pdf": ".txt"}  # kind of input -> kind of output
KINDS = {**TEXTS, **rows.SUFFIXES}
LARGEST_TEXT = 200_000_000  # bytes of a document, which is searched in one piece
Values = Mapping[str, Sequence[str]]
OwnerOfFile = Literal["name", "folder"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """The files of one call, in order. Holds patients' values: `repr` hides them."""

    files: tuple[Path, ...] = field(repr=False)
    tables: Mapping[Path, Columns] = field(repr=False)
    identifiers: Mapping[str, str]
    owner: OwnerOfFile | None  # where the name of a document says whose it is
    known: Mapping[str, Values] = field(default_factory=dict, repr=False)
    everyone: Values = field(default_factory=dict, repr=False)
    passed_over: int = 0
    _read: list[int] = field(default_factory=lambda: [0, 0], repr=False)

    @property
    def names_patients(self) -> bool:
        """Whether some document is known to be somebody's."""
        texts = any(kind_of(path) in TEXTS for path in self.files)
        return (self.owner is not None and texts) or any(each.patient for each in self.tables.values())

    @property
    def characters(self) -> int:
        """How many characters the documents of the last reading had."""
        return self._read[0]

    @property
    def count(self) -> int:
        """How many documents were read so far."""
        return self._read[1]

    def documents(self) -> Iterator[Document]:
        """Yield the documents of all files; the id of each is the number of its file and, in a table, its row."""
        self._read[:] = [0, 0]
        for number, path in enumerate(self.files, start=1):
            for document in self._of(number, path):
                self._read[0] += document.length
                self._read[1] += 1
                yield document

    def _of(self, number: int, path: Path) -> Iterator[Document]:
        if path not in self.tables:
            yield Document(str(number), text_of(path), owner_of(path, self.owner))
            return
        columns = self.tables[path]
        for read in self.rows_of(path):
            yield _document(f"{number}:{read.number}", read.number, read.cells, columns, path)

    def rows_of(self, path: Path) -> Iterator[RowRead]:
        """Yield the rows of a table; a later line of JSON may bring new keys, which are looked at like the first."""
        names = list(self.tables[path].names)
        with _opened(path) as file:
            for block in cell_blocks(file, path.name):
                new = [name for name in block.columns if name not in names]
                refuse_identifying(new, path.name, before=len(names))
                names += new
                yield from rows.rows_read(block)

    def refuse_output(self, out: Path) -> None:
        """Refuse an output folder that is one of the inputs, or lies where inputs lie that are read as a folder."""
        target = out.absolute()
        if any(path.absolute() == target or target in path.absolute().parents for path in self.files):
            raise InvalidInput("files.out-is-input", folder=out)


def _document(name: str, row: int, cells: dict[str, str], columns: Columns, path: Path) -> Document:
    patient = None
    if columns.patient is not None and not (patient := cells.get(columns.patient, "").strip()):
        raise InvalidInput("files.no-patient", file=path.name, column=columns.patient, row=row)
    text = cells.pop(columns.text, "") if columns.text is not None else ""
    return Document(name, text, patient, cells)


def kind_of(path: Path) -> str:
    """Return the ending of a file's name, in small letters."""
    return path.suffix.lower()


def owner_of(path: Path, owner: OwnerOfFile | None) -> str | None:
    """Return the patient that the name of a document, or of its folder, tells.

    Raises:
        InvalidInput: it tells none.
    """
    if owner is None:
        return None
    who = path.absolute().parent.name if owner == "folder" else patient_in_name(path)  # type: ignore[arg-type]
    if not who.strip():
        raise InvalidInput("files.no-patient-in-name", file=path.name)
    return who


def text_of(path: Path, data: bytes | None = None) -> str:
    """Return the text of a document.

    Raises:
        InvalidInput: it is empty, too large, encrypted, broken, a scan, or not of one encoding.
    """
    data = bytes_of(path) if data is None else data
    kind = kind_of(path)
    if kind == ".docx":
        text = read_docx(data, path.name)
    elif kind == ".pdf":
        text = read_pdf(data, path.name)
    else:
        text = to_utf8(data, path.name).decode()
    if not text.strip():
        raise InvalidInput("records.empty", file=path.name)
    return text


def bytes_of(path: Path) -> bytes:
    """Return all of a file that is searched in one piece."""
    with reading(path) as file:
        data = file.read(LARGEST_TEXT + 1)
    if len(data) > LARGEST_TEXT:
        raise InvalidInput("files.too-large", file=path.name, most=LARGEST_TEXT // 1_000_000)
    if not data:
        raise InvalidInput("records.empty", file=path.name)
    return data


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with reading(path) as file, io.BufferedReader(file) as buffered:
        yield buffered


def inputs_from(
    paths: Sequence[Path],
    *,
    patient: str | None = None,
    texts: Sequence[str] = (),
    identifiers: Mapping[str, str] | None = None,
    owner: OwnerOfFile | None = None,
    known_file: Path | None = None,
    besides: Sequence[Path] = (),
) -> Inputs:
    """Find the files and say what their columns are.

    Args:
        paths: files, and folders of which all files of known kinds are taken.
        patient: the column that tells whose a row is; guessed from the names of columns if left out.
        texts: columns of free text; the first is the document, all others are searched just the same.
        identifiers: column -> class; "text" for a column that only looks like an identifier.
        owner: whether the name of a text file, or of its folder, tells whose it is.
        known_file: a table of identifiers, of patients where it has the column `patient`, of everybody where not.
        besides: files that are no records, such as one that holds a passphrase.

    Raises:
        InvalidInput: no such file or column, a kind that is not read, or one column of two classes.
    """
    named = dict(identifiers or {})
    for column, kind in named.items():
        if kind not in (*CLASSES, "text"):
            raise InvalidInput("deid.unknown-class", found=kind, column=column, known=", ".join(CLASSES))
    if both := sorted(set(texts) & {column for column, kind in named.items() if kind != "text"}):
        raise InvalidInput("deid.two-uses", columns=", ".join(both))
    apart = {path.resolve() for path in (*besides, *([known_file] if known_file else ()))}
    files, passed_over = _files(paths, apart)
    tables = {}
    nobody = [column for column, kind in named.items() if kind == "text"]
    for path in files:
        if kind_of(path) in rows.SUFFIXES:
            with _opened(path) as file:
                head = next(cell_blocks(file, path.name))
                refuse_identifying(list(head.columns), path.name, nobody=nobody)
                columns = rows.columns_in(head, path.name, patient=patient, texts=texts, identifiers=named)
                if kind_of(path) == ".parquet":
                    columns = replace(columns, types=rows.parquet_types(file, columns))
            tables[path] = columns
    asked = [*([patient] if patient else ()), *texts, *named]
    rows.verify_named({path.name: each for path, each in tables.items()}, asked)
    known, everyone = _known(known_file, patient, named) if known_file else ({}, {})
    for path in files:
        if path not in tables and (who := owner_of(path, owner)) is not None:
            known.setdefault(who, {}).setdefault("record-number", []).append(who)
    return Inputs(
        files=files,
        tables=tables,
        identifiers=_one_class_each(tables),
        owner=owner,
        known=known,
        everyone=everyone,
        passed_over=passed_over,
    )


def _files(paths: Sequence[Path], apart: set[Path]) -> tuple[tuple[Path, ...], int]:
    """Return the files, each once, and how many of folders were passed over."""
    found: dict[Path, Path] = {}
    passed_over = 0
    for path in paths:
        if not path.is_dir():
            if not path.exists():
                raise InvalidInput("vault.no-file", file=path.name)
            if kind_of(path) not in KINDS:
                raise InvalidInput("files.kind", file=path.name, known=", ".join(KINDS))
            found.setdefault(path.resolve(), path)
            continue
        for each in sorted(path.rglob("*")):
            hidden = any(part.startswith((".", "~$")) for part in each.relative_to(path).parts)
            if hidden or not each.is_file() or each.resolve() in apart or each.name == RECOVERY_KEY:
                continue
            if kind_of(each) in KINDS:
                found.setdefault(each.resolve(), each)
            else:
                passed_over += 1
    if not found:
        raise InvalidInput("files.none", known=", ".join(KINDS))
    return tuple(found.values()), passed_over


def _one_class_each(tables: Mapping[Path, Columns]) -> dict[str, str]:
    """Return the identifying columns of all tables; in one call a name of a column means one thing.

    Raises:
        InvalidInput: two tables use a name for identifiers of two classes.
    """
    classes: dict[str, str] = {}
    for path, columns in tables.items():
        for name, kind in columns.identifiers.items():
            if classes.setdefault(name, kind) != kind:
                raise InvalidInput(
                    "files.two-classes", file=path.name, column=name, kinds=f"{classes[name]}, {kind}"
                )
    return classes


def _known(
    file: Path, patient: str | None, named: Mapping[str, str]
) -> tuple[dict[str, dict[str, list[str]]], dict[str, list[str]]]:
    """Read a table of known identifiers: by patient where it tells patients apart, else of everybody."""
    cells = plain_cells_of(bytes_of(file), file.name)
    refuse_identifying(list(cells.columns), file.name)
    columns = rows.columns_in(cells, file.name, patient=patient, identifiers=named)
    classes = {name: _class_of(name, named, file) for name in columns.names if name != columns.patient}
    known: dict[str, dict[str, list[str]]] = {}
    everyone: dict[str, list[str]] = {}
    for row, values in rows.rows_of(cells):
        if columns.patient is None:
            into = everyone
        elif not (who := values.get(columns.patient, "").strip()):
            raise InvalidInput("files.no-patient", file=file.name, column=columns.patient, row=row)
        else:
            into = known.setdefault(who, {"record-number": [who]})
        for name, kind in classes.items():
            if values.get(name, "").strip():
                into.setdefault(kind, []).append(values[name])
    return known, everyone


def _class_of(column: str, named: Mapping[str, str], file: Path) -> str:
    kind = named.get(column) or (column if column in CLASSES else identifier_class(column))
    if kind is None or kind == "text":
        raise InvalidInput("files.known-column", file=file.name, column=column)
    return kind
