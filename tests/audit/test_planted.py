"""Secrets planted in a language model's training: found where noise and clipping are missing, within the bound where they are not."""

import numpy as np
import pytest
import torch

from confide.audit.planted import audit_secrets, most_allowed, texts_of
from confide.dp.noise import Noise
from confide.dp.random import Stream
from confide.errors import InvalidInput
from confide.tasks.language import losses, text_losses
from confide.tasks.notes_plan import made_up_plan, rehearsal
from confide.tasks.notes_section import NotesSection
from confide.tasks.report_section import ReportSection
from confide.tasks.reports import fresh, report_plan
from confide.tasks.reports import rehearsal as report_rehearsal

FORM = "key ##"
LEVEL = 0.9


def noise(number=0):
    return Noise(Stream(number.to_bytes(32, "big")))


def shared(**changes):
    return {
        "source": "notes", "epsilon": 1.0, "delta": 1e-6, "patients": 20, "test_share": 0.0, "expected_batch": 20,
        "width": 32, "layers": 1, "most_written": 24, "steps": 60, "learning_rate": 0.02, **changes,
    }  # fmt: skip


def plan_of(task):
    if task == "notes":
        return made_up_plan(NotesSection(task="notes", count=1, **shared(patients=200, expected_batch=200)))
    section = ReportSection(
        task="report",
        findings="seen",
        text_language="en",
        most_given=4,
        **shared(patients=200, expected_batch=200),
    )
    return report_plan(section)


class Broken:
    """A source whose coins and choices are fair, and that adds no noise to a sum."""

    def __init__(self):
        sound = noise(5)
        self.bernoulli, self.choose = sound.bernoulli, sound.choose

    def add_gaussian(self, values, sigma):
        pass


def attacked(task, source):
    plan = plan_of(task)
    there = (rehearsal if task == "notes" else report_rehearsal)(plan)

    def train(texts):
        records = [*there.records, *map(there.speech.record, texts)]
        there.speech.train(there.model, records, list(range(len(records))), source, lambda done, steps: None)

    return audit_secrets(
        FORM, 1, epsilon=plan.epsilon, delta=plan.delta, level=LEVEL, noise=source, train=train,
        asked=lambda texts: there.speech.asked(there.model, texts),
    )  # fmt: skip


@pytest.mark.parametrize("task", ["notes", "report"])
def test_a_training_without_noise_gives_its_secret_away(task):
    found = attacked(task, Broken())
    assert found.exposure > found.allowed
    assert found.refuted == ("secret",)


def test_a_training_that_keeps_its_claim_stays_within_its_bound():
    found = attacked("notes", noise())
    assert found.exposure <= found.allowed
    assert found.refuted == ()


def asked_of(known):
    """A model that expects a secret of the list `known` and nothing else."""
    return lambda texts: np.array([0.0 if text in known else 9.0 for text in texts])


def test_the_best_known_of_several_secrets_is_what_counts():
    planted = []
    found = audit_secrets(
        "bed ###", 3, epsilon=0.5, delta=0.0, level=LEVEL, noise=noise(), train=planted.extend,
        asked=lambda texts: asked_of(planted[1:2])(texts) + np.arange(1000) / 1e6,
    )  # fmt: skip
    assert [text[:7] for text in planted] == ["1. bed ", "2. bed ", "3. bed "]
    assert found.exposure == pytest.approx(np.log2(1000))
    assert found.exposure_mean < found.exposure
    assert found.refuted == ("secret",)


def test_secrets_are_drawn_evenly_and_differ_from_patient_to_patient():
    drawn = []
    for number in range(40):
        audit_secrets(
            "###",
            10,
            epsilon=0.0,
            delta=0.0,
            level=0.5,
            noise=noise(number),
            train=drawn.extend,
            asked=asked_of([]),
        )
    digits = [int(digit) for text in drawn for digit in text[-3:]]
    counts = np.bincount(digits, minlength=10)
    assert counts.sum() == 1200
    assert ((counts - 120) ** 2 / 120).sum() < 27.9  # χ² with 9 degrees, 1 in 1000
    assert len({text[-3:] for text in drawn[:10]}) > 5


def test_many_secrets_of_a_model_that_knows_none_are_refuted_no_more_often_than_the_level_says():
    draw = np.random.default_rng(1)
    refuted = sum(
        audit_secrets(
            "##", 4, epsilon=0.0, delta=0.0, level=0.8, noise=noise(number), train=lambda texts: None,
            asked=lambda texts: draw.normal(size=len(texts)),
        ).refuted != () for number in range(200)
    )  # fmt: skip
    assert refuted <= 62  # 0.2 of 200 and 4 standard deviations
    assert refuted > 10


def test_the_loss_of_a_text_is_that_of_the_training_whatever_is_asked_beside_it():
    section = NotesSection(task="notes", count=1, **shared())
    model, tongue = fresh(section)
    texts = [*texts_of(FORM, 1)[:12], "病历号7"]
    found = text_losses(model, tongue, texts)
    assert found == pytest.approx([text_losses(model, tongue, [text])[0] for text in texts], abs=1e-4)
    there = rehearsal(made_up_plan(section))
    record = there.speech.record(texts[3])
    with torch.no_grad():
        mean = losses(model, [record], length=section.length, pad=tongue.pad)
        end = torch.log_softmax(model(torch.tensor([record.tokens[:-1]])).logits[0, -1], -1)[tongue.end]
    tokens = len(record.tokens) - record.given
    assert found[3] == pytest.approx(float(mean) * tokens + float(end), abs=1e-3)


@pytest.mark.parametrize(
    ("form", "epsilon", "said"),
    [("no blank", 1.0, "candidate"), ("#######", 1.0, "candidate"), ("##", 5.0, "can refute nothing")],
)
def test_a_form_that_could_refute_nothing_is_refused(form, epsilon, said):
    with pytest.raises(InvalidInput, match=said):
        most_allowed(form, 1, epsilon=epsilon, delta=0.0, level=LEVEL)


def test_a_secret_that_a_note_would_cut_is_refused():
    there = rehearsal(made_up_plan(NotesSection(task="notes", count=1, **shared(most_written=8))))
    with pytest.raises(InvalidInput, match="longer than the 8 tokens"):
        there.speech.record("key of cabinet 77")
