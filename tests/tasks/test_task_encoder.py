"""A layer over a public encoder: a text's vectors are its own, the encoder is known by its files, what it reads is learnt."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from task_study import MARKED, STUDY, TYPES, make_task_study, ner_section, notes

from confide.cli.show import ProgressLines
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.study.run import run_study
from confide.tasks import diagnose, ner, tagger
from confide.tasks.corpora import entities_of
from confide.tasks.diagnose import diagnose_plan
from confide.tasks.encoder import encoder_in, sha256_of
from confide.tasks.learn import adam, learn_openly
from confide.tasks.ner import ner_plan
from confide.tasks.notes import marked
from confide.tasks.public import Public
from confide.tasks.section import DiagnoseSection, NerSection
from confide.tasks.spans import Tagged
from confide.tasks.tokens import places_of

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
minilm = pytest.importorskip("all_minilm_l6_v2", reason="the public encoder is not installed")


@pytest.fixture(scope="module")
def folder():
    return str(minilm.get_model_path())


@pytest.fixture(scope="module")
def encoder(folder):
    return encoder_in(folder, sha256_of(folder))


def test_the_vectors_of_a_text_are_its_own(encoder):
    """Promise 2: what is read before and after it are other patients."""
    texts = ["Given aspirin.", "x", "予阿司匹林。", "long " * 300, "", "a\x00b \ud800 😀"]
    first = [encoder.read(text, places_of(text)) for text in texts]
    again = [encoder.read(text, places_of(text)) for text in reversed(texts)][::-1]
    for text, one, other in zip(texts, first, again, strict=True):
        assert one.shape == (len(places_of(text)), encoder.width)
        assert (one == other).all()
    assert np.allclose(np.linalg.norm(first[0], axis=1), 4, rtol=0.5)
    assert not encoder.vector("").any()
    assert np.linalg.norm(encoder.vector("Given aspirin.")) == pytest.approx(1)


def test_the_scores_of_a_piece_are_the_same_whatever_it_is_padded_with(encoder):
    model = tagger.Encoded(encoder, tags=5)
    torch.nn.init.normal_(model.scores.weight)
    pieces, _ = tagger.cut(*marked(notes(1), "entities"), TYPES, 4, encoder.read)
    assert len({len(piece.tags) for piece in pieces}) > 1
    together = tagger.losses(model, pieces)
    for at, piece in enumerate(pieces):
        assert torch.allclose(together[at], tagger.losses(model, [piece])[0], atol=1e-5)


def test_an_encoder_is_refused_where_there_is_none_and_where_it_is_another(folder, tmp_path):
    with pytest.raises(InvalidInput) as refused:
        ner_plan(ner_section(encoder=str(tmp_path)))
    assert refused.value.code == "tasks.no-encoder"
    changed = tmp_path / "changed"
    shutil.copytree(folder, changed)
    plan = ner_plan(ner_section(encoder=str(changed)))
    (changed / "config.json").write_text((Path(folder) / "config.json").read_text() + "\n")
    with pytest.raises(InvalidInput) as refused:
        plan.execute(notes(1), Noise(Stream()))
    assert refused.value.code == "tasks.other-encoder"
    (changed / "config.json").write_text("{}")
    with pytest.raises(InvalidInput) as refused:
        ner_plan(ner_section(encoder=str(changed))).execute(notes(1), Noise(Stream()))
    assert refused.value.code == "tasks.no-encoder"


def test_a_released_layer_names_its_encoder_shows_no_note_and_can_be_used(folder):
    plan = ner_plan(ner_section(encoder=folder))
    release = plan.execute(notes(), Noise(Stream()))
    assert release["encoder_sha256"] == sha256_of(folder)
    assert {"key": "tasks.note-encoder"} in release["notes"]
    assert "asthma" not in str(release)
    assert ner.evaluate(release, notes(1))["micro"]["support"] == 12
    assert len(ner.patient_losses(release, notes(1))) == 6
    assert len(ner.rehearsal(plan).records) == 32


def test_public_notes_teach_the_layer_before_a_patient_is_read(folder):
    told = tuple(Tagged(text, entities_of(cell, text)) for text, cell in MARKED)
    public = Public("0" * 64, tuple(each.text for each in told) * 20, told * 20)
    table, model = tagger.begun(ner_section(encoder=folder, piece=64), public, sha256_of(folder))
    assert table is None
    found = tagger.found_by(model, [each.text for each in told], TYPES, 64)
    assert tagger.report(told, found, TYPES)["micro"]["f1"] > 0.95


def test_a_class_is_learnt_from_the_vectors_of_an_encoder(folder, encoder):
    cases = diagnose.cases_of(
        [text for text, _ in MARKED], [int("asthma" in text) for text, _ in MARKED], encoder.vector
    )
    model = diagnose.fresh(2, encoder.width)
    learn_openly(model, cases, diagnose.losses, optimiser=adam(model, 0.1), epochs=40)
    assert diagnose.guessed(model, cases) == [case.place for case in cases]
    section = DiagnoseSection(
        task="diagnose", source="notes", target="ward", classes=("heart", "lung"), epsilon=50.0, patients=400,
        delta=2e-5, test_share=0.0, encoder=folder,
    )  # fmt: skip
    plan = diagnose_plan(section)
    release = plan.execute(notes(), Noise(Stream()))
    assert len(diagnose.diagnose(release, ["Given aspirin."])) == 1
    assert diagnose.evaluate(release, notes(1))["records"] == 6
    assert len(diagnose.patient_losses(release, notes(1))) == 6
    assert {"key": "tasks.note-encoder"} in release["notes"]
    assert len(diagnose.rehearsal(plan).records) == 16


def test_a_study_with_an_encoder_names_it_on_both_editions(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    named = f'encoder = "{folder}"\nepsilon = 8.0\ndelta = 1e-5\npatients = 60\nsteps = 3\n'
    text = STUDY.replace("epsilon = 8.0\ndelta = 1e-5\npatients = 60\nsteps = 3\n", named)
    study = make_task_study(tmp_path / "study", text=text)
    assert run_study(study, step=ProgressLines(quiet=True)).verdict == "pass"
    for edition in ("inside", "outside"):
        assert (study / f"dossier/{edition}.html").read_text().count(sha256_of(folder)) >= 2
    card = (study / "outgoing/models/found.md").read_text()
    assert sha256_of(folder) in card


def test_without_an_encoder_a_release_is_as_it_was_before_there_were_any():
    section = NerSection(
        task="ner", source="n", labels="e", types=TYPES, epsilon=1.0, patients=60, delta=1e-5
    )
    assert "encoder" not in str(ner_plan(section).to_json())
