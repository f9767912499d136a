"""Read a table of a study in pieces: a source with `pieces = true`, of which only statistics are asked.

Guarantee: the rows, and how each cell is read, are those that `confide.records.load.load_table` gives of the same files;
so the integers before the noise are the same. In memory are one piece, and the ids of the patients. Whose row it is comes
first in every pass, and who opted out leaves before anything else is looked at.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import BinaryIO

import polars as pl

from confide.audit.bytesearch import ByteSearch, search_bytes
from confide.errors import InvalidInput
from confide.records.blocks import row_blocks
from confide.records.checks import check_rows
from confide.records.columns import refuse_rows, typed
from confide.records.patients import Crosswalk, assign_patients
from confide.records.section import SourceSection
from confide.stats.pieces import Pieces

BLOCK = 8 << 20  # bytes of a file that become one piece
_IDS = 100_000  # searched for at a time
Opened = Callable[[], AbstractContextManager[BinaryIO]]
Members = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Streamed:
    """A table that is read when it is asked for. Patient data: never printed."""

    pieces: Pieces = field(repr=False)
    rows: int
    patients: pl.Series = field(repr=False)  # each once

    def search(
        self, records: Sequence[tuple[str | None, bytes]], ids: Mapping[str, Sequence[str]], done: Set[str]
    ) -> ByteSearch:
        """Look for the id of every patient, and those that are joined to it, in what would leave.

        Args:
            records: as of `confide.audit.bytesearch.search_bytes`.
            ids: patient -> all ids, of those who have several.
            done: patients who were looked for already.
        """
        found = ByteSearch(0, len(records), sum(len(content) for _, content in records), 0, 0)
        for start in range(0, len(self.patients), _IDS):
            known = {
                each: {"record-number": (each, *ids.get(each, ()))}
                for each in self.patients[start : start + _IDS].to_list()
                if each not in done
            }
            found = found.plus(search_bytes(known, records))
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Whose:
    """Who may be read: what decides it, over all files of a source."""

    column: str
    crosswalk: Crosswalk | None
    optout: Set[str]
    consented: Set[str] | None
    members: Members | None
    gone: Members | None  # of whom no row may come back; None where nobody was erased

    def usable(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that may be used, each with its `_patient`."""
        if self.column not in cells.columns and cells["_file"][0].endswith((".jsonl", ".ndjson")):
            cells = cells.with_columns(pl.lit(None, pl.String).alias(self.column))  # no line has the key
        rows = assign_patients(
            cells, self.column, file=str(cells["_file"][0]), crosswalk=self.crosswalk, optout=self.optout, consented=self.consented
        )  # fmt: skip
        if self.members is None:
            return rows
        kept = [each for each in rows["_patient"].unique() if self.members(each)]
        return rows.filter(pl.col("_patient").is_in(kept))

    def refuse_erased(self, cells: pl.DataFrame) -> None:
        """Refuse rows that would bring an erased patient back."""
        if self.gone is None or self.column not in cells.columns:
            return
        ids = assign_patients(cells, self.column, file=str(cells["_file"][0]))["_patient"]
        back = [each for each in ids.unique() if self.gone(each)]
        refuse_rows(cells, ids.is_in(back), "erase.came-back", "")


def parts_of(opened: Opened) -> Iterator[bytes]:
    """Yield the bytes of a file, a piece at a time."""
    with opened() as file:
        while part := file.read(BLOCK):
            yield part


def streamed(section: SourceSection, files: Sequence[tuple[str, Opened]], whose: Whose) -> Streamed:
    """Look at a whole table once, piece by piece: refuse what a run would refuse, and count.

    Args:
        section: of the source.
        files: name and what opens it, in the order of names.
        whose: who may be read.

    Raises:
        InvalidInput: as `confide.records.load.load_table`; but a column of numbers may hold NaN or infinity, which
            count as missing.
    """
    first: set[str] = set()
    names = dict[str, None]()  # of all pieces, in order
    lines = all(name.endswith((".jsonl", ".ndjson")) for name, _ in files)  # a key may be left out there
    rows, patients = 0, pl.Series("_patient", [], dtype=pl.String)
    for cells in _blocks(section, files):
        whose.refuse_erased(cells)
        here = set(cells.columns)
        if here != (first := first or here) and not lines:
            differ = {
                "file": cells["_file"][0],
                "first": files[0][0],
                "columns": ", ".join(sorted(here ^ first)),
            }
            raise InvalidInput("records.other-columns", **differ)  # fmt: skip
        usable = whose.usable(cells)
        names |= dict.fromkeys(usable.columns)
        check_rows(typed(usable, section.name, text=usable.columns), section, section.name)
        rows += usable.height
        patients = pl.concat([patients, usable["_patient"]]).unique()

    def of(wanted: Sequence[str]) -> Iterator[pl.DataFrame]:
        for cells in _blocks(section, files):
            kept = [name for name in cells.columns if name in {*wanted, whose.column, "_row", "_file"}]
            usable = whose.usable(cells.select(kept))
            missing = [pl.lit(None, pl.String).alias(name) for name in wanted if name not in usable.columns]
            yield usable.with_columns(missing).select(wanted)

    return Streamed(Pieces(tuple(names), of), rows, patients)


def _blocks(section: SourceSection, files: Sequence[tuple[str, Opened]]) -> Iterator[pl.DataFrame]:
    for name, opened in files:
        with opened() as file:
            for cells in row_blocks(file, name, block=BLOCK, encoding=section.encoding):
                yield cells.with_columns(pl.lit(name).alias("_file"))
