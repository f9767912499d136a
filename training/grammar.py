r"""A small grammar for documents: rules of alternatives, slots, and what a slot says about its own type.

A rule file holds `@rule` lines, each followed by its alternatives, one a line; `\n` is a line break, `%%` opens a
comment, `*3 ` before an alternative makes it three times as likely. In an alternative:

    {rule}         one alternative of another rule, or what the generator of that name makes
    {rule*2-4: }   two to four alternatives of a rule, none twice, with what follows the colon between them
    {a|b {c}|}     one of several texts
    {3-9} {3.5-9}  a number
    {gen:argument} a generator with an argument

Knows no language and no generator; those are handed in.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

Piece = tuple[str, str | None]  # a text, and the type of identifier that it is


@dataclass(slots=True)
class Draw:
    """One document being made: its randomness, what it remembers, its pieces so far."""

    random: Random
    split: str
    memo: dict[str, object] = field(default_factory=dict)
    out: list[Piece] = field(default_factory=list)


Node = Callable[[Draw], None]
Generator = Callable[[Draw, str], str | list[Piece]]
_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?-(\d+)(?:\.\d+)?")
_REPEAT = re.compile(r"(?s)([\w.]+)\*(\d+)-(\d+)(?::(.*))?")


def read_rules(*paths: Path) -> dict[str, list[str]]:
    """Read rule files into alternatives by rule; a rule may go on in a second file."""
    rules: dict[str, list[str]] = {}
    current: list[str] = []
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("@"):
                current = rules.setdefault(line[1:].strip(), [])
            elif line.strip() and not line.startswith("%%"):
                current.append(line.replace("\\n", "\n").replace("\\t", "\t"))
    return rules


class Grammar:
    """Compiled rules; `expand` makes the pieces of one document."""

    def __init__(self, rules: Mapping[str, list[str]], generators: Mapping[str, Generator]) -> None:
        """Compile every alternative, so that an unknown slot is found now and not after an hour."""
        self.generators = generators
        self.rules: dict[str, list[Node]] = {name: [] for name in rules}
        for name, alternatives in rules.items():
            for text in alternatives:
                weight = 1
                if match := re.match(r"\*(\d+) ", text):
                    weight, text = int(match[1]), text[match.end() :]
                self.rules[name] += [self._sequence(text)] * weight

    def expand(self, rule: str, draw: Draw) -> list[Piece]:
        """Return the pieces of one alternative of a rule."""
        draw.random.choice(self.rules[rule])(draw)
        return draw.out

    def _sequence(self, text: str) -> Node:
        nodes: list[Node] = []
        position = 0
        while position < len(text):
            opening = text.find("{", position)
            if opening != position:
                literal = text[position : opening if opening >= 0 else len(text)]
                nodes.append(_literal(literal))
                if opening < 0:
                    break
            closing = _closing(text, opening)
            nodes.append(self._slot(text[opening + 1 : closing]))
            position = closing + 1
        if len(nodes) == 1:
            return nodes[0]

        def run(draw: Draw) -> None:
            for node in nodes:
                node(draw)

        return run

    def _slot(self, inner: str) -> Node:
        if (parts := _split(inner)) and len(parts) > 1:
            choices = [self._sequence(part) for part in parts]
            return lambda draw: draw.random.choice(choices)(draw)
        if "{" in inner and not _REPEAT.fullmatch(inner):  # a group of one
            return self._sequence(inner)
        if match := _NUMBER.fullmatch(inner):
            return _number(match)
        if (match := _REPEAT.fullmatch(inner)) and match[1] in self.rules:
            return self._repeat(match[1], int(match[2]), int(match[3]), match[4] or "")
        if inner in self.rules:
            alternatives = self.rules[inner]
            return lambda draw: draw.random.choice(alternatives)(draw)
        if inner.partition(":")[0] not in self.generators:
            raise KeyError(inner)
        return lambda draw: self.fill(inner, draw)

    def fill(self, slot: str, draw: Draw) -> None:
        """Add what the generator of a slot makes."""
        name, _, argument = slot.partition(":")
        made = self.generators[name](draw, argument)
        if isinstance(made, str):
            draw.out.append((made, None))
        else:
            draw.out.extend(made)

    def _repeat(self, rule: str, low: int, high: int, between: str) -> Node:
        separator = self._sequence(between) if between else None

        def run(draw: Draw) -> None:
            nodes = self.rules[rule]
            picked = draw.random.sample(nodes, min(len(nodes), draw.random.randint(low, high)))
            for i, node in enumerate(picked):
                if i and separator:
                    separator(draw)
                node(draw)

        return run


def _literal(text: str) -> Node:
    return lambda draw: draw.out.append((text, None))


def _number(match: re.Match[str]) -> Node:
    low, digits, high = match[1], match[2], match[3]
    if digits is None:
        first, last = int(low), int(high)
        return lambda draw: draw.out.append((str(draw.random.randint(first, last)), None))
    scale = len(digits)
    text = match[0].split("-")
    start, stop = float(text[0]), float(text[1])
    return lambda draw: draw.out.append((f"{draw.random.uniform(start, stop):.{scale}f}", None))


def _closing(text: str, opening: int) -> int:
    depth = 0
    for i in range(opening, len(text)):
        depth += (text[i] == "{") - (text[i] == "}")
        if depth == 0:
            return i
    raise ValueError("no closing brace: " + text)


def _split(inner: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for i, character in enumerate(inner):
        depth += (character == "{") - (character == "}")
        if character == "|" and depth == 0:
            parts.append(inner[start:i])
            start = i + 1
    return [*parts, inner[start:]]
