"""An export to Label Studio is a recorded opening; its result decides what its annotations decide and nothing else."""

import json

import pytest
from doubtful import DAY, NUMBER, at_desk, copied, made_once, places
from hypothesis import given
from hypothesis import strategies as st

from confide.cli import main
from confide.deid.review import ReviewItem
from confide.errors import InvalidInput
from confide.study.labelstudio import _answers, _task, export_tasks, import_result
from confide.study.workplace import open_workplace
from confide.types import Span


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return made_once(tmp_path_factory)


@pytest.fixture
def study(made, tmp_path, monkeypatch):
    return copied(made, tmp_path, monkeypatch)


def labelled(task, kind):
    """Annotate a task as a person would who keeps the guess and changes its class."""
    result = [{**task["predictions"][0]["result"][0]}]
    result[0]["value"] = {**result[0]["value"], "labels": [kind]}
    return {**task, "annotations": [{"result": result}]}


def command(*arguments):
    with pytest.raises(SystemExit) as left:
        main.run(["review", *map(str, arguments)])
    return left.value.code


def test_the_export_holds_every_undecided_span_and_is_a_recorded_opening(study):
    with at_desk(study) as desk:
        desk.decide(places(desk, DAY)[0], "accept")
    file = study.parent / "tasks.json"
    assert command(study, "--export", file, "--purpose", "second reading") == 0
    tasks = json.loads(file.read_text())
    assert len(tasks) == 5
    assert file.stat().st_mode & 0o077 == 0
    for task in tasks:
        value = task["predictions"][0]["result"][0]["value"]
        assert task["data"]["text"][value["start"] : value["end"]] == value["text"] in (DAY, NUMBER)
    with open_workplace(study) as place:
        assert [each.purpose for each in place.vault.openings()][-1] == "second reading"


def test_the_result_is_taken_over(study):
    file = study.parent / "tasks.json"
    with at_desk(study) as desk:
        assert export_tasks(desk, file) == 6
    tasks = json.loads(file.read_text())
    done = [
        labelled(tasks[0], "phone"),
        {**tasks[1], "annotations": [{"result": []}]},
        {**tasks[2], "annotations": []},
        {**tasks[3], "annotations": [{"result": [], "was_cancelled": True}]},
        {**tasks[4], "annotations": [{"result": []}, *labelled(tasks[4], "date")["annotations"]]},
    ]
    file.write_text(json.dumps(done))
    with at_desk(study) as desk:
        found = import_result(desk, file)
        assert (found.accepted, found.rejected, found.left) == (1, 1, 3)
        by_mark = {item.mark: desk.decision(at) for at, item in enumerate(desk.items)}
    assert (by_mark[done[0]["data"]["mark"]].answer, by_mark[done[0]["data"]["mark"]].type) == (
        "accept",
        "phone",
    )
    assert by_mark[done[1]["data"]["mark"]].answer == "reject"
    assert sum(each is None for each in by_mark.values()) == 4


def test_a_result_of_other_spans_decides_nothing(study):
    file = study.parent / "other.json"
    file.write_text(
        json.dumps(
            [{"data": {"mark": "x" * 32, "span": {"start": 0, "end": 1}}, "annotations": [{"result": []}]}]
        )
    )
    with at_desk(study) as desk:
        assert import_result(desk, file).rejected == 0


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", '[{"data": {}}]', '[{"data": {"mark": "a", "span": {}}, "annotations": [{}]}]']
)
def test_what_is_no_result_is_refused(study, text):
    file = study.parent / "bad.json"
    file.write_text(text)
    with at_desk(study) as desk, pytest.raises(InvalidInput):
        import_result(desk, file)


def test_a_label_that_is_no_class_is_refused_and_decides_nothing(study):
    file = study.parent / "tasks.json"
    with at_desk(study) as desk:
        export_tasks(desk, file)
        tasks = json.loads(file.read_text())
        file.write_text(json.dumps([labelled(tasks[0], "name"), labelled(tasks[1], "PERSON")]))
        with pytest.raises(InvalidInput):
            import_result(desk, file)
        assert desk.counts["undecided"] == 6


@given(before=st.text(max_size=5), text=st.text(min_size=1, max_size=5), after=st.text(max_size=5))
def test_places_are_those_that_a_browser_counts(before, text, after):
    span = Span(len(before), len(before) + len(text), "name", 0.4, "x")
    task = _task(
        ReviewItem(document="d", span=span, context=before + text + after, offset=len(before), mark="m")
    )
    units = task["data"]["text"].encode("utf-16-le", "surrogatepass")
    value = task["predictions"][0]["result"][0]["value"]
    assert units[2 * value["start"] : 2 * value["end"]].decode("utf-16-le", "surrogatepass") == text
    assert _answers(labelled(task, "phone")) == {"phone"}
