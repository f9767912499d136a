"""The graph: what one patient can change, what is shown, and files that read back."""

import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.dp.accountant import epsilon
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.tasks.graph import Counting, exact_counts, found_in, graph_of, term_of
from confide.tasks.mapped import files_of, triples_of
from confide.tasks.rdf import Literal, Triple, n_triples, turtle
from confide.tasks.section import GraphSection

NODES = st.tuples(st.sampled_from(["disease", "drug"]), st.text("ab cdé肝", max_size=4))
PATIENTS = st.lists(st.lists(st.lists(NODES, max_size=6), max_size=4), max_size=6)


def section(**changes) -> GraphSection:
    given = {
        "task": "graph",
        "source": "notes",
        "model": "found",
        "epsilon": 2.0,
        "patients": 100,
        "delta": 1e-5,
    }
    return GraphSection(**given | {"entities": 3, "pairs": 2} | changes)


@settings(max_examples=80)
@given(PATIENTS, st.lists(st.lists(NODES, max_size=9), max_size=6), st.booleans())
def test_one_patient_more_changes_the_counts_by_at_most_the_bound(patients, one_more, public):
    asked = section(terms=("a", "b", "肝")) if public else section()
    found = [found_in(notes, asked) for notes in patients]
    own = found_in(one_more, asked)
    before, after = exact_counts(found), exact_counts([*found, own])
    changes = {key: after[key] - before[key] for key in after if after[key] != before[key]}
    assert all(change == 1 for change in changes.values())
    assert sum(len(key) == 1 for key in changes) <= asked.entities
    assert sum(len(key) == 2 for key in changes) <= asked.pairs
    counting = Counting(settings=asked, types=("disease", "drug"))
    assert math.sqrt(len(changes)) <= counting.norm
    assert len(changes) <= counting.unknown.sensitivity
    assert len(changes) <= counting.unknown.keys


@given(PATIENTS)
def test_whose_entities_are_counted_depends_on_nobody_else(patients):
    for notes in patients:
        own = found_in(notes, section())
        assert own == found_in(list(notes), section())
        assert len(set(own.nodes)) == len(own.nodes)
        assert all({first, second} <= set(own.nodes) for first, second in own.pairs)


@pytest.mark.parametrize("terms", [(), ("aspirin", "angina")])
def test_the_counts_cost_what_the_plan_says(terms):
    asked = section(terms=terms)
    cost = epsilon(Counting(settings=asked, types=("drug",)).event(), asked.delta)
    assert 0.9 * asked.epsilon < cost <= asked.epsilon


@pytest.mark.parametrize("terms", [(), ("angina", "aspirin", "gout")])
def test_what_many_patients_have_is_shown_and_what_one_has_is_not(terms):
    asked = section(terms=terms)
    many = found_in([[("disease", "angina"), ("drug", "Aspirin,")]], asked)
    alone = found_in([[("disease", "gout")]], asked)
    counting = Counting(settings=asked, types=("disease", "drug"))
    counts = counting.counts([*[many] * 500, alone], Noise(Stream(bytes(32))))
    assert set(counts) == {
        (("disease", "angina"),), (("drug", "aspirin"),), (("disease", "angina"), ("drug", "aspirin")),
    }  # fmt: skip
    assert all(abs(count - 500) < 60 for count in counts.values())
    shown = graph_of(counts)
    assert [node["term"] for node in shown["nodes"]]
    assert len(shown["edges"]) == 1


def test_an_edge_brings_nodes_that_are_not_shown_themselves():
    shown = graph_of({(("a", "x"), ("b", "y")): 40})
    assert [node["patients"] for node in shown["nodes"]] == [None, None]
    assert shown["edges"] == [{"from": 0, "to": 1, "patients": 40}]


@pytest.mark.parametrize(
    "wrong", [{"entities": 0}, {"pairs": True}, {"terms": ("a", "a")}, {"terms": ("\x1e",)}, {"delta": 1e-2}]
)
def test_a_graph_that_could_never_be_counted_is_refused(wrong):
    with pytest.raises(InvalidInput):
        section(**wrong)


# RDF, read back by a little reader of N-Triples (https://www.w3.org/TR/n-triples/) ------------------------

_LINE = re.compile(
    r'<([^<>"{}|^`\\\x00-\x20]*)> <([^<>"{}|^`\\\x00-\x20]*)> (?:<([^<>\x00-\x20]*)>|"((?:[^"\\\n\r]|\\.)*)"(?:\^\^<([^<>]*)>)?) \.'
)
_NAMED = {"t": "\t", "n": "\n", "r": "\r", '"': '"', "\\": "\\"}


def unescaped(text):
    return re.sub(r"\\(?:u([0-9A-F]{4})|(.))", lambda m: chr(int(m[1], 16)) if m[1] else _NAMED[m[2]], text)


def read_back(text):
    found = []
    for line in text.split("\n")[:-1]:
        match = _LINE.fullmatch(line)
        assert match, "not a line of N-Triples"
        subject, predicate, address, literal, kind = match.groups()
        found.append((subject, predicate, address if literal is None else (unescaped(literal), kind)))
    return found


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=6))
def test_n_triples_read_back_whatever_is_in_a_label(pairs):
    from confide.tasks.rdf import address

    triples = [Triple(address("urn:x:", name), "urn:says", Literal(label)) for name, label in pairs]
    assert read_back(n_triples(triples)) == [
        (one.subject, one.predicate, (label.encode("utf-8", "replace").decode(), None))
        for one, (_, label) in zip(triples, pairs, strict=False)
    ]


def release(term='stomach "ulcer"\n\\ 胃溃疡'):
    return {
        "name": "map", "epsilon": 2.0, "delta": 1e-5,
        "nodes": [{"type": "disease", "term": term, "patients": 31}, {"type": "drug", "term": "x", "patients": None}],
        "edges": [{"from": 0, "to": 1, "patients": 17}],
    }  # fmt: skip


def test_every_count_stands_with_its_epsilon():
    found = read_back(n_triples(triples_of(release())))
    counted = {subject for subject, predicate, _ in found if predicate.endswith(":patients")}
    assert len(counted) == 2
    for subject in counted:
        told = {predicate: what for one, predicate, what in found if one == subject}
        assert told["urn:confide:terms:epsilon"][0] == "2.0"
        assert told["urn:confide:terms:delta"][0] == "1e-05"
    assert "foundWith" in json.dumps(found)


def test_turtle_says_the_same_as_n_triples():
    """Every paragraph of ours is one subject; literals hold no line break, so lines can be read one by one."""
    text, prefixes, subject, found = files_of(release())["ttl"], {}, "", []
    pattern = re.compile(r'(\S+) (?:("(?:[^"\\]|\\.)*")(?:\^\^(\S+))?|(\S+)) [;.]')

    def whole(name):
        prefix, _, rest = name.partition(":")
        return name[1:-1] if name.startswith("<") else prefixes[prefix] + rest

    for line in text.split("\n"):
        if line.startswith("@prefix"):
            _, name, address, _ = line.split(" ")
            prefixes[name[:-1]] = address[1:-1]
        elif line.startswith("    "):
            predicate, literal, kind, address = pattern.fullmatch(line.strip()).groups()
            what = (unescaped(literal[1:-1]), kind and whole(kind)) if literal else whole(address)
            found.append((subject, whole(predicate), what))
        elif line:
            subject = whole(line)
    assert found == read_back(files_of(release())["nt"])
    assert turtle([], {}) == ""
    assert not Path(text[:20]).exists()


def test_a_term_is_counted_in_one_form():
    assert {term_of(text) for text in ("Angina  pectoris", " angina pectoris。", "ANGINA\x1epectoris")} == {
        "angina pectoris"
    }


def test_the_picture_is_xml_and_holds_every_label_escaped():
    from xml.etree import ElementTree

    from confide.tasks.graph_picture import graph_svg

    root = ElementTree.fromstring(graph_svg(release(term='a<b>&"\x00 胃')))
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("31" in text for text in texts)
    assert len(root.findall("{http://www.w3.org/2000/svg}path")) == 1
    assert graph_svg({"name": "none", "epsilon": 1.0, "nodes": [], "edges": []})
