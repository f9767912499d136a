"""Read JSON lines, one object a line, into text cells; a bad line is named by its number and never shown.

Guarantee: each line is one flat JSON object, read by the letter of RFC 8259, or the file is refused.
Knows nothing of notes or tables.
"""

import json
from typing import NoReturn

from confide.errors import InvalidInput
from confide.records.cells import Cells
from confide.records.naming import checked_names


def json_cells(text: bytes, file: str) -> Cells:
    r"""Return one row per line, all cells as text; a row is the line, from 1. Blank lines are passed over.

    A number is kept as it was written, `true` and `false` as those words, `null` and a missing key as null.

    Raises:
        InvalidInput: a line is not a JSON object of text, numbers, booleans and nulls.

    >>> cells = json_cells(b'{"id": 7, "note": "calm"}\n{"note": "b"}\n', "n.jsonl")
    >>> cells.rows, cells.columns["id"], cells.columns["note"]
    ([1, 2], ['7', None], ['calm', 'b'])
    """
    lines = text.split(b"\n")
    records = [(row, _record(line, row, file)) for row, line in enumerate(lines, start=1) if line.strip()]
    if not records:
        raise InvalidInput("records.empty", file=file)
    keys = list(dict.fromkeys(key for _, record in records for key in record))
    columns = {
        name: [record.get(key) or None for _, record in records]
        for key, name in zip(keys, checked_names(keys, file), strict=True)
    }
    return Cells(columns, [row for row, _ in records])


def _record(line: bytes, row: int, file: str) -> dict[str, str | None]:
    try:
        record = json.loads(
            line, parse_int=str, parse_float=str, parse_constant=_refuse, object_pairs_hook=_once
        )
        if isinstance(record, dict) and record:
            cells = {key: _cell(value) for key, value in record.items()}
            "".join([*cells, *(cell or "" for cell in cells.values())]).encode()  # lone surrogates fail here
            return cells
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
    if isinstance(value, bool):
        return "true" if value else "false"
    raise ValueError("nested")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
