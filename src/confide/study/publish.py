"""Write the two editions of the dossier, as pages and as JSON, in full or not at all."""

import json
import os
from pathlib import Path

from confide.study.dossier import render
from confide.types import Json

FOLDER = "dossier"


def write_dossier(folder: Path, inside: Json, outside: Json, *, language: str) -> list[Path]:
    """Write `dossier/{outside,inside}.{html,json}` under `folder`; only their owner may read *inside*."""
    target = folder / FOLDER
    target.mkdir(mode=0o700, exist_ok=True)
    written = []
    for name, document in (("outside", outside), ("inside", inside)):
        text = json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True)
        _write(target / f"{name}.json", text)
        _write(target / f"{name}.html", render(document, language))
        written.append(target / f"{name}.html")
    return written


def _write(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with scratch.open("w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
