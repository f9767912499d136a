"""Imports point down the floors; rooms of one floor do not import each other.

The map is `docs/architecture.md` in one table. A planted upward import shows that the check can fail.
"""

import ast
from pathlib import Path

import pytest

import confide

SOURCE = Path(confide.__file__).parent
FLOOR = {
    "errors": 0, "types": 0, "words": 0, "calls": 0, "patience": 0,
    "dp": 1, "crypto": 1,
    "records": 2, "engines": 2, "ledger": 2, "vault": 2, "transparency": 2,
    "charts": 3, "deid": 3, "risk": 3, "stats": 3, "synth": 3, "train": 3, "encrypted": 3,
    "federated": 4, "deploy": 4, "audit": 4, "tasks": 4,
    "study": 5, "demo": 5,
    "cli": 6, "console": 6,
}  # fmt: skip
WITHIN_A_FLOOR = {
    ("errors", "words"),
    ("calls", "errors"),
    ("demo", "study"),
    ("cli", "console"),
}


def imports_of(source: str) -> set[str]:
    """Return the rooms of confide that `source` imports, wherever in the file."""
    rooms = set()
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that this test can read them"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("confide.")}
    return rooms


def faults(room: str, source: str) -> list[str]:
    """Return one sentence per import of `source`, a file of `room`, that points up or sideways."""
    found = []
    for other in sorted(imports_of(source) - {room}):
        here, there = FLOOR[room], FLOOR.get(other)
        if there is None:
            continue  # a name of the top package
        if there > here:
            found.append(f"{room} (floor {here}) imports {other} (floor {there})")
        elif there == here and (room, other) not in WITHIN_A_FLOOR:
            found.append(f"{room} and {other} share floor {here}")
    return found


def files() -> list[Path]:
    return [path for path in sorted(SOURCE.rglob("*.py")) if path != SOURCE / "__init__.py"]


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_down_the_floors(path):
    room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    assert room in FLOOR, f"{room} has no floor; give it one here and in docs/architecture.md"
    assert faults(room, path.read_text(encoding="utf-8")) == []


def test_a_planted_upward_import_is_found():
    assert faults("dp", "from confide.study.run import run") == ["dp (floor 1) imports study (floor 5)"]
    assert faults("stats", "def f():\n    import confide.train.engine") == ["stats and train share floor 3"]
    assert faults("stats", "from confide.dp.noise import Noise") == []


@pytest.mark.parametrize("path", sorted(SOURCE.glob("*/__init__.py")), ids=lambda path: path.parent.name)
def test_rooms_have_an_empty_init(path):
    if path.parent.name in {"words"}:
        pytest.skip("words is one file with its data beside it")
    body = ast.parse(path.read_text(encoding="utf-8")).body
    assert all(isinstance(node, ast.Expr) for node in body), "an __init__ holds at most a docstring"
