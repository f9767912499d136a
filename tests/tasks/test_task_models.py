"""The models of the tasks: a record's loss is its own, releases can be used, public text is all they begin with."""

import numpy as np
import pytest
import torch
from task_study import MARKED, TYPES, ner_section, notes

from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import IntegrityError, InvalidInput
from confide.tasks import diagnose, ner, start, tagger
from confide.tasks.corpora import entities_of
from confide.tasks.diagnose import diagnose_plan
from confide.tasks.learn import adam, learn_openly
from confide.tasks.ner import ner_plan
from confide.tasks.notes import frame_of, labelled, marked
from confide.tasks.public import Public, read_public
from confide.tasks.section import DiagnoseSection
from confide.tasks.spans import Tagged

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def pieces():
    return tagger.cut(*marked(notes(2), "entities"), TYPES, 4)


def test_the_loss_of_a_piece_is_the_same_whatever_it_is_batched_with():
    """Promise 2: padding and neighbours in the batch are other patients."""
    model = tagger.Tagger(start.from_nothing(), tags=5)
    found, _ = pieces()
    assert len({len(piece.tags) for piece in found}) > 1
    together = tagger.losses(model, found)
    for at, piece in enumerate(found):
        alone = tagger.losses(model, [piece])
        assert torch.allclose(together[at], alone[0], atol=1e-6)


def test_the_clipped_sum_is_that_of_the_plain_loop_over_patients():
    from confide.train.engine import Engine

    model = tagger.Tagger(start.from_nothing(), tags=5)
    found, whose = pieces()
    numbers = torch.from_numpy(np.unique(whose, return_inverse=True)[1])
    wanted = [torch.zeros_like(each) for each in model.parameters()]
    for patient in set(numbers.tolist()):
        own = [found[at] for at in range(len(found)) if numbers[at] == patient]
        gradients = torch.autograd.grad(tagger.losses(model, own).sum(), list(model.parameters()))
        norm = torch.sqrt(sum((each**2).sum() for each in gradients))
        for total, each in zip(wanted, gradients, strict=False):
            total += each * min(1.0, 0.3 / float(norm))
    engine = Engine(model, clip=0.3)
    engine.backward(tagger.losses(model, found), numbers)
    sums = engine.take()
    engine.close()
    for (name, _), each in zip(model.named_parameters(), wanted, strict=False):
        assert torch.allclose(sums[name], each, atol=1e-5)


def test_a_released_tagger_can_be_used_and_what_it_is_shows_no_note():
    plan = ner_plan(ner_section())
    release = plan.execute(notes(), Noise(Stream()))
    assert "asthma" not in str(release)
    assert len(tagger.find(release, ["", "asthma", "zinc twice a day " * 9])) == 3
    report = ner.evaluate(release, notes(1))
    assert report["micro"]["support"] == 12
    assert len(ner.patient_losses(release, notes(1))) == 6
    broken = release | {"model": release["model"] | {"weights": ""}}
    with pytest.raises(IntegrityError):
        tagger.find(broken, ["x"])
    with pytest.raises(InvalidInput):
        tagger.find({"kind": "logistic"}, ["x"])


def test_an_open_tagger_learns_what_was_marked():
    model = tagger.Tagger(start.from_nothing(), tags=5)
    found, _ = tagger.cut(*marked(notes(2), "entities"), TYPES, 64)
    learn_openly(model, found, tagger.losses, optimiser=adam(model, 0.02), epochs=30)
    told = [Tagged(text, entities_of(cell, text)) for text, cell in MARKED]
    report = tagger.report(told, tagger.found_by(model, [each.text for each in told], TYPES, 64), TYPES)
    assert report["micro"]["f1"] > 0.95


def test_the_same_noise_stream_and_the_same_notes_give_the_same_release():
    plan = ner_plan(ner_section())
    first, second = (plan.execute(notes(), Noise(Stream(bytes(32)))) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("patients", [0, 1])
def test_training_ends_where_nobody_takes_part(patients):
    few = notes()[:patients]
    assert ner_plan(ner_section()).execute(few, Noise(Stream()))["kind"] == "ner"


def test_the_path_of_tags_never_lets_an_inside_follow_nothing():
    draw = torch.Generator().manual_seed(1)
    for _ in range(20):
        tags = tagger.best_tags(torch.randn(30, 5, generator=draw) * 3)
        for before, tag in zip([0, *tags], tags, strict=False):
            assert tag == 0 or tag % 2 or before in (tag, tag - 1)


# what is public -----------------------------------------------------------------------------------------------


def test_public_notes_teach_before_a_patient_is_read():
    told = tuple(Tagged(text, entities_of(cell, text)) for text, cell in MARKED)
    public = Public("0" * 64, tuple(each.text for each in told) * 40, told * 40)
    settings = ner_section()
    table, model = tagger.begun(settings, public)
    found = tagger.found_by(model, [each.text for each in told], TYPES, 64)
    assert tagger.report(told, found, TYPES)["micro"]["f1"] > 0.9
    release = ner_plan(settings, public).execute(notes(1)[:0], Noise(Stream()))
    used = tagger.model_of(release)
    assert torch.equal(used.table, tagger.Tagger(table, tags=5).table)


def test_tokens_that_stand_beside_the_same_tokens_get_like_numbers():
    said = [f"give {drug} {times} a day to {who}" for drug in ("aspirin", "zinc", "iron")
            for times in ("once", "twice") for who in ("him", "her", "them")]  # fmt: skip
    table = start.from_texts(said * 3).astype(float)

    def alike(one, other):
        rows = [table[start_of(word)] for word in (one, other)]
        return rows[0] @ rows[1] / (np.linalg.norm(rows[0]) * np.linalg.norm(rows[1]))

    def start_of(word):
        from confide.tasks.tokens import bucket

        return bucket("token", word)

    assert alike("aspirin", "zinc") > alike("aspirin", "day") + 0.3


@pytest.mark.parametrize(
    ("content", "said"),
    [(b'{"text": "Zebulon"', "line 2"), (b'{"note": "Zebulon"}', "line 2"), (b'"Zebulon"', "line 2"),
     (b'{"text": "Zebulon", "entities": "[1]"}', "line 2"), (b"\xff\xfe", "UTF-8"), (b"", "too little")],
)  # fmt: skip
def test_a_public_file_that_cannot_be_read_is_refused_without_showing_it(tmp_path, content, said):
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "calm"}\n' + content)
    with pytest.raises(InvalidInput, match=said) as refused:
        read_public(tmp_path, "*.jsonl", "entities")
    assert "Zebulon" not in str(refused.value)


def test_the_digest_of_public_files_follows_their_content(tmp_path):
    (tmp_path / "a.txt").write_text("calm " * 999)
    first = read_public(tmp_path, "*.txt", None)
    (tmp_path / "a.txt").write_text("Calm " * 999)
    assert first.sha256 != read_public(tmp_path, "*.txt", None).sha256
    assert "calm" not in repr(first)


# classes ------------------------------------------------------------------------------------------------------


def diagnose_section(**changes):
    given = {
        "task": "diagnose",
        "source": "notes",
        "target": "ward",
        "classes": ("heart", "lung"),
        "epsilon": 8.0,
    }
    return DiagnoseSection(
        **given | {"patients": 60, "delta": 1e-5, "steps": 20, "test_share": 0.0} | changes
    )


def test_a_released_classifier_can_be_used_and_measured():
    rows = [(f"p{i}", f"{'chest pain' if i % 2 else 'cough'} since day {i}", {"ward": "heart" if i % 2 else "lung"})
            for i in range(400)]  # fmt: skip
    plan = diagnose_plan(diagnose_section(patients=400, delta=2e-5, epsilon=50.0, learning_rate=5.0))
    release = plan.execute(frame_of(rows), Noise(Stream()))
    assert diagnose.evaluate(release, frame_of(rows))["accuracy"] > 0.9
    assert diagnose.diagnose(release, []) == []
    assert len(diagnose.patient_losses(release, frame_of(rows))) == 400
    assert "chest" not in str(release)


def test_a_note_without_a_listed_class_or_with_labels_that_do_not_fit_takes_no_part():
    rows = [("a", "x", {"ward": "heart"}), ("b", "y", {"ward": "skin"}), ("c", "z", {})]
    assert labelled(frame_of(rows), "ward", ("heart", "lung")) == (["a"], ["x"], [0])
    rows = [("a", "xyz", {"entities": "[]"}), ("b", "y", {"entities": '[{"start": 0, "end": 9, "type": "drug"}]'}),
            ("c", "z", {"entities": "?"}), ("d", "w", {})]  # fmt: skip
    assert marked(frame_of(rows), "entities")[0] == ["a"]


def test_a_vector_is_of_length_one_and_its_own():
    first = diagnose.vector_of("胸痛三天")
    assert np.linalg.norm(first) == pytest.approx(1)
    assert not diagnose.vector_of("").any()
    assert (first == diagnose.vector_of("胸痛三天")).all()
