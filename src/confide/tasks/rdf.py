"""Write triples as N-Triples and as Turtle, with every character escaped as the two standards say.

Guarantee: whatever stands in a label, the file is read back by any RDF reader as the triples that were given. Knows no
graph of ours. Source: W3C RDF 1.1 N-Triples and RDF 1.1 Turtle (2014).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import quote

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = f"{RDF}type"
_ESCAPED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, or a number as text with its type of XML Schema ("integer", "decimal")."""

    text: str
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Triple:
    """A subject and a predicate, both addresses, and an object, an address or a literal."""

    subject: str
    predicate: str
    object: "str | Literal"


def address(prefix: str, *parts: str) -> str:
    """Return an address below `prefix` that holds the parts, whatever is in them.

    >>> address("urn:x:", "drug", "a b/阿")
    'urn:x:drug/a%20b%2F%E9%98%BF'
    """
    return prefix + "/".join(quote(part.encode("utf-8", "replace"), safe="") for part in parts)


def n_triples(triples: Iterable[Triple]) -> str:
    r"""Return one triple a line.

    >>> print(n_triples([Triple("urn:a", "urn:b", Literal('say "no"'))]), end="")
    <urn:a> <urn:b> "say \"no\"" .
    """
    return "".join(f"{_iri(one.subject)} {_iri(one.predicate)} {_object(one.object)} .\n" for one in triples)


def turtle(triples: Iterable[Triple], prefixes: dict[str, str]) -> str:
    """Return the triples with one paragraph a subject; consecutive triples of a subject stand together.

    Args:
        triples: in the order in which they are to stand.
        prefixes: short name -> beginning of addresses, for what stands often.
    """

    def short(found: str) -> str:
        for name, start in prefixes.items():
            rest = found.removeprefix(start)
            if found.startswith(start) and rest.isascii() and rest.isalnum():
                return f"{name}:{rest}"
        return _iri(found)

    def written(found: "str | Literal") -> str:
        if isinstance(found, str):
            return short(found)
        return _quoted(found.text) + (f"^^{short(XSD + found.kind)}" if found.kind else "")

    parts = [f"@prefix {name}: {_iri(start)} .\n" for name, start in prefixes.items()]
    for subject, ones in groupby(triples, key=lambda one: one.subject):
        said = [f"{short(one.predicate)} {written(one.object)}" for one in ones]
        parts.append(f"\n{short(subject)}\n    " + " ;\n    ".join(said) + " .\n")
    return "".join(parts)


def _object(found: "str | Literal") -> str:
    if isinstance(found, str):
        return _iri(found)
    return _quoted(found.text) + (f"^^{_iri(XSD + found.kind)}" if found.kind else "")


def _iri(found: str) -> str:
    return (
        "<"
        + "".join(c if ord(c) > 0x20 and c not in '<>"{}|^`\\' else f"\\u{ord(c):04X}" for c in found)
        + ">"
    )


def _quoted(text: str) -> str:
    """Return a literal in quotes; control characters and lone surrogates as code points or U+FFFD."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    shown = (_ESCAPED.get(c) or (c if c >= " " and c != "\x7f" else f"\\u{ord(c):04X}") for c in whole)
    return '"' + "".join(shown) + '"'
