"""`charge.noise` is the only noise source: the source code holds no second door.

Promise: "`with ledger.charge(plan) as charge:` is the only door; `charge.noise` the only noise source."
"""

import ast
from pathlib import Path

import pytest

import confide

SOURCE = Path(confide.__file__).parent
SECRET = {"Stream", "Noise"}
MAY_OPEN = {"ledger"}  # the room that opens a stream, inside a charge
MAY_PLAY = {"demo"}  # the room whose seeded data protect nobody


def second_doors(room: str, source: str) -> list[str]:
    """Return what `source`, a file of `room`, does that only a charge may do."""
    found = []
    for node in ast.walk(ast.parse(source)):
        what = None
        if room not in MAY_OPEN:
            what = opens(node)
        if room not in MAY_PLAY:
            what = what or plays(node)
        if what:
            found.append(f"line {node.lineno} {what}")
    return found


def opens(node: ast.AST) -> str | None:
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return f"opens a {name}" if name in SECRET else None
    if isinstance(node, ast.ImportFrom) and any(
        alias.name in SECRET and alias.asname for alias in node.names
    ):
        return "hides the source of noise under another name"
    return None


def plays(node: ast.AST) -> str | None:
    match node:
        case ast.Attribute(attr="random", value=ast.Name(id="np" | "numpy")):
            return "uses numpy.random"
        case ast.Import(names=names) if any(
            n.name == "random" or n.name.startswith("numpy.random") for n in names
        ):
            return "imports random"
        case ast.ImportFrom(module="random" | "numpy.random"):
            return "imports random"
        case ast.ImportFrom(module="numpy", names=names) if any(n.name == "random" for n in names):
            return "imports random"
    return None


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_the_generator_of_noise_exists_only_inside_a_charge(path):
    room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    assert second_doors(room, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "planted",
    [
        "noise = Noise(Stream())",
        "from confide.dp import noise\nnoise.Noise(s)",
        "from confide.dp.noise import Noise as Quiet",
        "import random",
        "import random as r",
        "from random import gauss",
        "import numpy as np\nnp.random.laplace()",
        "import numpy\nnumpy.random.default_rng()",
        "from numpy import random",
        "from numpy.random import default_rng",
        "import numpy.random as npr",
    ],
)
def test_a_planted_second_door_is_found(planted):
    assert second_doors("stats", planted)


def test_what_is_allowed_is_allowed():
    assert second_doors("ledger", "noise = Noise(Stream())") == []
    assert second_doors("demo", "import random") == []
    assert (
        second_doors(
            "stats", "from confide.dp.noise import Noise\ndef f(noise: Noise): noise.bernoulli(0.5, 3)"
        )
        == []
    )
