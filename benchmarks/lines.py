"""One JSON object a line: what every benchmark prints, and how a value is held against its target."""

import argparse
import json
from collections.abc import Callable, Iterable, Mapping

Line = dict[str, object]


def line(name: str, value: float, target: str, *, ours: object, rival: object, unit: str, how: str) -> Line:
    """Return one benchmark line; `target` is an operator and a number."""
    operator, number = target.split()
    wanted = float(number)
    holds = {"<=": value <= wanted, ">=": value >= wanted, ">": value > wanted, "==": value == wanted}[
        operator
    ]
    return {
        "id": name, "value": round(value, 4), "target": target, "holds": holds,
        "ours": ours, "rival": rival, "unit": unit, "how": how,
    }  # fmt: skip


def show(parts: Mapping[str, Callable[[], Iterable[Line]]], only: str) -> None:
    """Run the parts that can hold an id beginning with `only`, and print those lines."""
    for name, part in parts.items():
        if name.startswith(only) or only.startswith(name):
            for found in part():
                if str(found["id"]).startswith(only):
                    print(json.dumps(found), flush=True)


def arguments(doc: str | None, room: str) -> argparse.ArgumentParser:
    """Return the parser of what all benchmarks understand."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--only", default=room, help="ids that begin so")
    parser.add_argument("--quick", action="store_true")
    return parser
