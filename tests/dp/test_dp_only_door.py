"""`charge.noise` is the only noise source: the source code holds no second door.

Promise: "`with ledger.charge(plan) as charge:` is the only door; `charge.noise` the only noise source."
"""

import ast
from pathlib import Path

import pytest

import confide

SOURCE = Path(confide.__file__).parent
MAY_OPEN = {"ledger"}  # the room that opens a stream, inside a charge
MAY_PLAY = {"demo"}  # the room whose seeded data protect nobody


def second_doors(room: str, source: str) -> list[str]:
    """Return what `source`, a file of `room`, does that only a charge may do."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and room not in MAY_OPEN:
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in {"Stream", "Noise"}:
                found.append(f"line {node.lineno} opens a {name}")
        if isinstance(node, ast.ImportFrom) and room not in MAY_OPEN:
            for alias in node.names:
                if alias.name in {"Stream", "Noise"} and alias.asname:
                    found.append(f"line {node.lineno} hides {alias.name} under another name")
        if room in MAY_PLAY:
            continue
        if isinstance(node, ast.Attribute) and node.attr == "random" and isinstance(node.value, ast.Name):
            if node.value.id in {"np", "numpy"}:
                found.append(f"line {node.lineno} uses numpy.random")
        if isinstance(node, ast.Import) and any(
            a.name.split(".")[0] == "random" or a.name.startswith("numpy.random") for a in node.names
        ):
            found.append(f"line {node.lineno} imports random")
        if isinstance(node, ast.ImportFrom):
            if node.module in {"random", "numpy.random"} or (
                node.module == "numpy" and any(a.name == "random" for a in node.names)
            ):
                found.append(f"line {node.lineno} imports random")
    return found


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
