"""Public text that a model may learn from before it sees a patient: plain text, notes whose entities are marked, or pairs.

Promise: public files are named in the study file and known by their SHA-256, which the release carries. That they hold no
patient's records is for whoever names them to know; nothing here can tell.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from confide.errors import InvalidInput
from confide.tasks.corpora import entities_of
from confide.tasks.spans import Tagged

LARGEST = 64 << 20
LEAST = 2000  # characters


@dataclass(frozen=True, slots=True)
class Public:
    """Public texts, some with their entities, each with what it was written from. Printed by digest alone: they are long."""

    sha256: str | None
    texts: tuple[str, ...] = field(default=(), repr=False, compare=False)
    marked: tuple[Tagged, ...] = field(default=(), repr=False, compare=False)
    given: tuple[str, ...] = field(default=(), repr=False, compare=False)  # of each text; "" where not said


NO_PUBLIC = Public(None)


def read_public(
    folder: Path, pattern: str, labels: str | None = None, *, given: str | None = None, least: int = LEAST
) -> Public:
    """Read public files: .jsonl with a `text` and, where they have them, the columns `labels` and `given`; any other is plain text.

    Args:
        folder: of the study.
        pattern: below it, * is understood.
        labels: column of the entities.
        given: column that a text was written from.
        least: characters of all texts together; fewer teach a model no words.

    Raises:
        InvalidInput: there is no such file, it is too large or too small, or a line cannot be read.
    """
    paths = [path for path in sorted(folder.glob(pattern)) if path.is_file()]
    if not paths:
        raise InvalidInput("tasks.no-public", path=pattern)
    if sum(path.stat().st_size for path in paths) > LARGEST:
        raise InvalidInput("tasks.public-too-large", path=pattern, most=LARGEST >> 20)
    digest = hashlib.sha256()
    texts: list[tuple[str, str]] = []  # what was given, and the text
    marked: list[Tagged] = []
    for path in paths:
        data = path.read_bytes()
        digest.update(hashlib.sha256(data).digest())
        try:
            lines = data.decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise InvalidInput("tasks.not-utf8", file=path.name) from None
        if path.suffix != ".jsonl":
            texts += [("", line) for line in lines if line.strip()]
            continue
        found = _records(lines, path.name, labels, given)
        texts += [(before, text) for before, text, _ in found]
        marked += [note for _, _, note in found if note is not None]
    if sum(len(text) for _, text in texts) < least:
        raise InvalidInput("tasks.little-text", path=pattern)
    before = tuple(said for said, _ in texts)
    return Public(digest.hexdigest(), tuple(text for _, text in texts), tuple(marked), before)


def _records(
    lines: Sequence[str], file: str, labels: str | None, given: str | None
) -> list[tuple[str, str, Tagged | None]]:
    found: list[tuple[str, str, Tagged | None]] = []
    for row, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            text, cell = record["text"], record.get(labels) if labels else None
            before = (record.get(given) if given else None) or ""
            if not (isinstance(text, str) and isinstance(before, str)):
                raise TypeError
            found.append((before, text, None if cell is None else Tagged(text, entities_of(cell, text))))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise InvalidInput("tasks.public-line", file=file, row=row) from None
    return found
