"""Write the two editions of the dossier, as pages and as JSON, in full or not at all."""

from pathlib import Path

from confide.crypto.canonical import canonical
from confide.study.dossier import render
from confide.types import Json
from confide.vault.durable import placing

FOLDER = "dossier"


def write_dossier(folder: Path, inside: Json, outside: Json, *, language: str) -> list[Path]:
    """Write `dossier/{outside,inside}.{html,json}` under `folder`; only their owner may read *inside*."""
    target = folder / FOLDER
    target.mkdir(mode=0o700, exist_ok=True)
    written = []
    for name, document in (("outside", outside), ("inside", inside)):
        _write(target / f"{name}.json", canonical(document))
        _write(target / f"{name}.html", render(document, language).encode())
        written.append(target / f"{name}.html")
    return written


def _write(path: Path, content: bytes) -> None:
    with placing(path, replace=True) as file:
        file.write(content)
