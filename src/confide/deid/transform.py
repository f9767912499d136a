"""De-identify whatever a program holds: a list of notes, texts, or a data frame of polars or pandas.

Guarantee: what comes back has the order and the kind of what was given. Knows no key and no policy: the
`Deidentifier` that is passed in does the work, patient by patient.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import polars as pl

from confide.deid.notes import Gathered
from confide.deid.results import CleanText, DeidNote, NoteLike
from confide.deid.table import PATIENT
from confide.errors import InvalidInput

Known = Mapping[str, Mapping[str, Sequence[str]]]


class _Deidentifier(Protocol):
    def patients(
        self, patients: Iterable[tuple[Sequence[NoteLike], Mapping[str, Sequence[str]]]]
    ) -> Iterator[list[DeidNote]]: ...
    def texts_of_patients(self, patients: Iterable[Gathered]) -> Iterator[list[CleanText]]: ...
    def table(
        self, frame: pl.DataFrame, identifiers: Mapping[str, str], text_columns: Sequence[str] = ()
    ) -> pl.DataFrame: ...


def transformed(
    deidentifier: _Deidentifier,
    documents: Any,
    *,
    patients: Sequence[str] | None,
    known: Known,
    columns: Mapping[str, str],
    text_columns: Sequence[str],
    patient_column: str,
) -> Any:
    """Return the de-identified documents; see `Deidentifier.transform`."""
    if isinstance(documents, pl.DataFrame):
        return _frame(deidentifier, documents, columns, text_columns, patient_column)
    if _is_pandas(documents, "DataFrame"):
        _refuse_named_rows(documents)
        clean = _frame(deidentifier, pl.from_pandas(documents), columns, text_columns, patient_column)
        return clean.to_pandas().set_index(documents.index)
    if isinstance(documents, str | bytes) or not hasattr(documents, "__iter__"):
        raise InvalidInput("deid.transform-input", found=type(documents).__name__)
    listed = list(documents)
    if all(isinstance(each, str) for each in listed):
        if _is_pandas(documents, "Series"):
            _refuse_named_rows(documents)
        texts = _texts(deidentifier, listed, patients, known)
        return type(documents)(texts, index=documents.index) if _is_pandas(documents, "Series") else texts
    if all(hasattr(each, "text") and hasattr(each, "patient") for each in listed):
        return _notes(deidentifier, listed, known)
    raise InvalidInput("deid.transform-input", found=type(documents).__name__)


def _is_pandas(value: object, kind: str) -> bool:
    return type(value).__module__.partition(".")[0] == "pandas" and type(value).__name__ == kind


def _refuse_named_rows(frame: Any) -> None:
    """Refuse an index that may say who a row is: it comes back as it was. Row numbers without a name are none."""
    index = frame.index
    if index.nlevels > 1 or index.name is not None or index.dtype.kind not in "iu":
        raise InvalidInput("deid.transform-index")


def _groups(patients: Sequence[str]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for i, patient in enumerate(patients):
        groups.setdefault(patient, []).append(i)
    return groups


def _texts(
    deidentifier: _Deidentifier, texts: list[str], patients: Sequence[str] | None, known: Known
) -> list[str]:
    if patients is None:
        patients = [_nobody(text) for text in texts]
    if len(patients) != len(texts):
        raise InvalidInput("deid.transform-input", found=f"{len(texts)} texts and {len(patients)} patients")
    out = [""] * len(texts)
    groups = _groups([str(patient) for patient in patients])
    asked = (
        Gathered(patient, [texts[i] for i in places], known.get(patient, {}))
        for patient, places in groups.items()
    )
    for places, cleaned in zip(groups.values(), deidentifier.texts_of_patients(asked), strict=True):
        for i, clean in zip(places, cleaned, strict=True):
            out[i] = clean.text
    return out


def _nobody(text: str) -> str:
    """Return whom a text belongs to that nobody is named for: a patient of its own, the same at every call."""
    return f"text {hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()}"


def _notes(deidentifier: _Deidentifier, notes: list[NoteLike], known: Known) -> list[DeidNote]:
    out: dict[int, DeidNote] = {}
    groups = _groups([note.patient for note in notes])
    asked = (([notes[i] for i in places], known.get(patient, {})) for patient, places in groups.items())
    for places, done in zip(groups.values(), deidentifier.patients(asked), strict=True):
        out.update(zip(places, done, strict=True))
    return [out[i] for i in range(len(notes))]


def _frame(
    deidentifier: _Deidentifier,
    frame: pl.DataFrame,
    columns: Mapping[str, str],
    text_columns: Sequence[str],
    patient_column: str,
) -> pl.DataFrame:
    if patient_column not in frame.columns:
        raise InvalidInput("deid.transform-patient", column=patient_column)
    order = frame.columns
    clean = deidentifier.table(frame.rename({patient_column: PATIENT}), columns, text_columns)
    return clean.rename({PATIENT: patient_column}).select(order)
