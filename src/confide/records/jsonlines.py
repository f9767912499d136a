"""Read JSON lines, one object a line, into text cells; a bad line is named by its number and never shown.

Guarantee: each line is one flat JSON object, read by the letter of RFC 8259, or the file is refused.
Knows nothing of notes or tables.
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from confide.errors import InvalidInput
from confide.records.cells import Cells, Numeral
from confide.records.delimited import refuse_data_as_header
from confide.records.naming import checked_names


def json_cells(text: bytes, file: str) -> Cells:
    r"""Return one row per line, all cells as text; a row is the line, from 1. Blank lines are passed over.

    A number is kept as it was written, `true` and `false` as those words, `null` and a missing key as null. `values`
    tells them apart, so that `written_line` gives the line again.

    Raises:
        InvalidInput: a line is not a JSON object of text, numbers, booleans and nulls, or a key looks like data.

    >>> cells = json_cells(b'{"id": 7, "note": "calm"}\n{"note": "b"}\n', "n.jsonl")
    >>> cells.rows, cells.columns["id"], cells.columns["note"]
    ([1, 2], ['7', None], ['calm', 'b'])
    """
    lines = text.split(b"\n")
    records = [(row, _record(line, row, file)) for row, line in enumerate(lines, start=1) if line.strip()]
    if not records:
        raise InvalidInput("records.empty", file=file)
    keys = list(dict.fromkeys(key for _, record in records for key in record))
    names = checked_names(keys, file)
    refuse_data_as_header(names, (), file)
    columns = {
        name: [_cell(record.get(key)) or None for _, record in records]
        for key, name in zip(keys, names, strict=True)
    }
    called = dict(zip(keys, names, strict=True))
    values = [{called[key]: value for key, value in record.items()} for _, record in records]
    return Cells(columns, [row for row, _ in records], values=values)


def written_line(record: Mapping[str, Any]) -> bytes:
    r"""Return a line of text, numbers, booleans and nulls; a `Numeral` stands there as it was written.

    >>> written_line({"id": "7", "x": Numeral("1.50"), "y": None})
    b'{"id": "7", "x": 1.50, "y": null}\n'
    """
    pairs = (f"{_written(name)}: {_written(value)}" for name, value in record.items())
    return f"{{{', '.join(pairs)}}}\n".encode()


def _written(value: object) -> str:
    return value.text if isinstance(value, Numeral) else json.dumps(value, ensure_ascii=False)


def numeral_or_text(text: str) -> Numeral | str:
    """Return a text that JSON reads as a number as one.

    >>> isinstance(numeral_or_text("-0.5"), Numeral), numeral_or_text("007"), numeral_or_text("true")
    (True, '007', 'true')
    """
    try:
        value = json.loads(text, parse_int=Numeral, parse_float=Numeral, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, Numeral) else text


def _record(line: bytes, row: int, file: str) -> dict[str, Any]:
    try:
        record = json.loads(
            line, parse_int=Numeral, parse_float=Numeral, parse_constant=_refuse, object_pairs_hook=_once
        )
        if isinstance(record, dict) and record:
            cells = (_cell(value) or "" for value in record.values())
            "".join([*record, *cells]).encode()  # lone surrogates fail here
            return record
    except (ValueError, RecursionError):
        pass
    raise InvalidInput("records.json-line", file=file, row=row)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a key stands twice")
    return record


def _cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Numeral):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    raise ValueError("nested")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
