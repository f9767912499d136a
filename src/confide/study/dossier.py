"""Write the evidence of one run, twice: *inside* (all figures) and *outside* (may be handed on).

Promise: the outside edition holds public constants and charged figures and nothing else. It is put
together from lists of allowed fields, so that a new fact stays inside until somebody lists it here;
`dossier.schema.json` closes the same lists a second time. What remains of the private figures is one
yes or no per gate, and the page counts these. Pure: no files, no clock; `study.run` stores the result.
"""

import hashlib
import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from statistics import median
from typing import Any

import jinja2

from confide.study import figures
from confide.study.canonical import canonical
from confide.types import Json
from confide.words import say, speaking

Facts = Mapping[str, Any]
Fields = Mapping[str, Callable[[Any], Any]]

SCHEMA = "confide-dossier/1"
SIDE_CHANNELS = ("arithmetic", "randomness", "timing", "errors", "ledger", "gates")


# 1. Readers of single values: what is not of the wanted kind becomes null, never an exception.


def _text(value: Any) -> str | None:
    return None if value is None else str(value).encode("utf-8", "replace").decode("utf-8")


def _number(value: Any) -> int | float | None:
    """Read a number, also one that a release wrote as text; not finite becomes null."""
    try:
        number = value if isinstance(value, int) else float(value)
    except (TypeError, ValueError):
        return None
    if isinstance(number, int):
        return int(number) if abs(number) <= 2**53 else float(number)
    return number if math.isfinite(number) else None


def _flag(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _texts(value: Any) -> list[str | None]:
    return [_text(each) for each in value or ()]


def _day(value: Any) -> str | None:
    found = re.match(r"\d{4}-\d{2}-\d{2}", str(value), re.ASCII)
    return found.group() if found else None


def _counts(value: Any) -> dict[str, Any]:
    return {str(_text(key)): _number(number) for key, number in (value or {}).items()}


def _each(fields: Fields) -> Callable[[Any], list[Json]]:
    return lambda values: [_pick(value, fields) for value in values or ()]


def _pick(facts: Facts | None, fields: Fields) -> Json:
    """Return the listed fields and no other."""
    return {name: read((facts or {}).get(name)) for name, read in fields.items()}


# 2. What may leave: constants of the study file and of the ledger, figures that were charged.

_STUDY: Fields = {
    "name": _text, "purpose": _text, "requester": _text, "language": _text, "unit": _text, "confide_version": _text,
}  # fmt: skip
_ACCOUNT: Fields = {
    "name": _text, "epsilon_total": _number, "delta_total": _number, "epsilon_spent_before": _number,
    "epsilon_this_study": _number, "delta_this_study": _number, "epsilon_left": _number,
    "allowance_epsilon": _number, "allowance_delta": _number, "abandoned_charges": _number,
    "ledger_id": _text, "checkpoint_size": _number, "checkpoint_hash": _text, "scratch": _flag,
}  # fmt: skip
_KEYS: Fields = {"custody": _text, "suite": _text}
_DEID: Fields = {"policy": _text, "review": _text, "dates": _text, "sources": _texts}
_NOT_PRIVATE: Fields = {"what": _text, "when": _text, "study": _text}
_MODEL: Fields = {
    "name": _text, "source": _text, "target": _text, "features": _texts, "epsilon": _number, "delta": _number,
    "steps": _number, "rate": _number, "noise_multiplier": _number, "clip": _number, "intercept": _number,
}  # fmt: skip
_SUFFIXES = "csv tsv json jsonl npz parquet safetensors txt xlsx".split()

# 3. What stays inside.

_SOURCES: Fields = {
    "name": _text, "kind": _text, "files": _number, "rows": _number, "patients": _number, "opted_out": _number,
}  # fmt: skip
_DEID_COUNTS: Fields = {
    "documents": _number, "held": _number, "doubtful": _number, "spans": _counts, "found_by": _counts,
}  # fmt: skip
_RISK: Fields = {
    "source": _text, "rows": _number, "patients": _number, "quasi_identifiers": _texts, "k": _number,
    "unique": _number, "share_unique": _number, "prosecutor": _number, "marketer": _number, "grade": _text,
}  # fmt: skip
_SEAL: Fields = {
    "files": _number, "bytes": _number, "plain_originals": _number, "custody": _text, "suite": _text,
    "recovery_key_on_this_machine": _flag,
}  # fmt: skip
_SEARCH: Fields = {"identifiers": _number, "outputs": _number, "bytes": _number, "found": _number}
_ATTACK: Fields = {
    "model": _text, "auc": _number, "epsilon_lower": _number, "epsilon_bound": _number, "patients": _number,
}  # fmt: skip
_SCORE: Fields = {"auc": _number, "accuracy": _number}
_OPENING: Fields = {"what": _text, "when": _text, "who": _text}
_GATE: Fields = {"name": _text, "value": _number, "threshold": _number, "holds": _flag, "public": _flag}
_OUTPUT: Fields = {
    "file": _text, "kind": _text, "status": _text, "rows": _number, "sha256": _text, "left": _flag,
}  # fmt: skip


def build(facts: Facts) -> tuple[Json, Json]:
    """Put together both editions of a dossier, as JSON: (inside, outside).

    Guarantee: the outside edition is a function of public constants and charged figures alone. Facts
    that differ only in other fields give the same outside edition, byte for byte.

    Args:
        facts: what the run hands over; see `dossier.schema.json` for the fields that are used.

    Returns:
        Two documents that `dossier.schema.json` accepts. The inside one names the digest of the other.
    """
    outside = _outside(facts)
    inside = {
        **outside,
        "edition": "inside",
        "outside_digest": digest(outside),
        "gates": _each(_GATE)(facts["gates"]),
        "outputs": _each(_OUTPUT)(facts["outputs"]),
        "private": _private(facts),
    }
    return inside, outside


def digest(document: Json) -> str:
    """Return the SHA-256 of the document's canonical bytes, the ones that are stored, in hexadecimal.

    >>> digest({})
    '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'
    """
    return hashlib.sha256(canonical(document)).hexdigest()


def _outside(facts: Facts) -> Json:
    account = _pick(facts["account"], _ACCOUNT)
    statistics = [_statistics(each) for each in facts["stats"]]
    models = [_model(each) for each in facts["train"]]
    study = _pick(facts["study"], _STUDY)
    outputs = _outputs(facts)
    return {
        "schema": SCHEMA,
        "edition": "outside",
        "study": {**study, "date": _day(facts["study"].get("started"))},
        "verdict": facts["verdict"],
        "gates": [_public_gate(gate) for gate in facts["gates"]],
        "outputs": outputs,
        "keys": _pick(facts["seal"], _KEYS),
        "worst": _worst(account, outputs),
        "not_checked": _texts(facts["not_checked"]),
        "account": account,
        "accuracy": _accuracy(statistics),
        "sources": _each({"name": _text, "kind": _text})(facts["sources"]),
        "deid": _pick(facts["deid"], _DEID) if facts["deid"] else None,
        "risk": _each({"source": _text, "quasi_identifiers": _texts})(facts["risk"]),
        "statistics": statistics,
        "models": models,
        "guarantee": _guarantee(study, account, statistics, models),
        "not_private": _each(_NOT_PRIVATE)(facts["not_private"]),
        "bits": sum(not gate.get("public") for gate in facts["gates"]),
    }


def _public_gate(gate: Facts) -> Json:
    """Show a gate's threshold and its yes or no; its value only if that is a public figure."""
    picked = _pick(gate, _GATE)
    return picked if picked["public"] is True else {**picked, "value": None, "public": False}


def _outputs(facts: Facts) -> list[Json]:
    """Name each kind of output once, by a name of the study file, without figures that nobody paid for."""
    known = {_text(each.get("name")) for each in facts["sources"]}
    known |= {_text(each["release"].get("name")) for each in [*facts["stats"], *facts["train"]]}
    shown: list[Json] = []
    for output in facts["outputs"]:
        picked = _pick(output, _OUTPUT)
        name = PurePath(picked["file"] or "").name
        stem, *suffixes = name.split(".")
        charged = picked["kind"] in ("statistics", "model") and picked["status"] == "dp"
        is_public = stem in known and all(suffix in _SUFFIXES for suffix in suffixes)
        picked["file"] = name if is_public else None
        picked["sha256"] = picked["sha256"] if charged else None
        del picked["rows"]
        if picked not in shown:
            shown.append(picked)
    return shown


def _worst(account: Json, outputs: list[Json]) -> Json:
    """State the worst that follows from public figures: row-level sets, and the best guess that ε allows."""
    return {
        "row_level": sorted({str(o["status"]) for o in outputs if o["status"] != "dp" and o["left"]}),
        "guess_study": _best_guess(account["epsilon_this_study"], account["delta_this_study"]),
        "guess_account": _best_guess(account["epsilon_total"], account["delta_total"]),
    }


def _best_guess(epsilon: float | None, delta: float | None) -> float | None:
    """Return how often the best attacker is right about one patient, who was in with probability one half.

    Source: Kairouz et al. 2015, "The Composition Theorem for Differential Privacy", Theorem 2.1: true and
    false positive rates with TPR <= e^ε FPR + δ; the mean of TPR and 1 − FPR is then at most (e^ε + δ)/(1 + e^ε).

    >>> _best_guess(0, 0), round(_best_guess(2, 1e-8), 3)
    (0.5, 0.881)
    """
    if epsilon is None or delta is None or epsilon < 0 or delta < 0:
        return None
    shrunk = math.exp(-epsilon)
    return min((1 + delta * shrunk) / (1 + shrunk), 1.0)


def _statistics(step: Facts) -> Json:
    release = step["release"]
    by = release.get("by") or {}
    groups = by.items() if isinstance(by, Mapping) else ((name, ()) for name in by)
    measures = _texts(release.get("measures"))
    names = [_text(name) for name in by]
    return {
        "name": _text(release.get("name")),
        "replayed": _flag(step.get("replayed")),
        "epsilon": _number(release.get("epsilon")),
        "delta": _number(release.get("delta")),
        "max_rows": _number(release.get("max_rows")),
        "by": [{"name": _text(name), "categories": _texts(categories)} for name, categories in groups],
        "measures": measures,
        "expected_error": {m: _number((step.get("expected_error") or {}).get(m)) for m in measures},
        "rows": [
            {
                "keys": [_text(row.get(name)) for name in names],
                "values": [_interval(row.get(m)) for m in measures],
            }
            for row in release.get("rows") or ()
        ],
    }


def _interval(value: Any) -> Json:
    known = value if isinstance(value, Mapping) else {}
    return _pick(known, {"value": _number, "low": _number, "high": _number})


def _model(step: Facts) -> Json:
    release = step["release"]
    weights = release.get("coefficients") or {}
    if not isinstance(weights, Mapping):
        features = _texts(release.get("features"))
        names = features if len(features) == len(weights) else range(1, len(weights) + 1)
        weights = dict(zip(names, weights, strict=True))
    return {
        **_pick(release, _MODEL),
        "replayed": _flag(step.get("replayed")),
        "coefficients": _counts(weights),
    }


def _accuracy(statistics: list[Json]) -> list[Json]:
    """Say per measure what the noise costs, from the plan and from the released intervals."""
    lines = []
    for release in statistics:
        for at, measure in enumerate(release["measures"]):
            column = [row["values"][at] for row in release["rows"]]
            halves = [half for each in column if (half := figures.half_width(each)) is not None]
            sizes = [abs(each["value"]) for each in column if each["value"] is not None]
            expected = release["expected_error"][measure]
            line = {"release": release["name"], "measure": measure, "half_width": expected, "typical": None}
            line["half_width"] = expected if expected is not None else _median(halves)
            lines.append({**line, "typical": _median(sizes)})
    return lines


def _median(values: list[float]) -> float | None:
    return _number(median(values)) if values else None


def _guarantee(study: Json, account: Json, statistics: list[Json], models: list[Json]) -> Json:
    """State what NIST SP 800-226 asks a differential-privacy claim to state, to be read by machines too."""
    return {
        "unit": study["unit"],
        "relation": f"add-or-remove-one-{study['unit']}",
        "epsilon": account["epsilon_this_study"],
        "delta": account["delta_this_study"],
        "sampling": [{"release": each["name"], "kind": "none", "rate": None} for each in statistics]
        + [{"release": each["name"], "kind": "poisson", "rate": each["rate"]} for each in models],
        "side_channels": list(SIDE_CHANNELS),
    }


def _private(facts: Facts) -> Json:
    audit = facts["audit"] or {}
    return {
        "started": _text(facts["study"].get("started")),
        "finished": _text(facts["study"].get("finished")),
        "sources": _each(_SOURCES)(facts["sources"]),
        "deid": _pick(facts["deid"], _DEID_COUNTS) if facts["deid"] else None,
        "risk": _each(_RISK)(facts["risk"]),
        "held_out": [
            {
                "model": _text(step["release"].get("name")),
                "patients": _number((step.get("held_out") or {}).get("patients")),
                "ours": _pick(step.get("held_out"), _SCORE),
                "plain": _pick(step["plain"], _SCORE) if step.get("plain") else None,
            }
            for step in facts["train"]
        ],
        "search": _pick(audit.get("bytes"), _SEARCH),
        "membership": _each(_ATTACK)(audit.get("membership")),
        "seal": _pick(facts["seal"], _SEAL),
        "openings": _each(_OPENING)(facts.get("openings")),
        "seconds": _counts(facts["seconds"]),
    }


def render(document: Json, language: str) -> str:
    """Return the document as one HTML page that asks for nothing outside itself.

    Guarantee: every text of the document is escaped, and no script and no address is added.

    Args:
        document: one edition, as `build` made it.
        language: "en" or "zh".
    """
    with speaking(language):
        return _pages().get_template("dossier.html").render(doc=document, digest=digest(document))


@cache
def _pages() -> jinja2.Environment:
    folder = files(__package__).joinpath("pages")
    pages = {
        page.name: page.read_text(encoding="utf-8")
        for page in folder.iterdir()
        if page.name.endswith(".html")
    }
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(pages),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(say=_say, **{name: getattr(figures, name) for name in _FIGURES})
    environment.filters["clip"] = _clip
    return environment


_FIGURES = (
    "spent",
    "left",
    "power",
    "count",
    "quantity",
    "width",
    "percent",
    "at_most",
    "half_width",
    "axis",
    "place",
    "shares",
)


_MUST_BE_KNOWN = "\0"


def _say(key: str, otherwise: str | None = _MUST_BE_KNOWN, **fields: object) -> str:
    """Say a sentence; for a name that `words` does not know, say the name itself."""
    try:
        return say(key, **fields)
    except (KeyError, TypeError):
        if otherwise == _MUST_BE_KNOWN:
            raise
        return otherwise or "–"


def _clip(text: str | None, length: int) -> str:
    """Shorten a text for the first page, which must stay one page; Chinese characters count double."""
    kept, room = "", length
    for character in text or "":
        room -= 1 if ord(character) < 0x2E80 else 2
        if room < 0:
            return f"{kept}…"
        kept += character
    return kept
