"""The plan of a graph of entities: a released model reads the notes, patients are counted, the counts get noise.

Guarantee: that of `confide.tasks.graph`, for every patient with all of that patient's notes. The model was paid for by
its own charge; that it reads these notes again is what this charge is for. Writes RDF and a picture of the release.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

import polars as pl

from confide.dp.events import Event
from confide.dp.noise import Noise
from confide.tasks.graph import Counting, Node, found_in, graph_of
from confide.tasks.graph_picture import graph_svg
from confide.tasks.notes import PATIENT, TEXT, verify_columns
from confide.tasks.rdf import RDF, RDFS, TYPE, XSD, Literal, Triple, address, n_triples, turtle
from confide.tasks.releases import public_fields
from confide.tasks.section import GraphSection
from confide.types import Json

TERMS = "urn:confide:terms:"


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphPlan:
    """What will be counted and what it costs. Every field is public.

    `types` are those of the model; its release is handed over with the notes, as `Read`.
    """

    settings: GraphSection
    types: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the name of the release inside its study."""
        return self.settings.name

    @property
    def source(self) -> str:
        """Return the name of the notes that are read."""
        return self.settings.source

    @property
    def epsilon(self) -> float:
        """Return what the counts cost one patient, at `delta`."""
        return self.settings.epsilon

    @property
    def delta(self) -> float:
        """Return the δ that belongs to `epsilon`."""
        return self.settings.delta

    @property
    def counting(self) -> Counting:
        """Return how the counts are protected."""
        return Counting(settings=self.settings, types=self.types)

    def event(self) -> Event:
        """Return what the counts cost when one patient is added or removed; data only."""
        return self.counting.event()

    def to_json(self) -> Json:
        """Return the kind and all public fields; numbers with a fraction as text."""
        return {"kind": "graph", "types": list(self.types), **public_fields(self.settings)}

    def text_columns(self) -> frozenset[str]:
        """Return the columns that are read."""
        return frozenset({TEXT})

    def verify_columns(self, columns: Collection[str]) -> None:
        """Raise if a column that the plan reads is not there."""
        verify_columns(columns, self.text_columns())

    def execute(self, data: "Read", noise: Noise) -> Json:
        """Return the release: nodes and edges with noisy counts of patients.

        Guarantee: (`epsilon`, `delta`)-differentially private for adding or removing one patient.
        """
        counting = self.counting
        patients = (found_in(notes, self.settings) for notes in data.entities())
        shown = graph_of(counting.counts(patients, noise))
        noise_of = counting.sigma if self.settings.terms else counting.unknown.scale
        return {
            **self.to_json(),
            "epsilon": self.epsilon,
            "delta": self.delta,
            "noise": noise_of,
            "threshold": None if self.settings.terms else counting.unknown.threshold,
            "relation": "add or remove one patient",
            **shown,
            "notes": [{"key": "tasks.note-together"}, {"key": "tasks.note-machine"}],
        }


@dataclass(frozen=True, slots=True)
class Read:
    """Notes, and the released model that reads them. Patient data: never printed."""

    notes: pl.DataFrame = field(repr=False)
    model: Json = field(repr=False)

    def entities(self) -> list[list[list[Node]]]:
        """Return per patient, per note, the entities that the model finds: patient data."""
        from confide.tasks.tagger import find

        rows = self.notes.select(pl.col(PATIENT).cast(pl.String), TEXT).drop_nulls().rows()
        found: dict[str, list[list[Node]]] = defaultdict(list)
        texts = [text for _, text in rows]
        for (patient, text), entities in zip(rows, find(self.model, texts), strict=True):
            found[patient].append([(each.type, text[each.start : each.end]) for each in entities])
        return list(found.values())


def triples_of(release: Json) -> list[Triple]:
    """Return a released graph as triples; every count stands with the ε that it was released under."""
    here = address("urn:confide:graph:", release["name"]) + "/"
    cost = {
        f"{TERMS}epsilon": Literal(repr(release["epsilon"]), "double"),
        f"{TERMS}delta": Literal(repr(release["delta"]), "double"),
    }
    names, found = [], []
    for node in release["nodes"]:
        name = address(here, node["type"], node["term"])
        names.append(name)
        said: dict[str, str | Literal] = {
            TYPE: f"{TERMS}Entity",
            f"{RDFS}label": Literal(node["term"]),
            f"{TERMS}type": Literal(node["type"]),
        }
        if node["patients"] is not None:
            said |= {f"{TERMS}patients": Literal(str(node["patients"]), "integer"), **cost}
        found += [Triple(name, predicate, what) for predicate, what in said.items()]
    for at, edge in enumerate(release["edges"]):
        first, second = names[edge["from"]], names[edge["to"]]
        said = {
            TYPE: f"{RDF}Statement",
            f"{RDF}subject": first,
            f"{RDF}predicate": f"{TERMS}foundWith",
            f"{RDF}object": second,
            f"{TERMS}patients": Literal(str(edge["patients"]), "integer"),
            **cost,
        }
        found.append(Triple(first, f"{TERMS}foundWith", second))
        found += [Triple(address(here, "edge", str(at)), predicate, what) for predicate, what in said.items()]
    return found


def files_of(release: Json) -> dict[str, str]:
    """Return the released graph as files: suffix -> content."""
    triples = triples_of(release)
    prefixes = {"rdf": RDF, "rdfs": RDFS, "xsd": XSD, "confide": TERMS}
    return {"ttl": turtle(triples, prefixes), "nt": n_triples(triples), "svg": graph_svg(release)}
