"""Read corpora of texts with entities: one JSON object a line with `mention_data`, or one token and tag a line.

Guarantee: what does not fit its text is refused by its line; a message holds the name of the file and the line, nothing
of the text. The same checks stand for the cell of a note that names its entities (`entities_of`).
"""

import json
from collections.abc import Iterator
from typing import Any

from confide.errors import InvalidInput
from confide.tasks.spans import Entity, Tagged


def read_mentions(data: bytes, file: str) -> list[Tagged]:
    """Read lines {"text", "mention_data": [{"mention", "label", "offset"}]}, as cEHRNER is written.

    Raises:
        InvalidInput: a line is no such object, or a mention does not stand where it says.
    """
    found = []
    for row, line in _lines(data, file):
        try:
            record = json.loads(line)
            text, mentions = record["text"], record["mention_data"]
            entities = [_mention(text, each) for each in mentions]
            found.append(Tagged(text, _in_order(entities, len(text))))
        except (ValueError, TypeError, KeyError, RecursionError):
            raise InvalidInput("tasks.mentions", file=file, row=row) from None
    return _some(found, file)


def read_tokens(data: bytes, file: str, *, sentences: int = 1) -> list[Tagged]:
    """Read lines "token <tab> tag" (O, B-Type, I-Type) with a blank line after each sentence.

    Args:
        data: the file.
        file: its name, for messages.
        sentences: so many in a row become one text; the format marks no documents.

    Raises:
        InvalidInput: a line is not a token and a tag, or an I- continues nothing of its type.
    """
    found: list[Tagged] = []
    tokens: list[tuple[str, str]] = []
    ended, before = 0, "O"
    for row, line in enumerate(_decoded(data, file).split("\n"), start=1):
        line = line.rstrip("\r")
        if line.strip():
            token, _, tag = line.partition("\t")
            head, _, kind = tag.partition("-")
            continues = head == "I" and before[2:] == kind
            if not token.strip() or not (tag == "O" or (head == "B" and kind) or continues):
                raise InvalidInput("tasks.token-line", file=file, row=row)
            tokens.append((token, tag))
            before = tag
        elif before != "" and tokens:
            ended, before = ended + 1, ""
            if ended % sentences == 0:
                found.append(_joined(tokens))
                tokens = []
    return _some([*found, _joined(tokens)] if tokens else found, file)


def entities_of(cell: str, text: str) -> tuple[Entity, ...]:
    """Read the cell of a note that names its entities: a JSON list of {"start", "end", "type"}.

    Raises:
        ValueError: not such a list, or an entity is outside the text or overlaps another; without any of it.

    >>> len(entities_of('[{"start": 0, "end": 4, "type": "symptom"}]', "pain since Monday"))
    1
    """
    try:
        listed = json.loads(cell)
        return _in_order([_entity(each) for each in listed], len(text))
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ValueError("not a list of entities of this text") from None


def cell_of(entities: tuple[Entity, ...]) -> str:
    """Write what `entities_of` reads."""
    return json.dumps(
        [{"start": e.start, "end": e.end, "type": e.type} for e in entities], ensure_ascii=False
    )


def _mention(text: str, mention: dict[str, Any]) -> Entity:
    start, told, kind = int(mention["offset"]), mention["mention"], mention["label"]
    if not told or text[start : start + len(told)] != told:
        raise ValueError
    return _entity({"start": start, "end": start + len(told), "type": kind})


def _entity(each: dict[str, Any]) -> Entity:
    start, end, kind = each["start"], each["end"], each["type"]
    if type(start) is not int or type(end) is not int or not isinstance(kind, str) or not kind.strip():
        raise ValueError
    return Entity(start, end, kind)


def _in_order(entities: list[Entity], length: int) -> tuple[Entity, ...]:
    ordered, last = sorted(entities), 0
    for entity in ordered:
        if not last <= entity.start < entity.end <= length:
            raise ValueError
        last = entity.end
    return tuple(ordered)


def _joined(tokens: list[tuple[str, str]]) -> Tagged:
    """Join tokens with spaces, and count where the entities then stand."""
    entities: list[Entity] = []
    at = 0
    for token, tag in tokens:
        end = at + len(token)
        if tag.startswith("B-"):
            entities.append(Entity(at, end, tag[2:]))
        elif tag.startswith("I-"):
            entities.append(Entity(entities.pop().start, end, tag[2:]))
        at = end + 1
    return Tagged(" ".join(token for token, _ in tokens), tuple(entities))


def _lines(data: bytes, file: str) -> Iterator[tuple[int, str]]:
    for row, line in enumerate(_decoded(data, file).split("\n"), start=1):
        if line.strip():
            yield row, line


def _decoded(data: bytes, file: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput("tasks.not-utf8", file=file) from None


def _some(found: list[Tagged], file: str) -> list[Tagged]:
    if not found:
        raise InvalidInput("records.empty", file=file)
    return found
