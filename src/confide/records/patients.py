"""Say whose row each row is, and take out those who may not be used, before anything else is looked at.

Guarantee: after `assign_patients` no cell of a patient who opted out, or who is not on the consent list, is
left; one person under several ids is one patient as far as the crosswalk says so, and where two ids share a
national number without it the run is refused. Ids are compared without surrounding space and in NFKC form,
so that full-width digits are digits.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from confide.errors import InvalidInput
from confide.records.columns import refuse_rows
from confide.records.delimited import headings
from confide.records.encoding import to_utf8
from confide.records.naming import shown
from confide.records.section import RESERVED
from confide.records.tables import read_cells

ID_COLUMNS = ("id", "patient", "patient_id", "编号", "患者", "患者编号")  # headers of a list of ids
_CROSSWALK_COLUMNS = (("id", "patient"), ("编号", "患者"))
_ONE_PERSON = (
    "resident-id",
    "ssn",
    "insurance-id",
    "passport",
    "permit",
)  # classes that two people never share


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """Which ids belong to which patient. Prints only how many; the ids themselves are patient data."""

    _patient_of: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        return f"Crosswalk({len(self._patient_of)} ids)"

    def patient_of(self, identifier: str) -> str:
        """Return the patient that an id belongs to: itself where the crosswalk does not list it."""
        return self._patient_of.get(clean := clean_id(identifier), clean)

    def patients_of(self, ids: pl.Expr) -> pl.Expr:
        """Return the patients of a column of ids."""
        clean = ids.cast(pl.String).str.normalize("NFKC").str.strip_chars().replace("", None)
        return (
            clean.replace(list(self._patient_of), list(self._patient_of.values()))
            if self._patient_of
            else clean
        )

    def ids_of(self) -> dict[str, tuple[str, ...]]:
        """Return, per patient who has more ids than the own, all of them."""
        ids: dict[str, list[str]] = {}
        for identifier, patient in self._patient_of.items():
            ids.setdefault(patient, [patient]).append(identifier)
        return {patient: tuple(dict.fromkeys(of)) for patient, of in ids.items()}


def clean_id(identifier: str) -> str:
    """Return an id as ids are compared: without surrounding space, full-width digits as digits.

    >>> clean_id(" ００7 ")
    '007'
    """
    return str(pl.Series([identifier]).str.normalize("NFKC").str.strip_chars()[0])


def read_crosswalk(data: bytes, file: str) -> Crosswalk:
    r"""Read a table with the columns `id` and `patient` (or 编号 and 患者): each id and its patient.

    A chain (a to b, b to c) is followed to its end: all three are patient c. The same row twice is harmless.

    Raises:
        InvalidInput: another header, a half-empty row, one id given to two patients, or a chain that ends
            nowhere.

    >>> read_crosswalk(b"id,patient\nA-1,B-7\nB-7,C-9\n", "ids.csv").patient_of("A-1")
    'C-9'
    """
    table = list_cells(data, file)
    pair = next((pair for pair in _CROSSWALK_COLUMNS if set(pair) <= set(table.columns)), None)
    if pair is None:
        raise InvalidInput("records.crosswalk-columns", file=file)
    rows = table.select(
        pl.col(pair[0]).str.normalize("NFKC").str.strip_chars().replace("", None).alias("id"),
        pl.col(pair[1]).str.normalize("NFKC").str.strip_chars().replace("", None).alias("patient"),
        "_row",
    )
    refuse_rows(rows, pl.col("id").is_null() | pl.col("patient").is_null(), "records.crosswalk-empty", file)
    refuse_rows(rows, pl.col("patient").n_unique().over("id") > 1, "records.crosswalk-contradiction", file)
    step = dict(zip(rows["id"], rows["patient"], strict=True))
    ends = {identifier: _end_of_chain(identifier, step) for identifier in step}
    in_circle = [identifier for identifier, end in ends.items() if end is None]
    refuse_rows(rows, pl.col("id").is_in(in_circle), "records.crosswalk-circle", file)
    return Crosswalk({identifier: end for identifier, end in ends.items() if end is not None})


def _end_of_chain(identifier: str, step: Mapping[str, str]) -> str | None:
    """Follow an id to the patient who has no further one; None if the way leads back to itself."""
    seen = {identifier}
    while (following := step.get(identifier)) is not None and following != identifier:
        if following in seen:
            return None
        seen.add(following)
        identifier = following
    return identifier


def read_id_list(data: bytes, file: str) -> frozenset[str]:
    r"""Read the ids of an opt-out or consent list, from the first column that `ID_COLUMNS` names.

    Raises:
        InvalidInput: none of these columns is there (without a header the first id would be lost, and a
            patient who opted out would be used), or a row has no id.

    >>> sorted(read_id_list(b"patient_id,since\n007,2024\n", "optout.csv"))
    ['007']
    """
    table = list_cells(data, file)
    column = next((name for name in ID_COLUMNS if name in table.columns), None)
    if column is None:
        raise InvalidInput("records.list-column", file=file, known=", ".join(ID_COLUMNS))
    ids = pl.col(column).str.normalize("NFKC").str.strip_chars().replace("", None)
    refuse_rows(table, ids.is_null(), "records.list-empty", file)
    return frozenset(table.select(ids).to_series())


def list_cells(data: bytes, file: str) -> pl.DataFrame:
    """Return the cells of a list; a header alone is a list on which nobody stands, as after an erasure."""
    try:
        return read_cells(data, file)
    except InvalidInput as error:
        if error.code != "records.no-rows" or not file.lower().endswith((".csv", ".tsv", ".txt")):
            raise
    names = headings(to_utf8(data, file), file)
    return pl.DataFrame(schema=dict.fromkeys(names, pl.String) | {"_row": pl.Int64})


def assign_patients(
    table: pl.DataFrame,
    column: str | None,
    *,
    file: str,
    crosswalk: Crosswalk | None = None,
    optout: Collection[str] = (),
    consented: Collection[str] | None = None,
) -> pl.DataFrame:
    """Return the rows that may be used, each with its `_patient`.

    Guarantee: nothing but the patient column has been looked at when the rows of the others are gone.

    Args:
        table: rows as they were read, untyped, with `_row`.
        column: the patient id; None makes each row a patient of its own (`unit = "row"`).
        file: name for the refusal where there is no `_file`.
        crosswalk: joins several ids of one person.
        optout: any id of those who opted out.
        consented: any id of those who agreed; None if no list is kept.

    Raises:
        InvalidInput: the column is not there, or a row has no patient id; says which rows.
    """
    crosswalk = crosswalk or Crosswalk()
    if column is None:
        own = pl.concat_str(
            pl.col("_file") if "_file" in table.columns else pl.lit(file), pl.lit(":"), "_row"
        )
        return table.with_columns(own.alias("_patient"))
    if column not in table.columns:
        raise InvalidInput("records.no-patient-column", file=file, column=column, columns=columns_of(table))
    owned = table.with_columns(crosswalk.patients_of(id_text(table, column)).alias("_patient"))
    refuse_rows(owned, pl.col("_patient").is_null(), "records.no-patient", file, column=column)
    keep = ~pl.col("_patient").is_in(_patients(optout, crosswalk).implode())
    if consented is not None:
        keep &= pl.col("_patient").is_in(_patients(consented, crosswalk).implode())
    return owned.filter(keep)


def refuse_two_patients(table: pl.DataFrame, identifiers: Mapping[str, str], file: str) -> None:
    """Refuse one national number under two patients: they are one, and would be exposed twice for one price.

    The number of a relative, which siblings share, belongs under another class, such as other-id.

    Raises:
        InvalidInput: a column of class resident-id, ssn, insurance-id, passport or permit holds one value under two
            patients.
    """
    for column in identifiers:
        numbers = _numbers(table, {column: identifiers[column]}, file)
        shared = pl.col("_patient").n_unique().over("number") > 1
        refuse_rows(numbers, shared, "records.two-ids", file, column=column)


def refuse_two_patients_across(sources: Mapping[str, tuple[pl.DataFrame, Mapping[str, str]]]) -> None:
    """Refuse one national number under two patients of different sources, or of two columns.

    Args:
        sources: by name, each table with `_patient` and the classes of its identifying columns.

    Raises:
        InvalidInput: names the first file in which such a number stands, and the rows there.
    """
    all_numbers = [_numbers(table, identifiers, name) for name, (table, identifiers) in sources.items()]
    if not all_numbers:
        return
    numbers = pl.concat(all_numbers)
    shared = pl.col("_patient").n_unique().over("class", "number") > 1
    refuse_rows(numbers, shared, "records.two-ids-across", "", sources=shown(sources))


def _numbers(table: pl.DataFrame, identifiers: Mapping[str, str], file: str) -> pl.DataFrame:
    """Return the national numbers of a table, bare: letters and digits alone, upper case.

    A value with fewer than five different letters or digits (`000…`, 不详) is a placeholder and is left out.
    """
    columns = [c for c, kind in identifiers.items() if kind in _ONE_PERSON and c in table.columns]
    where = pl.col("_file") if "_file" in table.columns else pl.lit(file).alias("_file")
    parts = [
        table.select(
            pl.lit(identifiers[column]).alias("class"),
            pl.col(column).cast(pl.String).str.normalize("NFKC").str.to_uppercase().alias("number"),
            pl.col("_patient", "_row"),
            where,
        )
        for column in columns
    ]
    schema = {"class": pl.String, "number": pl.String, "_patient": pl.String, "_row": pl.Int64}
    numbers = pl.concat(parts) if parts else pl.DataFrame(schema=schema | {"_file": pl.String})
    bare = numbers.with_columns(pl.col("number").str.replace_all(r"[^0-9A-Z]", ""))
    return bare.filter(pl.col("number").str.extract_all(r"[0-9A-Z]").list.n_unique() >= 5)


def ids_in_list(table: pl.DataFrame) -> list[str]:
    """Return the columns of a crosswalk, an opt-out or a consent list that hold ids."""
    known = {*ID_COLUMNS, *(name for pair in _CROSSWALK_COLUMNS for name in pair)}
    return [name for name in table.columns if name in known]


def columns_of(table: pl.DataFrame) -> str:
    """Return the names of the user's columns, for a sentence."""
    return shown(name for name in table.columns if name not in RESERVED)


def id_text(table: pl.DataFrame, column: str) -> pl.Expr:
    """Return ids as text; whole numbers that Parquet held as floats lose their `.0`."""
    whole = pl.col(column).cast(pl.String).str.strip_suffix(".0")
    return whole if table.schema[column] == pl.Float64 else pl.col(column)


def _patients(ids: Iterable[str], crosswalk: Crosswalk) -> pl.Series:
    """Return the patients that a list of ids means."""
    series = pl.DataFrame({"id": list(ids)}, schema={"id": pl.String})
    return series.select(crosswalk.patients_of(pl.col("id"))).to_series()
