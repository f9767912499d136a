"""What `[[source]]` of a study file says: where raw records lie and which columns mean what.

Guarantee: a section that could never be read is refused when it is made, before any file is opened.
Knows no file; `confide.records.load` reads what a section describes.
"""

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from confide.errors import InvalidInput
from confide.records.address import snapshot_name, verify_address

RESERVED = ("_patient", "_row", "_file")  # columns that confide adds to every table
_NAME = re.compile(r"[^\W\d_][\w-]{0,39}")  # letters of any script, because files are named after it
_FOLDER_UP = re.compile(r"(^|[/\\])\.\.([/\\]|$)")


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceSection:
    """One source of a study: raw records of one kind. Every field is public.

    Raises:
        InvalidInput: a field is of a shape that can never work.

    >>> SourceSection(name="visits", kind="table", path="raw/visits.csv").patient is None
    True
    """

    name: str = field(
        metadata={"doc": "Name of the source inside its study: letters of any language, digits, - and _."}
    )
    kind: Literal["notes", "table", "sql", "images"] = field(
        metadata={
            "doc": "notes: one text per record; table: one row per record; sql: either of them, from a database; images: 8-bit grey images of one size, as .npz or .png."
        }
    )
    path: str = field(
        default="",
        metadata={
            "doc": "Files of the source, relative to the study file; * and ** are understood. Not for sql."
        },
    )
    index: str | None = field(
        default=None,
        metadata={
            "doc": "images as .png: the table that names each: columns `file` (relative to the table) and the patient's id, and others to group by."
        },
    )
    url: str | None = field(
        default=None,
        metadata={
            "doc": "sql: address of the database, without a password; no other host is called. Such as postgresql://reader@his/records."
        },
    )
    query: str | None = field(
        default=None, metadata={"doc": "sql: a SELECT, or the name of a table or view; it is only read."}
    )
    password_file: str | None = field(
        default=None, metadata={"doc": "sql: file with the password, readable by you alone."}
    )
    text: str | None = field(
        default=None, metadata={"doc": "Column that holds the text; makes rows of a database notes."}
    )
    patient: str | None = field(
        default=None, metadata={"doc": "Column of the patient id; the one of [patient] where it is left out."}
    )
    id: str | None = field(
        default=None, metadata={"doc": "Column of the record id, which no two records share; optional."}
    )
    pieces: bool = field(
        default=False,
        metadata={
            "doc": "table of .csv, .tsv, .jsonl or .parquet: read piece by piece, in little memory. Only [[stats]] and [[series]] may ask of it, and it names no id and no identifiers."
        },
    )
    encoding: Literal["utf-8", "gb18030"] | None = field(
        default=None,
        metadata={
            "doc": "Encoding of the text files. Named, an odd cell is refused; left out, the whole file decides."
        },
    )
    identifiers: dict[str, str] = field(
        default_factory=dict,
        metadata={"doc": "Columns that identify somebody and the class of each, such as phone."},
    )

    def __post_init__(self) -> None:
        """Refuse what could never be read."""
        if not _NAME.fullmatch(self.name) or self.name != self.name.lower():
            raise InvalidInput("records.source-name", found=self.name)
        if self.kind not in ("notes", "table", "sql", "images"):
            raise InvalidInput("records.source-kind", source=self.name, found=self.kind)
        if self.kind == "sql":
            self._become_database()
        elif foreign := [key for key in ("url", "query", "password_file") if getattr(self, key) is not None]:
            raise InvalidInput("sql.foreign", source=self.name, key=foreign[0])
        for path in (self.path, *([self.index] if self.index is not None else ())):
            if not path or path.startswith(("/", "\\")) or _FOLDER_UP.search(path):
                raise InvalidInput("records.source-path", source=self.name, found=path)
        self._check_images()
        self._check_pieces()
        if self.kind == "notes" and self.text is None and not self.is_folder_of_texts:
            raise InvalidInput("records.source-text", source=self.name)
        if self.kind in ("table", "images") and self.text is not None:
            raise InvalidInput("records.source-text-of-table", source=self.name)
        columns = [self.text, self.patient, self.id, *self.identifiers]
        if reserved := [column for column in columns if column in RESERVED]:
            raise InvalidInput("records.reserved-column", file=f"[[source]] {self.name}", column=reserved[0])
        if self.text is not None and self.text in columns[1:]:
            raise InvalidInput("records.source-text-twice", source=self.name, column=self.text)

    def _become_database(self) -> None:
        """Refuse an address that could not be read, and name the sealed snapshot by what was asked."""
        if self.path:
            raise InvalidInput("sql.path", source=self.name)
        verify_address(self.name, self.url, self.query)
        object.__setattr__(self, "path", snapshot_name(self.name, self.url or "", self.query or ""))

    def _check_pieces(self) -> None:
        """Refuse pieces of what has to be looked at as a whole."""
        suffix = PurePosixPath(self.path).suffix.lower()
        whole = self.kind != "table" or suffix not in (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
        if self.pieces and (whole or self.id is not None or self.identifiers):
            raise InvalidInput("records.source-pieces", source=self.name)

    def _check_images(self) -> None:
        """Refuse images of another kind of file, and a table where none is needed."""
        suffix = PurePosixPath(self.path).suffix.lower()
        if self.kind == "images":
            if suffix not in (".npz", ".png") or (suffix == ".png") != (self.index is not None):
                raise InvalidInput("records.source-images", source=self.name)
        elif self.index is not None:
            raise InvalidInput("records.source-index", source=self.name)

    @property
    def holds(self) -> Literal["notes", "table", "images"]:
        """What the records are, wherever they lie."""
        if self.kind == "images":
            return "images"
        return "notes" if self.kind == "notes" or self.text is not None else "table"

    @property
    def is_folder_of_texts(self) -> bool:
        """Whether each file is one note as plain text."""
        return PurePosixPath(self.path).suffix.lower() == ".txt"

    @property
    def text_columns(self) -> frozenset[str]:
        """Columns that stay text even where every cell looks like a number: ids, phones, dates; not ages."""
        named = {column for column in (self.patient, self.id, self.text) if column is not None}
        return frozenset(named | {column for column, kind in self.identifiers.items() if kind != "age"})
