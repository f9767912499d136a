"""How well predictions fit: the report of the articles for entities, accuracy and F1 for classes.

Computed from patients without noise: identified data, for the inside edition only; `status` says so. Knows no model.
A figure whose denominator is nobody is None, and counts as 0 in a mean over types, as the articles have it.
"""

from collections import Counter
from collections.abc import Sequence

from confide.tasks.spans import OUTSIDE, Entity
from confide.types import Json


def entity_report(
    truth: Sequence[Sequence[Entity]], found: Sequence[Sequence[Entity]], types: Sequence[str]
) -> Json:
    """Return precision, recall, F1 and support per type, micro and macro; an entity counts if start, end and type agree.

    >>> report = entity_report([[Entity(0, 4, "drug")]], [[Entity(0, 4, "drug"), Entity(5, 7, "drug")]], ["drug"])
    >>> report["micro"]["precision"], report["micro"]["recall"], report["micro"]["support"]
    (0.5, 1.0, 1)
    """
    right: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for true, guessed in zip(truth, found, strict=True):
        right.update(each.type for each in set(true) & set(guessed))
        wanted.update(each.type for each in set(true))
        told.update(each.type for each in set(guessed))
    by_type = {name: _rates(right[name], told[name], wanted[name]) for name in types}
    micro = _rates(*(sum(counts[name] for name in types) for counts in (right, told, wanted)))
    return {"types": by_type, "micro": micro, "macro": _mean(list(by_type.values())), "status": "identified"}


def token_report(truth: Sequence[int], found: Sequence[int]) -> Json:
    """Return micro-F1 over tokens with O (which is the share of right tokens) and without it.

    With O, most of the figure is tokens that nobody doubts: never hold it beside an F1 of entities.

    >>> token_report([0, 0, 0, 1], [0, 0, 0, 0])
    {'micro_f1_with_o': 0.75, 'micro_f1_without_o': 0.0, 'tokens': 4}
    """
    pairs = list(zip(truth, found, strict=True))
    same = sum(a == b for a, b in pairs)
    right = sum(a == b != OUTSIDE for a, b in pairs)
    told, wanted = (sum(tag != OUTSIDE for tag in tags) for tags in (found, truth))
    return {
        "micro_f1_with_o": same / len(pairs) if pairs else None,
        "micro_f1_without_o": _rates(right, told, wanted)["f1"],
        "tokens": len(pairs),
    }


def class_report(truth: Sequence[int], found: Sequence[int], classes: Sequence[str]) -> Json:
    """Return accuracy, and per class precision, recall, F1 and support, with their mean over the classes.

    >>> class_report([0, 1, 1], [0, 1, 0], ["heart", "liver"])["accuracy"]
    0.6666666666666666
    """
    pairs = Counter(zip(truth, found, strict=True))
    told, wanted = Counter(found), Counter(truth)
    rates = {name: _rates(pairs[at, at], told[at], wanted[at]) for at, name in enumerate(classes)}
    same = sum(count for (a, b), count in pairs.items() if a == b)
    return {
        "accuracy": same / len(truth) if truth else None,
        "majority": max(wanted.values()) / len(truth) if truth else None,
        "classes": rates,
        "macro": _mean(list(rates.values())),
        "status": "identified",
    }


def _rates(right: int, told: int, wanted: int) -> Json:
    """Return precision, recall and their harmonic mean, which is 2·right / (told + wanted)."""
    return {
        "precision": right / told if told else None,
        "recall": right / wanted if wanted else None,
        "f1": 2 * right / (told + wanted) if told + wanted else None,
        "support": wanted,
    }


def _mean(rates: Sequence[Json]) -> Json:
    mean = {
        name: sum(each[name] or 0.0 for each in rates) / len(rates) if rates else None
        for name in ("precision", "recall", "f1")
    }
    return mean | {"support": sum(each["support"] for each in rates)}
