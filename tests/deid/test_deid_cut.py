"""Notes that were cut anywhere and end in any sign are searched without a fault."""

import random
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2] / "benchmarks" / "clinical_phi"))

from write import notes

from confide.deid.deidentify import Deidentifier

ENDS = (
    ":",
    "\n阿:",
    "\n小 :",
    ": ",
    "  ",
    "\n",
    "、",
    "(",
    '"',
    "|",
    "  男",
    "某",
    "岁",
    "年",
    "-",
    "/",
    "周",
    "'s",
    "@",
    "#",
    "：",
    "\u3000",
    "\u200b",
)


def test_pieces_of_notes_are_searched_without_a_fault():
    draw = random.Random(7)
    texts = [note["text"] for note in notes(seed=5, per_style=20) if not note["held"]]
    doors = [Deidentifier(policy, key=bytes(32)) for policy in ("gbt37964-research", "expert-determination")]
    for _ in range(40):
        pieces = []
        for _ in range(60):
            text = draw.choice(texts)
            at = draw.randrange(len(text))
            pieces.append(text[at : at + draw.randint(1, 60)] + draw.choice(ENDS))
        for door in doors:
            assert all(len(found.spans) == len(found.places) for found in door.texts(pieces, {}, "p"))
