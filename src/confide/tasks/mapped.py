"""The plan of a graph of entities: a released model reads the notes, patients are counted, the counts get noise.

Guarantee: that of `confide.tasks.graph`, for every patient with all of that patient's notes. The model was paid for by
its own charge; that it reads these notes again is what this charge is for. Writes RDF and a picture of the release.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import polars as pl

from confide.dp.noise import Noise
from confide.tasks.graph import Counting, Node, found_in, graph_of
from confide.tasks.graph_picture import graph_svg
from confide.tasks.notes import PATIENT, TEXT
from confide.tasks.plan import TaskPlan
from confide.tasks.rdf import RDF, RDFS, TYPE, XSD, Literal, Triple, address, n_triples, turtle
from confide.tasks.section import GraphSection
from confide.types import Json, Progress

TERMS = "urn:confide:terms:"


def graph_plan(settings: GraphSection, types: tuple[str, ...]) -> TaskPlan:
    """Return what will be counted and what it costs; `types` are those of the model, whose release arrives with the notes as `Read`."""
    return TaskPlan(
        settings=settings, kind="graph", protection=Counting(settings=settings, types=types),
        columns=frozenset({TEXT}), constants={"types": list(types)}, release=_release,
    )  # fmt: skip


def _release(plan: TaskPlan, data: "Read", noise: Noise, _: Progress) -> Json:
    settings: GraphSection = plan.settings
    counting = Counting(settings=settings, types=tuple(plan.constants["types"]))
    patients = (found_in(notes, settings) for notes in data.entities())
    shown = graph_of(counting.counts(patients, noise))
    return {
        **plan.to_json(),
        "epsilon": plan.epsilon,
        "delta": plan.delta,
        "noise": counting.sigma if settings.terms else counting.unknown.scale,
        "threshold": None if settings.terms else counting.unknown.threshold,
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
