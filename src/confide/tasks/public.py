"""Public text that a model may learn from before it sees a patient: plain text, or notes whose entities are marked.

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
    """Public texts, some with their entities. Printed by digest alone, because they are long."""

    sha256: str | None
    texts: tuple[str, ...] = field(default=(), repr=False, compare=False)
    marked: tuple[Tagged, ...] = field(default=(), repr=False, compare=False)


NO_PUBLIC = Public(None)


def read_public(folder: Path, pattern: str, labels: str | None, *, least: int = LEAST) -> Public:
    """Read public files: .jsonl with a `text` and, where they are marked, the column `labels`; any other is plain text.

    Args:
        folder: of the study.
        pattern: below it, * is understood.
        labels: column of the entities.
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
    texts: list[str] = []
    marked: list[Tagged] = []
    for path in paths:
        data = path.read_bytes()
        digest.update(hashlib.sha256(data).digest())
        try:
            lines = data.decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise InvalidInput("tasks.not-utf8", file=path.name) from None
        if path.suffix != ".jsonl":
            texts += [line for line in lines if line.strip()]
            continue
        found = _records(lines, path.name, labels)
        texts += [text for text, _ in found]
        marked += [note for _, note in found if note is not None]
    if sum(map(len, texts)) < least:
        raise InvalidInput("tasks.little-text", path=pattern)
    return Public(digest.hexdigest(), tuple(texts), tuple(marked))


def _records(lines: Sequence[str], file: str, labels: str | None) -> list[tuple[str, Tagged | None]]:
    found: list[tuple[str, Tagged | None]] = []
    for row, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            text, cell = record["text"], record.get(labels) if labels else None
            found.append((text, None if cell is None else Tagged(text, entities_of(cell, text))))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise InvalidInput("tasks.public-line", file=file, row=row) from None
    return found
