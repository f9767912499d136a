"""Count how many patients have an entity, and how many have two of them: a graph whose counts are differentially private.

Guarantee: one patient more or less changes at most `entities` counts of entities and `pairs` counts of pairs, each by one;
which of a patient's entities are counted follows from that patient's notes alone. Found together is all that an edge
says: not that one causes or treats the other. Terms are a public list, or shown from a threshold up, which pays δ.
Proof: `docs/proofs/tasks.md`.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from confide.dp.accountant import calibrate_gaussian
from confide.dp.events import DiscreteGaussian, Event
from confide.dp.noise import Noise
from confide.dp.unknown import UnknownKeys
from confide.tasks.section import GraphSection
from confide.types import Json

Node = tuple[str, str]  # type of the entity, its term
Key = tuple[Node, ...]  # of one node, or of two: a pair
_MARKS = ",，、。;；:： \t\n\r"
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Found:
    """What a model found in one patient's notes. Of a patient: never printed."""

    nodes: tuple[Node, ...] = field(repr=False)
    pairs: tuple[tuple[Node, Node], ...] = field(repr=False)


def term_of(text: str) -> str:
    """Return an entity as it is counted: lower case, one space between words, no mark at its ends.

    >>> term_of(" Type 2  Diabetes, ")
    'type 2 diabetes'
    """
    return re.sub(r"\s+", " ", text.lower()).strip(_MARKS)[:_LONGEST]


def found_in(notes: Iterable[Sequence[Node]], settings: GraphSection) -> Found:
    """Return what is counted of one patient: entities and pairs of one note, those of most notes first.

    Guarantee: at most `settings.entities` nodes and `settings.pairs` pairs of them, each once, decided by these notes.

    Args:
        notes: of one patient, each as its entities.
        settings: how many, and which terms.
    """
    public = {term_of(term) for term in settings.terms}
    each = [
        {
            (kind, term_of(term))
            for kind, term in note
            if (term_of(term) in public if public else term_of(term))
        }
        for note in notes
    ]
    often = Counter(node for note in each for node in note)
    nodes = sorted(often, key=lambda node: (-often[node], node))[: settings.entities]
    kept = set(nodes)
    together = Counter(pair for note in each for pair in combinations(sorted(note & kept), 2))
    pairs = sorted(together, key=lambda pair: (-together[pair], pair))[: settings.pairs]
    return Found(tuple(nodes), tuple(pairs))


@dataclass(frozen=True, kw_only=True, slots=True)
class Counting:
    """How the counts are protected. Every field is public."""

    settings: GraphSection
    types: tuple[str, ...]  # of the model that reads the notes

    @property
    def unknown(self) -> UnknownKeys:
        """The thresholding of terms that nobody listed."""
        most = self.settings.entities + self.settings.pairs
        return UnknownKeys.for_delta(
            epsilon=self.settings.epsilon, delta=self.settings.delta / 2, sensitivity=most, keys=most
        )

    @property
    def sigma(self) -> float:
        """The noise on counts of public terms."""
        settings = self.settings
        return calibrate_gaussian(settings.epsilon, settings.delta / 2, sensitivity=self.norm)

    @property
    def norm(self) -> float:
        """The most that one patient moves the counts of public terms, in L2."""
        return math.sqrt(self.settings.entities + self.settings.pairs)

    def event(self) -> Event:
        """Return what counting costs; data only."""
        if self.settings.terms:
            return DiscreteGaussian(sensitivity=self.norm, sigma=self.sigma)
        return self.unknown.event()

    def counts(self, patients: Iterable[Found], noise: Noise) -> dict[Key, int]:
        """Return noisy counts of patients per entity and pair, of those that are shown."""
        true = exact_counts(patients)
        if self.settings.terms:
            return self._of_public(true, noise)
        asked = self.unknown
        shown = asked.show({_name(key): count for key, count in true.items()}, noise)
        return {_key(name): count for name, count in shown.items()}

    def _of_public(self, true: Mapping[Key, int], noise: Noise) -> dict[Key, int]:
        """Add noise to every key that there can be, and show what stands out; the choice looks at noisy counts only."""
        terms = sorted({term_of(term) for term in self.settings.terms})
        nodes = [(kind, term) for kind in sorted(self.types) for term in terms]
        keys: list[Key] = [*((node,) for node in nodes), *combinations(nodes, 2)]
        drawn = noise.discrete_gaussian(self.sigma, len(keys))
        noisy = {key: true.get(key, 0) + int(one) for key, one in zip(keys, drawn, strict=True)}
        least = max(
            1.0, self.sigma * math.sqrt(2 * math.log(len(keys) + 1))
        )  # what noise alone hardly reaches
        return {key: count for key, count in noisy.items() if count >= least}


def exact_counts(patients: Iterable[Found]) -> Counter[Key]:
    """Return how many patients have each entity and each pair: patient data, shown to nobody."""
    counts: Counter[Key] = Counter()
    for found in patients:
        counts.update((node,) for node in found.nodes)
        counts.update(found.pairs)
    return counts


def graph_of(counts: Mapping[Key, int]) -> Json:
    """Return the nodes and edges of released counts; an edge brings its nodes along, without a count of their own."""
    nodes: dict[Node, int | None] = defaultdict(lambda: None)
    for key, count in counts.items():
        if len(key) == 1:
            nodes[key[0]] = count
    edges = [(*key, count) for key, count in counts.items() if len(key) == 2]
    for first, second, _ in edges:
        nodes[first], nodes[second] = nodes[first], nodes[second]
    order = sorted(nodes, key=lambda node: (-(nodes[node] or 0), node))
    place = {node: at for at, node in enumerate(order)}
    return {
        "nodes": [{"type": kind, "term": term, "patients": nodes[kind, term]} for kind, term in order],
        "edges": [
            {"from": place[first], "to": place[second], "patients": count}
            for first, second, count in sorted(
                edges, key=lambda edge: (-edge[2], place[edge[0]], place[edge[1]])
            )
        ],
    }


def _name(key: Key) -> str:
    """Write a key as one text; neither a type nor a term holds the marks between, which count as spaces."""
    return "\x1e".join("\x1f".join(node) for node in key)


def _key(name: str) -> Key:
    nodes = (node.split("\x1f") for node in name.split("\x1e"))
    return tuple((kind, term) for kind, term in nodes)
