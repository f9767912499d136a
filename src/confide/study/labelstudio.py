"""Doubtful spans as tasks of Label Studio, and its result as decisions.

Guarantee: what is written is patient text, so the caller has recorded the opening; a task that nobody annotated, that
was skipped, or on which two people differ decides nothing. Places are counted in UTF-16 units, as a browser does.
Source: labelstud.io/guide/task_format and labelstud.io/guide/export (JSON).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from confide.deid.classes import CLASSES
from confide.deid.review import ReviewItem
from confide.errors import InvalidInput
from confide.study.review import Desk
from confide.types import Json
from confide.vault.durable import placing, reading

LARGEST = 512 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How many items a result decided, and how many tasks decided nothing."""

    accepted: int
    rejected: int
    left: int


def export_tasks(desk: Desk, file: Path) -> int:
    """Write every undecided item as a task to a new file, readable by its owner only; return how many.

    Raises:
        InvalidInput: the file exists, or cannot be written.
    """
    items = [item for at, item in enumerate(desk.items) if desk.decision(at) is None]
    with placing(file, replace=False) as out:
        out.write(json.dumps([_task(item) for item in items], ensure_ascii=True, indent=1).encode())
    return len(items)


def import_result(desk: Desk, file: Path) -> Imported:
    """Decide what the annotations of an export decide: a label on the span accepts it, none rejects it.

    Raises:
        InvalidInput: no export of Label Studio, or a label that is no class of identifier.
    """
    with reading(file) as source:
        data = source.read(LARGEST)
    try:
        tasks = json.loads(data)
        if not isinstance(tasks, list):
            raise ValueError
        answers = {str(task["data"]["mark"]): _answers(task) for task in tasks}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidInput("review.no-result", file=file.name) from None
    place = {item.mark: at for at, item in enumerate(desk.items)}
    accepted = rejected = 0
    for mark, found in answers.items():
        if mark not in place or len(found) != 1:
            continue
        kind = found.pop()
        desk.decide(place[mark], "reject" if kind is None else "accept", kind=kind)
        accepted, rejected = accepted + (kind is not None), rejected + (kind is None)
    return Imported(accepted=accepted, rejected=rejected, left=len(answers) - accepted - rejected)


def config() -> str:
    """Return the labelling interface for a project of Label Studio.

    >>> config().startswith("<View>")
    True
    """
    labels = "".join(f'<Label value="{kind}"/>' for kind in CLASSES)
    return (
        f'<View><Labels name="label" toName="text">{labels}</Labels><Text name="text" value="$text"/></View>'
    )


def _task(item: ReviewItem) -> Json:
    start = _units(item.context[: item.offset])
    value = {"start": start, "end": start + _units(item.text), "text": item.text, "labels": [item.span.type]}
    result = {"from_name": "label", "to_name": "text", "type": "labels", "value": value}
    guess = {"model_version": item.span.found_by, "score": item.span.score, "result": [result]}
    place = {"start": start, "end": value["end"]}
    return {"data": {"text": item.context, "mark": item.mark, "span": place}, "predictions": [guess]}


def _answers(task: Json) -> set[str | None]:
    """Return what the annotations of a task say: classes, and None for no identifier."""
    given: Iterable[Json] = (one for one in task.get("annotations", ()) if not one.get("was_cancelled"))
    return {_answer(task["data"]["span"], one["result"]) for one in given}


def _answer(span: Json, results: Sequence[Json]) -> str | None:
    """Return the class of the first label that touches the span."""
    for one in results:
        value = one.get("value", {})
        if "labels" in value and value["start"] < span["end"] and span["start"] < value["end"]:
            kind = str(value["labels"][0])
            if kind not in CLASSES:
                raise InvalidInput("review.unknown-label", known=", ".join(CLASSES))
            return kind
    return None


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
