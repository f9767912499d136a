"""Made-up notes: drawn from a private model in public numbers, measured inside, put out as JSON lines in a study."""

import json
from importlib.resources import files

import jsonschema
import numpy as np
import polars as pl
import pytest
import torch
from task_study import STUDY, make_task_study

from confide.cli.show import ProgressLines
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import IntegrityError, InvalidInput
from confide.ledger.home import home, open_ledger
from confide.study.check import check_study
from confide.study.run import run_study
from confide.tasks.language import Example
from confide.tasks.learn import adam, learn_openly
from confide.tasks.notes_plan import (
    compare,
    draw_more,
    drawn_from,
    evaluate,
    examples_of,
    lines_of,
    made_up_plan,
    rehearsal,
    settings_of,
)
from confide.tasks.notes_section import NotesSection
from confide.tasks.public import Public
from confide.tasks.reports import begun, fresh, loss_of
from confide.tasks.synthetic_notes import alike, longest_shared, shared_with

QUIET = ProgressLines(quiet=True)


def section(**changes):
    fields = {
        "task": "notes", "source": "notes", "count": 7, "epsilon": 8.0, "patients": 100, "delta": 1e-5, "width": 16,
        "layers": 1, "most_written": 12, "steps": 2, "expected_batch": 20, "target": "ward", "classes": ("心内科", "呼吸"),
        **changes,
    }  # fmt: skip
    return NotesSection(**fields)


def notes(patients=40, first=0):
    rows = [
        (f"p{i}", ["呼吸", "心内科"][i % 2], ["咳嗽三天。", "血压很高。"][i % 2]) for i in range(patients)
    ]
    return pl.DataFrame(
        rows[first:], schema=dict.fromkeys(("_patient", "ward", "_text"), pl.String), orient="row"
    )


@pytest.fixture(scope="module")
def release():
    return made_up_plan(section()).execute(notes(), Noise(Stream(bytes(32))))


def test_so_many_notes_are_made_up_as_the_file_says_whoever_the_patients_are(release):
    assert [note["class"] for note in release["made_up"]] == ["心内科"] * 4 + ["呼吸"] * 3
    nobody = made_up_plan(section()).execute(notes(0), Noise(Stream(bytes(32))))
    assert len(nobody["made_up"]) == 7
    few = made_up_plan(section(count=1, target=None, classes=())).execute(notes(3), Noise(Stream(bytes(32))))
    assert [note["class"] for note in few["made_up"]] == [None]


def test_public_text_of_a_class_is_learnt_behind_its_class():
    texts = ("血压正常。", "胸痛。") * 60
    public = Public("digest", texts, given=("呼吸", "心内科") * 60)
    settings = section(public="public.jsonl", public_epochs=8, width=32)
    model, tongue = begun(settings, public)
    nothing, _ = fresh(settings)
    _, examples = examples_of(settings, tongue, notes(2).with_columns(_text=pl.Series(texts[:2])))
    right, wrong = examples, [*examples[1:], *examples[:1]]
    loss = loss_of(settings, tongue)
    with torch.no_grad():
        assert loss(model, right).mean() < loss(nothing, right).mean() - 1
    assert made_up_plan(settings, public).to_json()["public_sha256"] == "digest"
    swapped = [
        Example((*other.tokens[: other.given], *own.tokens[own.given :]), other.given)
        for own, other in zip(right, wrong, strict=True)
    ]
    with torch.no_grad():
        assert loss(model, right).mean() < loss(model, swapped).mean()


def test_a_release_and_its_audit_begin_with_the_public_text():
    public = Public("digest", ("咳嗽三天。", "血压很高。") * 60, given=("呼吸", "心内科") * 60)
    plan = made_up_plan(section(public="public.jsonl", public_epochs=8, learning_rate=1e-9), public)
    nothing = made_up_plan(section(learning_rate=1e-9)).execute(notes(), Noise(Stream(bytes(32))))
    learnt = plan.execute(notes(), Noise(Stream(bytes(32))))
    assert evaluate(learnt, notes(4))["loss"] < evaluate(nothing, notes(4))["loss"] - 1
    steps = []
    audited = rehearsal(plan, lambda done, total: steps.append((done, total))).model
    assert steps, "learning public text again shows how far it has come"
    begins = begun(plan.settings, public)[0]
    assert all(map(torch.equal, audited.parameters(), begins.parameters()))


def test_a_line_carries_its_class_and_the_guarantee_that_it_stands_under(release):
    lines = [json.loads(line) for line in lines_of(release)]
    assert [line["made_up"] for line in lines] == list(range(1, 8))
    assert lines[0]["ward"] == "心内科"
    assert {(line["status"], line["epsilon"], line["delta"]) for line in lines} == {("dp", 8.0, 1e-5)}


def test_further_notes_of_a_release_are_those_of_their_seed(release):
    again = json.loads(json.dumps(release))
    assert settings_of(again) == section()
    more = draw_more(again, 4, seed=1)
    assert len(more) == 4
    assert more == draw_more(release, 4, seed=1) != draw_more(release, 4, seed=2)


def test_without_noise_a_model_writes_what_it_read_of_the_class_that_is_asked_for():
    settings = section(width=32, count=6)
    model, tongue = fresh(settings)
    _, examples = examples_of(settings, tongue, notes())
    learn_openly(model, examples, loss_of(settings, tongue), optimiser=adam(model, 0.02), epochs=10, batch=10)
    made = drawn_from(model, tongue, settings)
    assert [note["class"] for note in made] == ["心内科"] * 3 + ["呼吸"] * 3  # however short they are
    assert {note["text"][0] for note in made if note["class"] == "呼吸"} == {"咳"}
    assert {note["text"][0] for note in made if note["class"] == "心内科"} == {"血"}


def test_what_is_compared_tells_a_useful_release_from_a_useless_one(release):
    good = [
        {"text": ["咳嗽三天。", "血压很高。"][i % 2], "class": ["呼吸", "心内科"][i % 2]} for i in range(7)
    ]
    wrong = [{**note, "class": good[i - 1]["class"]} for i, note in enumerate(good[:6])]
    found, lost = (compare({**release, "made_up": made}, notes(), notes(9)) for made in (good, wrong))
    assert (found["accuracy"], found["accuracy_real"], lost["accuracy"]) == (1.0, 1.0, 0.0)
    assert found["longest_training"] == found["longest_held_out"] == 5
    assert (found["alike"], found["alike_real"]) == (1.0, 1.0)
    assert evaluate(release, notes(9))["records"] == 9
    strangers = notes(9).with_columns(pl.lit("咳嗽，无痰；腹痛").alias("_text"))
    found = compare({**release, "made_up": good}, notes(), strangers)
    assert (found["longest_training"], found["longest_held_out"], found["alike_real"]) == (5, 2, 0.0)


def test_nothing_is_measured_where_nobody_is_held_out(release):
    assert compare(release, notes(), notes(0))["longest_training"] == 0
    assert evaluate(release, notes(0))["loss"] is None


def test_a_note_that_repeats_a_patient_shows_in_the_longest_shared_piece():
    training = ["病人三月四日就诊，服用阿司匹林后好转", "头痛两天"]
    held_out = ["病人昨日来院，无明显不适，建议复查血压", "咳嗽三天"]
    shared = shared_with(["他说服用阿司匹林后好转了"], training, held_out)
    assert shared.with_training == (9,)
    assert shared.excess > 5


def test_the_longer_side_is_cut_so_that_it_shares_no_more_by_its_length_alone():
    training, held_out = ["头痛两天。"] * 3 + ["服用阿司匹林后好转"], ["咳嗽三天，无痰"]
    assert shared_with(["服用阿司匹林"], training, held_out).with_training == (0,)
    assert shared_with(["服用阿司匹林"], training, held_out * 9).with_training == (6,)


@pytest.mark.parametrize(
    ("text", "others", "wanted"), [("", "abc", 0), ("abc", "", 0), ("xyz", "abc", 0), ("aaaa", "aaa", 3)]
)
def test_the_longest_shared_piece_of_odd_texts(text, others, wanted):
    assert longest_shared([text], others) == [wanted]


def test_the_longest_shared_piece_is_that_of_a_plain_search():
    draw = np.random.default_rng(0)
    other = "".join(draw.choice(list("ab病"), 40))
    texts = ["".join(draw.choice(list("ab病"), 40)) for _ in range(30)]
    plain = [
        max(n for n in range(41) if any(one[i : i + n] in other for i in range(41 - n))) for one in texts
    ]
    assert longest_shared(texts, other) == plain
    threes = [one[i : i + 3] in other for one in texts for i in range(38)]
    assert alike(texts, [other]) == pytest.approx(sum(threes) / len(threes))


def test_a_checkpoint_makes_up_notes_too(tmp_path):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    from confide.tasks.language import small_model

    words = Tokenizer(
        models.WordLevel({"<end>": 0, "<unk>": 1, "fever": 2, "cough": 3, "\n": 4}, unk_token="<unk>")
    )
    words.pre_tokenizer = pre_tokenizers.Split(" ", "removed")
    PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<end>", unk_token="<unk>").save_pretrained(
        tmp_path
    )
    small_model(width=16, layers=1, heads=2, length=64, words=8).save_pretrained(tmp_path)
    settings = section(model=str(tmp_path), rank=2, count=3, most_written=6)
    made = made_up_plan(settings).execute(notes(), Noise(Stream(bytes(32))))
    assert len(made["made_up"]) == len(draw_more(made, 3, seed=0)) == 3
    assert len(made["weights"]["weights"]) < 20_000  # adapters alone


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"count": 0}, "count"),
        ({"classes": ()}, "target"),
        ({"target": None}, "classes"),
        ({"classes": ("heart", "heart")}, "classes"),
        ({"classes": ("heart",)}, "classes"),
        ({"width": 17}, "width"),
        ({"most_written": 1}, "most_written"),
        ({"delta": 0.5}, "delta"),
        ({"records": 0}, "records"),
    ],
)
def test_a_section_that_could_never_be_made_is_refused(changes, said):
    with pytest.raises(InvalidInput, match=said):
        section(**changes)


def test_another_kind_of_release_and_other_weights_are_refused(release):
    with pytest.raises(InvalidInput):
        draw_more({**release, "kind": "report"}, 1, seed=0)
    with pytest.raises(IntegrityError):
        draw_more({**release, "width": 32}, 1, seed=0)


def test_a_note_of_another_class_takes_no_part_and_changes_no_other():
    settings = section()
    _, tongue = fresh(settings)
    alone = examples_of(settings, tongue, notes(4))
    beside = pl.concat([notes(4), pl.DataFrame({"_patient": ["q"], "ward": ["眼科"], "_text": ["视物模糊"]})])
    assert examples_of(settings, tongue, beside) == alone


def test_drawing_leaves_the_numbers_of_torch_where_they_were(release):
    torch.manual_seed(3)
    wanted = torch.rand(1)
    torch.manual_seed(3)
    draw_more(release, 1, seed=0)
    assert torch.equal(torch.rand(1), wanted)


MADE_UP = """
[[train]]
task = "notes"
name = "invented"
source = "notes"
count = 5
{classes}epsilon = 8.0
delta = 1e-5
patients = 60
steps = 2
width = 16
layers = 1
most_written = 8
"""


@pytest.mark.parametrize(
    ("language", "classes"),
    [
        ("en", 'target = "ward"\nclasses = ["heart", "lung"]\n'),
        ("zh", 'public = "public/corpus.jsonl"\npublic_epochs = 1\n'),
    ],
)
def test_a_study_with_made_up_notes_runs_from_end_to_end(tmp_path, monkeypatch, language, classes):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    text = STUDY[: STUDY.index("[[train]]")].replace("{language}", language) + MADE_UP.format(classes=classes)
    folder = make_task_study(tmp_path / "study", language=language, text=text)
    prices = [(price.name, price.kind, price.epsilon) for price in check_study(folder).prices]
    assert prices == [("invented", "task", 8.0)]
    assert run_study(folder, step=QUIET).verdict == "pass"
    left = folder / "outgoing/synthetic/invented.jsonl"
    lines = [json.loads(line) for line in left.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 5
    assert ("ward" in lines[0]) == ("ward" in classes)
    inside, outside = (
        json.loads((folder / f"dossier/{name}.json").read_text()) for name in ("inside", "outside")
    )
    assert outside["tasks"][0]["count"] == 5
    kinds = {output["file"]: (output["kind"], output["status"]) for output in outside["outputs"]}
    assert kinds == {
        "invented.json": ("model", "dp"),
        "invented.md": ("model", "dp"),
        "invented.jsonl": ("made-up", "dp"),
    }
    scores = inside["private"]["task_scores"][0]
    assert scores["figures"]["longest_held_out"] is not None
    assert [row["name"] for row in scores["rows"]] == (
        ["heart", "lung", "macro"] if "ward" in classes else []
    )
    assert "longest_held_out" not in (folder / "dossier/outside.json").read_text()
    page = (folder / "dossier/inside.html").read_text()
    for said in (
        ("Made-up notes", "whom the model never saw") if language == "en" else ("虚构病历", "从未见过")
    ):
        assert said in page
    schema = json.loads(files("confide.study").joinpath("dossier.schema.json").read_text())
    for document in (inside, outside):
        jsonschema.validate(document, schema)
    content = left.read_bytes()
    with open_ledger(home()) as ledger:
        size = ledger.store.head()
    run_study(folder, step=QUIET)
    with open_ledger(home()) as ledger:
        assert ledger.store.head() == size
    assert left.read_bytes() == content
