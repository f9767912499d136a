"""A report model learns from notes under a plan, writes drafts, and nothing of a note is in its settings or messages."""

import dataclasses
import json

import polars as pl
import pytest
import torch

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import IntegrityError, InvalidInput
from confide.ledger.home import open_ledger
from confide.study.watched import Watched
from confide.tasks import characters
from confide.tasks.language import by_character, checkpoint, example, losses, small_model
from confide.tasks.learn import adam, learn_openly
from confide.tasks.public import read_public
from confide.tasks.releases import released
from confide.tasks.report_section import ReportSection
from confide.tasks.reports import (
    begun,
    draft,
    evaluate,
    examples_of,
    fresh,
    loss_of,
    patient_losses,
    rehearsal,
    report_plan,
    settings_of,
)
from confide.types import no_progress


def section(**changes):
    fields = {
        "task": "report", "source": "notes", "findings": "seen", "text_language": "zh", "epsilon": 8.0, "patients": 100,
        "delta": 1e-5, "width": 16, "layers": 1, "most_given": 12, "most_written": 12, "steps": 2, "expected_batch": 20,
        "learning_rate": 0.02, **changes,
    }  # fmt: skip
    return ReportSection(**fields)


def notes(patients=40):
    seen = ["发热三天", "咳嗽", "血压高", "头痛"]
    text = ["诊断：感冒。", "诊断：支气管炎。", "诊断：高血压。", "诊断：偏头痛。"]
    rows = [(f"p{i}", seen[i % 4], text[i % 4]) for i in range(patients)]
    return pl.DataFrame(rows, schema=["_patient", "seen", "_text"], orient="row")


def noise(number=0):
    return Noise(Stream(number.to_bytes(32, "big")))


@pytest.fixture(scope="module")
def release():
    return report_plan(section()).execute(notes(), noise())


def test_a_release_writes_drafts_and_comes_back_the_same_from_json(release):
    again = json.loads(json.dumps(release))
    assert draft(again, ["发热三天"]) == draft(release, ["发热三天"])
    assert release["relation"] == "add or remove one patient"
    assert "发热" not in json.dumps(release, ensure_ascii=False)


def test_scores_stay_inside_and_say_so(release):
    scores = evaluate(release, notes(12), most=2)
    assert scores["status"] == "identified"
    assert set(scores["types"]["draft"]) == {"precision", "recall", "f1", "support"}
    assert scores["types"]["physician"]["support"] == 3  # fever, three days; cough
    assert len(patient_losses(release, notes(12))) == 12


def test_without_noise_a_model_learns_to_write_what_it_read():
    settings = section(width=32)
    model, tongue = fresh(settings)
    patients, examples = examples_of(settings, tongue, notes())
    loss = loss_of(settings, tongue)
    with torch.no_grad():
        before = loss(model, examples[:4]).mean()
    learn_openly(model, examples, loss, optimiser=adam(model, 0.02), epochs=6, batch=10)
    with torch.no_grad():
        assert loss(model, examples[:4]).mean() < before / 4
    assert len(set(patients)) == 40


def read(folder, *pairs):
    lines = [json.dumps({"seen": seen, "text": text}, ensure_ascii=False) for seen, text in pairs]
    (folder / "public.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return read_public(folder, "*.jsonl", given="seen", least=1)


def test_public_text_is_what_a_model_begins_with_and_its_digest_leaves_with_it(tmp_path):
    public = read(tmp_path, *[("头痛", "诊断：偏头痛。"), ("咳嗽", "诊断：支气管炎。")] * 100)
    plan = report_plan(section(public="public.jsonl", public_epochs=8, learning_rate=1e-9), public)
    learnt = evaluate(json.loads(json.dumps(plan.execute(notes(), noise()))), notes(12), most=1)
    from_nothing = evaluate(
        report_plan(section(learning_rate=1e-9)).execute(notes(), noise()), notes(12), most=1
    )
    assert learnt["loss"] < from_nothing["loss"] - 1
    told = plan.to_json()
    assert told["public_sha256"] == public.sha256 != read(tmp_path, ("头痛", "别的")).sha256
    assert "public_sha256" not in report_plan(section()).to_json()
    release = plan.execute(notes(), noise())
    assert {"key": "reports.note-public"} in release["notes"]
    assert settings_of(release) == plan.settings


def test_an_audit_begins_with_the_public_text_too(tmp_path):
    public = read(tmp_path, *[("头痛", "诊断：偏头痛。")] * 10)
    plan = report_plan(section(public="public.jsonl"), public)
    audited, begins = rehearsal(plan).model, begun(plan.settings, public)[0]
    nothing = fresh(plan.settings)[0]
    name = next(name for name, _ in begins.named_parameters())
    of = [dict(each.named_parameters())[name] for each in (audited, begins, nothing)]
    assert torch.equal(of[0], of[1])
    assert not torch.equal(of[0], of[2])


def test_a_public_line_that_is_no_text_is_named_by_its_number_alone(tmp_path):
    (tmp_path / "public.jsonl").write_text('{"seen": "a", "text": "b"}\n{"seen": 7, "text": "secret"}')
    with pytest.raises(InvalidInput) as refused:
        read_public(tmp_path, "*.jsonl", given="seen", least=1)
    assert "2" in str(refused.value)
    assert "secret" not in str(refused.value)


def test_public_text_beside_a_checkpoint_is_refused():
    with pytest.raises(InvalidInput, match="checkpoint"):
        section(public="public.jsonl", model="/a/checkpoint")


def test_a_loss_is_of_its_own_record_whatever_stands_beside_it():
    tongue = by_character()
    model = small_model(width=16, layers=1, heads=2, length=40, words=characters.vocabulary()).eval()
    short, long = (example(tongue, "咳嗽", "好" * n, most_given=8, most_written=20) for n in (2, 19))
    alone = losses(model, [short], length=40, pad=tongue.pad)
    beside = losses(model, [short, long], length=40, pad=tongue.pad)
    assert torch.allclose(alone[0], beside[0], atol=1e-6)


def test_what_is_given_is_not_learnt():
    tongue = by_character()
    made = example(tongue, "一二三四五六", "七八", most_given=4, most_written=9)
    assert tongue.decode(made.tokens[: made.given]) == "一二三四"
    assert made.tokens[-1] == tongue.end
    assert "一" not in repr(made)


def test_an_adapter_on_a_checkpoint_is_all_that_is_trained_and_released(tmp_path):
    """A tiny checkpoint of our own, as transformers writes it, stands for the hospital's."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(
        models.WordLevel({"<end>": 0, "<unk>": 1, "fever": 2, "cough": 3, "\n": 4}, unk_token="<unk>")
    )
    words.pre_tokenizer = pre_tokenizers.Split(" ", "removed")
    PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<end>", unk_token="<unk>").save_pretrained(
        tmp_path
    )
    small_model(width=16, layers=1, heads=2, length=64, words=8).save_pretrained(tmp_path)
    settings = section(model=str(tmp_path), rank=2, text_language="en")
    made = report_plan(settings).execute(notes(), noise())
    model, tongue = checkpoint(tmp_path, rank=2)
    trained = [name for name, each in model.named_parameters() if each.requires_grad]
    assert trained
    assert all("lora" in name for name in trained)
    assert tongue.encode("fever cough") == [2, 3]
    assert len(made["weights"]["weights"]) < 20_000
    assert isinstance(draft(made, ["fever"])[0], str)


def test_a_checkpoint_that_is_not_there_is_refused():
    with pytest.raises(InvalidInput, match="checkpoint"):
        fresh(section(model="/nowhere/at/all"))


@pytest.mark.parametrize(
    "changes",
    [
        {"text_language": "fr"},
        {"width": 17},
        {"most_given": 1},
        {"records": 0},
        {"delta": 0.5},
        {"epsilon": -1.0},
        {"expected_batch": 1000},
    ],
)
def test_a_section_that_could_never_be_trained_is_refused(changes):
    with pytest.raises(InvalidInput):
        section(**changes)


def test_a_plan_in_json_has_no_floats_and_names_every_field():
    told = report_plan(section()).to_json()
    assert not [value for value in told.values() if isinstance(value, float)]
    later = {"bands", "public", "public_epochs"}
    assert {field.name for field in dataclasses.fields(ReportSection)} <= set(told) | later
    assert not later & set(told)  # so that what was released before there were such keys is found


@pytest.mark.parametrize("epochs", [1, 3, 6])
def test_a_release_is_read_back_with_the_settings_that_it_was_trained_with(epochs):
    settings = section(public="public.jsonl", public_epochs=epochs, bands=2)
    plan = report_plan(settings)
    assert settings_of(released(plan.to_json(), plan.protection)) == settings


def test_bands_are_told_charged_and_read_back_where_there_are_any():
    settings = section(bands=2)
    plan = report_plan(settings)
    assert "bands" not in report_plan(section()).to_json()  # as plans were written before there were any
    assert (plan.to_json()["bands"], plan.protection.bands) == (2, 2)
    made = plan.execute(notes(), noise())
    assert settings_of(made) == settings
    assert made["noise_multiplier"] > report_plan(section()).protection.sigma
    with pytest.raises(InvalidInput, match="most bands are 4"):
        section(bands=5, steps=9)


def test_a_missing_column_is_named_before_anything_is_charged():
    with pytest.raises(InvalidInput, match="seen"):
        report_plan(section()).verify_columns(["_patient", "_text"])


def test_notes_without_a_column_are_refused_at_the_door_and_nothing_is_spent(tmp_path):
    with open_ledger(tmp_path) as ledger:
        ledger.open_account("all", epsilon=50.0, delta=1e-4, patients=100)
        ledger.grant("s", "all", epsilon=50.0, delta=1e-4, purpose="draft")
        before = ledger.store.head()
        with pytest.raises(InvalidInput, match="seen"):
            ledger.run(
                Watched(report_plan(section()), 0, 1, no_progress),
                notes().drop("seen"),
                study="s",
                account="all",
            )
        assert ledger.store.head() == before


def test_another_kind_of_release_and_other_weights_are_refused(release):
    with pytest.raises(InvalidInput):
        draft({**release, "kind": "ner"}, ["咳嗽"])
    with pytest.raises(IntegrityError):
        draft({**release, "width": 32}, ["咳嗽"])
