"""Write the evidence of one run, twice: *inside* (all figures) and *outside* (may be handed on).

Promise: the outside edition holds public constants and charged figures and nothing else. It is put
together from the lists of `confide.study.allowed`, so that a new fact stays inside until somebody lists it;
`dossier.schema.json` closes the same lists a second time. What remains of the private figures is one
yes or no per gate, and the page counts these. Pure: no files, no clock; `study.run` stores the result.
"""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from statistics import median
from types import EllipsisType
from typing import Any

import jinja2

from confide.crypto.canonical import canonical
from confide.errors import InvalidInput
from confide.study import allowed, figures
from confide.study.allowed import Facts, day, flag, number, numbers, pick, pick_each, text, texts
from confide.study.pictures import in_words, pictures
from confide.study.tables import spread_out
from confide.train.features import names
from confide.types import Json
from confide.words import say, speaking

SCHEMA = "confide-dossier/1"
SIDE_CHANNELS = ("arithmetic", "randomness", "timing", "errors", "ledger", "gates")


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
        "not_checked": list(
            dict.fromkeys([*outside["not_checked"], *texts(facts.get("not_checked_inside"))])
        ),
        "outside_digest": digest(outside),
        "gates": pick_each(facts["gates"], allowed.GATE),
        "outputs": pick_each(facts["outputs"], allowed.OUTPUT),
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
    study = pick(facts["study"], allowed.STUDY)
    account = pick(facts["account"], allowed.ACCOUNT)
    statistics = [
        _statistics(dict(step) | {"release": table})
        for step in facts["stats"]
        for table in spread_out(step["release"])
    ]
    tables = [_synthetic(step) for step in facts.get("synth") or ()]
    models = [_model(step) for step in facts["train"]]
    tasks = [_task(step) for step in facts.get("tasks") or ()]
    outputs = _outputs(facts)
    return {
        "schema": SCHEMA,
        "edition": "outside",
        "study": {**study, "date": day(facts["study"].get("started"))},
        "verdict": facts["verdict"],
        "gates": [_public_gate(gate) for gate in facts["gates"]],
        "outputs": outputs,
        "keys": pick(facts["seal"], allowed.KEYS),
        "worst": _worst(account, outputs),
        "not_checked": texts(facts["not_checked"]),
        "account": account,
        "accuracy": _accuracy(statistics),
        "sources": pick_each(facts["sources"], allowed.SOURCE),
        "deid": pick(facts["deid"], allowed.DEID) if facts["deid"] else None,
        "risk": pick_each(facts["risk"], allowed.ASSESSED),
        "statistics": statistics,
        "synthetic": tables,
        "models": models,
        "tasks": tasks,
        "audits": [_audit(step) for step in (facts["audit"] or {}).get("trainings") or ()],
        "guarantee": _guarantee(study, account, [*statistics, *tables], [*models, *tasks])
        | {"declared": pick(facts.get("declared"), allowed.DECLARED)},
        "not_private": pick_each(facts["not_private"], allowed.NOT_PRIVATE),
        "bits": sum(gate.get("public") is not True for gate in facts["gates"]),
    }


def _public_gate(gate: Facts) -> Json:
    """Show a gate's threshold and its yes or no; its value only if that is a public figure."""
    picked = pick(gate, allowed.GATE)
    return picked if gate.get("public") is True else {**picked, "value": None, "public": False}


def _steps(facts: Facts) -> list[Facts]:
    return [*facts["stats"], *(facts.get("synth") or ()), *facts["train"], *(facts.get("tasks") or ())]


def _outputs(facts: Facts) -> list[Json]:
    """Show each output once: named only by a name of the study file, without figures that nobody paid for."""
    known = {text(source.get("name")) for source in facts["sources"]}
    known |= {text(step["release"].get("name")) for step in _steps(facts)}
    shown: list[Json] = []
    for output in facts["outputs"]:
        picked = pick(output, allowed.OUTPUT)
        name = PurePath(picked["file"] or "").name
        stem, *suffixes = name.split(".")
        is_public = stem in known and all(suffix in allowed.SUFFIXES for suffix in suffixes)
        is_charged = (
            picked["kind"] in ("statistics", "synthetic", "made-up", "model") and picked["status"] == "dp"
        )
        picked["file"] = name if is_public else None
        picked["sha256"] = picked["sha256"] if is_charged else None
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

    Source: Kairouz et al. 2015, "The Composition Theorem for Differential Privacy", Theorem 2.1: for true
    and false positive rates TPR <= e^ε FPR + δ, and the same for the complements; the mean of TPR and
    1 − FPR is then at most (e^ε + δ)/(1 + e^ε).

    >>> _best_guess(0, 0), round(_best_guess(2, 1e-8), 3)
    (0.5, 0.881)
    """
    if epsilon is None or delta is None or epsilon < 0 or delta < 0:
        return None
    shrunk = math.exp(-epsilon)
    return min((1 + delta * shrunk) / (1 + shrunk), 1.0)


def _statistics(step: Facts) -> Json:
    release = step["release"]
    groups = release.get("by") or {}
    # A release that comes from the ledger has the keys of its mappings sorted; the list keeps their order.
    columns = release.get("columns") or [*groups, *(release.get("measures") or ())]
    by = [column for column in columns if column in groups]
    measures = [column for column in columns if column not in groups]
    expected = step.get("expected_error") or {}
    return {
        **pick(release, allowed.STATISTICS),
        "replayed": flag(step.get("replayed")),
        "by": [{"name": text(name), "categories": texts(groups[name])} for name in by],
        "measures": texts(measures),
        "expected_error": [number(expected.get(measure)) for measure in measures],
        "rows": [
            {
                "keys": [text(row.get(name)) for name in by],
                "values": [pick(_mapping(row.get(measure)), allowed.INTERVAL) for measure in measures],
            }
            for row in release.get("rows") or ()
        ],
        "notes": pick_each(release.get("notes"), allowed.NOTE),
        "pictures": pick_each(release.get("pictures"), allowed.PICTURE),
    }


def _mapping(value: Any) -> Facts:
    return value if isinstance(value, Mapping) else {}


def _synthetic(step: Facts) -> Json:
    release = step["release"]
    return {
        **pick(release, allowed.SYNTHETIC),
        "replayed": flag(step.get("replayed")),
        "measured": [texts(group) for group in release.get("measured") or ()],
        "notes": pick_each(release.get("notes"), allowed.NOTE),
    }


def _model(step: Facts) -> Json:
    release = step["release"]
    weights = release.get("coefficients") or {}
    if not isinstance(weights, Mapping):
        features = release.get("features") or ()
        names = features if len(features) == len(weights) else range(1, len(weights) + 1)
        weights = dict(zip(names, weights, strict=True))
    picked = pick(release, allowed.MODEL)
    weights = {name: weights[name] for name in sorted(weights, key=_place_of(release.get("features") or ()))}
    return {
        **picked,
        "replayed": flag(step.get("replayed")),
        "coefficients": numbers(weights),
        "notes": pick_each(release.get("notes"), allowed.NOTE),
    }


def _task(step: Facts) -> Json:
    release = step["release"]
    listed = release.get("types") or release.get("classes")
    return {
        **pick(release, allowed.TASK),
        "model": text(release.get("model")) if release.get("kind") == "graph" else None,
        "listed": texts(listed),
        "nodes": len(release["nodes"]) if "nodes" in release else None,
        "edges": len(release["edges"]) if "edges" in release else None,
        "replayed": flag(step.get("replayed")),
        "notes": pick_each(release.get("notes"), allowed.NOTE),
    }


def _audit(step: Facts) -> Json:
    return {**pick(step["release"], allowed.AUDIT), "replayed": flag(step.get("replayed"))}


def _place_of(features: Sequence[str]) -> Callable[[str], int]:
    """Return where a coefficient stands in the study file's order; the ledger sorts names by the alphabet."""
    try:
        order = {name: place for place, name in enumerate(names(features))}
    except InvalidInput:  # a model of another kind names its features in its own way
        order = {}
    return lambda name: order.get(name, len(order))


def _accuracy(statistics: list[Json]) -> list[Json]:
    """Say per measure what the noise costs: half of the released interval, or of the planned one."""
    lines = []
    for release in statistics:
        for at, measure in enumerate(release["measures"]):
            column = [row["values"][at] for row in release["rows"]]
            halves = [half for one in column if (half := figures.half_width(one)) is not None]
            sizes = [abs(one["value"]) for one in column if one["value"] is not None]
            half = _median(halves) if halves else release["expected_error"][at]
            line = {"release": release["name"], "measure": measure, "half_width": half}
            lines.append({**line, "typical": _median(sizes)})
    return lines


def _median(values: list[float]) -> float | None:
    return number(median(values)) if values else None


def _guarantee(study: Json, account: Json, statistics: list[Json], models: list[Json]) -> Json:
    """State what NIST SP 800-226 asks a differential-privacy claim to state, to be read by machines too."""
    return {
        "unit": study["unit"],
        "relation": f"add-or-remove-one-{study['unit']}",
        "epsilon": account["epsilon_this_study"],
        "delta": account["delta_this_study"],
        "sampling": [{"release": one["name"], "kind": "none", "rate": None} for one in statistics]
        + [
            {
                "release": one["name"],
                "kind": "none" if one["rate"] is None else "poisson",
                "rate": one["rate"],
            }
            for one in models
        ],
        "side_channels": list(SIDE_CHANNELS),
    }


def _private(facts: Facts) -> Json:
    audit = facts["audit"] or {}
    return {
        "started": text(facts["study"].get("started")),
        "finished": text(facts["study"].get("finished")),
        "sources": pick_each(facts["sources"], allowed.READ),
        "deid": pick(facts["deid"], allowed.DEID_COUNTS) if facts["deid"] else None,
        "sample": pick(facts.get("sample"), allowed.SAMPLE) if facts.get("sample") else None,
        "risk": pick_each(facts["risk"], allowed.RISK),
        "held_out": [_held_out(step) for step in facts["train"]],
        "task_scores": [
            {
                "name": text(step.get("name")),
                "figures": numbers(step.get("figures")),
                "rows": pick_each(step.get("rows"), allowed.RATES),
            }
            for step in facts.get("tasks") or ()
        ],
        "synthetic": [_measured(step) for step in facts.get("synth") or ()],
        "search": pick(audit.get("bytes"), allowed.SEARCH),
        "membership": pick_each(audit.get("membership"), allowed.ATTACK),
        "seal": pick(facts["seal"], allowed.SEAL),
        "openings": pick_each(facts.get("openings"), allowed.OPENING),
        "seconds": numbers(facts["seconds"]),
    }


def _held_out(step: Facts) -> Json:
    plain = step.get("plain")
    return {
        "model": text(step["release"].get("name")),
        "ours": pick(step.get("held_out"), allowed.HELD_OUT),
        "plain": pick(plain, allowed.SCORE) if plain else None,
    }


def _measured(step: Facts) -> Json:
    use = step.get("usefulness")
    return {
        "name": text(step["release"].get("name")),
        "fidelity": pick_each(step.get("fidelity"), allowed.FIDELITY),
        "usefulness": pick(use, allowed.USEFULNESS) if use else None,
    }


def render(document: Json, language: str) -> str:
    """Return the document as one HTML page that asks for nothing outside itself.

    Guarantee: every text of the document is escaped, and no script and no address is added.

    Args:
        document: one edition, as `build` made it.
        language: "en" or "zh".
    """
    return render_page("dossier.html", language, doc=document, digest=digest(document))


def render_page(name: str, language: str, **told: object) -> str:
    """Return one of our pages, in a language; every text that it is told is escaped."""
    with speaking(language):
        return _pages().get_template(name).render(**told)


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
    environment.globals.update(
        say=_say,
        described=_described,
        pictures=pictures,
        **{name: getattr(figures, name) for name in _FIGURES},
    )
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


def _say(key: str, otherwise: str | EllipsisType | None = ..., **fields: object) -> str:
    """Say a sentence; for a name that `words` does not know, say `otherwise`, the name itself, if it is given."""
    try:
        return say(key, **fields)
    except (KeyError, TypeError):
        if isinstance(otherwise, EllipsisType):
            raise
        return otherwise or "–"


def _described(measure: str | None) -> str:
    """Say in words what is measured; a measure that no word is known for is shown as it was written."""
    return in_words(measure or "–")


def _clip(text: str | None, length: int) -> str:
    """Shorten a text for the first page, which must stay one page; Chinese characters count double."""
    kept, room = "", length
    for character in text or "":
        room -= 1 if ord(character) < 0x2E80 else 2
        if room < 0:
            return f"{kept}…"
        kept += character
    return kept
