"""Any torch module as a vector: what travels, what stays, and what one patient can move."""

import math

import numpy as np
import pytest
import torch
from fed_rounds import federation
from peft import LoraConfig, get_peft_model
from torch import nn
from torch.nn import functional
from transformers import LlamaConfig, LlamaForCausalLM

from confide.errors import InvalidInput
from confide.federated.glm import Glm
from confide.federated.learners import TableLearner, table
from confide.federated.learning import Course, Learning, local_update
from confide.federated.patient_unit import ROUNDING, in_steps, reach, sensitivity
from confide.federated.settings import Grid
from confide.federated.torch_learner import start_digest, torch_learner

draw = np.random.default_rng(2)
INPUTS = draw.normal(size=(11, 3)).astype(np.float32)
OUTCOMES = (INPUTS.sum(axis=1) > 0).astype(np.float32)
PATIENTS = [3, 3, 1, 0, 0, 0, 2, 5, 5, 4, 6]


class Headed(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body, self.head = nn.Linear(3, 4), nn.Linear(4, 1)

    def forward(self, x):
        return self.head(torch.tanh(self.body(x)))[:, 0]


def logistic_loss(module, records):
    inputs, outcomes = (torch.tensor(np.stack(each)) for each in zip(*records, strict=True))
    return functional.binary_cross_entropy_with_logits(module(inputs).reshape(-1), outcomes, reduction="none")


def headed(records=None, patients=PATIENTS, **more):
    records = list(zip(INPUTS, OUTCOMES, strict=True)) if records is None else records
    module = Headed()
    return torch_learner(
        module, logistic_loss, records, patients, start=start_digest(module), physical_batch=4, **more
    )


def llama():
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=40, **sizes))


def next_words(model, records):
    ids = torch.stack(records)
    logits = model(input_ids=ids).logits.float()
    return functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none").mean(1)


def test_a_linear_module_has_the_gradient_of_our_own_logistic_regression():
    module = nn.Linear(3, 1)
    ours = TableLearner(Glm(kind="logistic", features=3), table(INPUTS, OUTCOMES, np.array(PATIENTS)))
    records = list(zip(INPUTS, OUTCOMES, strict=True))
    theirs = torch_learner(module, logistic_loss, records, PATIENTS, start=start_digest(module))
    model = draw.normal(size=4)
    swapped = np.roll(model, -1)  # torch has the slopes first
    for found, wanted in [
        (theirs.gradient(swapped), ours.gradient(model)),
        (theirs.gradient(swapped, np.array([1, 3])), ours.gradient(model, np.array([1, 3]))),
        (theirs.clipped_sum(swapped, 0.2), ours.clipped_sum(model, 0.2)),
        (theirs.clipped_sum(swapped, 9.0), ours.clipped_sum(model, 9.0)),
        (theirs.clipped_sum(swapped, 0.2, np.arange(7) > 2), ours.clipped_sum(model, 0.2, np.arange(7) > 2)),
    ]:
        np.testing.assert_allclose(np.roll(found, 1), wanted, rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("spoilt", [None, math.nan, math.inf, 1e30])
def test_one_patient_moves_the_clipped_sum_of_a_module_by_at_most_the_clip(spoilt):
    records = [(x.copy(), y) for x, y in zip(INPUTS, OUTCOMES, strict=True)]
    if spoilt is not None:
        records[4][0][1] = spoilt
    learner = headed(records)
    model, clip = 3 * draw.normal(size=learner.length), 0.05
    whole = learner.clipped_sum(model, clip)
    assert np.isfinite(whole).all()
    for who in set(PATIENTS):
        rest = [at for at, whose in enumerate(PATIENTS) if whose != who]
        without = headed([records[at] for at in rest], [PATIENTS[at] for at in rest])
        moved = np.linalg.norm(whole - without.clipped_sum(model, clip))
        assert moved <= clip * (1 + ROUNDING)


def test_one_patient_moves_the_steps_of_a_module_by_at_most_the_sensitivity():
    learning = Learning(rounds=1, rate=0.5, protection="patient", clip=0.1, patients=7)
    length = headed().length
    fed = federation(3, length=length, grid=Grid(clip=7 * reach(learning), levels=1 << 26))
    task = 3 * draw.normal(size=length)

    def steps_of(kept):
        learner = headed([(INPUTS[at], OUTCOMES[at]) for at in kept], [PATIENTS[at] for at in kept])
        update, _ = local_update(learning, learner, task, 1, b"")
        return in_steps(learning, fed, "site-00", 1, update).astype(float)

    whole = steps_of(range(11))
    for who in set(PATIENTS):
        moved = np.linalg.norm(whole - steps_of([at for at in range(11) if PATIENTS[at] != who]))
        assert 0 < moved <= sensitivity(learning, fed)


def test_a_patient_who_is_not_finite_is_left_out_of_plain_training_too():
    records = [(x.copy(), y) for x, y in zip(INPUTS, OUTCOMES, strict=True)]
    records[4][0][0] = np.nan  # of patient 0, who has three records
    rest = [at for at, whose in enumerate(PATIENTS) if whose != 0]
    without = headed([records[at] for at in rest], [PATIENTS[at] for at in rest])
    learner, model = headed(records), draw.normal(size=without.length)
    np.testing.assert_allclose(learner.gradient(model) * 7, without.gradient(model) * 6, rtol=1e-4, atol=1e-6)


def test_a_head_of_its_own_never_leaves_the_site_and_is_there_in_the_next_round():
    learner = headed(personal=["head"])
    assert (learner.length, len(learner.stays())) == (16, 5)
    learning = Learning(rounds=2, rate=0.5, steps=3)
    course, state, heads = Course(learning, learner.start()), b"", []
    for number in (1, 2):
        update, state = local_update(learning, learner, course.task(), number, state)
        assert update.shape == (16,)
        course.take(update)
        heads.append(np.frombuffer(state[32:], dtype="<f8"))
    whole, plain = headed(), Learning(rounds=1, rate=0.5, steps=6)
    both, _ = local_update(plain, whole, whole.start(), 1, b"")
    np.testing.assert_allclose(course.model, (whole.start() + both)[:16], atol=1e-5)
    np.testing.assert_allclose(heads[1], (whole.start() + both)[16:], atol=1e-5)


def test_a_head_of_its_own_is_refused_where_one_noisy_sum_is_to_protect_a_patient():
    learning = Learning(rounds=1, rate=0.5, protection="patient", clip=1.0, patients=7)
    learner = headed(personal=["head"])
    with pytest.raises(InvalidInput) as refused:
        local_update(learning, learner, learner.start(), 1, b"")
    assert refused.value.code == "learning.combination"


def test_of_a_language_model_only_its_adapters_travel():
    model = get_peft_model(llama(), LoraConfig(r=2, target_modules=["q_proj", "v_proj"]))
    frozen = {n: p.detach().clone() for n, p in model.named_parameters() if not p.requires_grad}
    texts = list(torch.randint(0, 40, (6, 8), generator=torch.Generator().manual_seed(1)))
    first = start_digest(model)
    learner = torch_learner(model, next_words, texts, [0, 0, 1, 1, 2, 2], start=first, physical_batch=4)
    assert learner.length == 2 * (2 * 16 + 2 * 16)
    before = float(next_words(model, texts).detach().mean())
    learning = Learning(rounds=3, rate=50.0, protection="patient", clip=1.0, patients=3)
    course = Course(learning, learner.start())
    for number in range(1, 4):
        course.take(local_update(learning, learner, course.task(), number, b"")[0])
    learner.load(course.model)
    assert float(next_words(model, texts).detach().mean()) < before
    assert all(torch.equal(p, frozen[n]) for n, p in model.named_parameters() if n in frozen)
    refuse_start(model, first)  # it has learnt


def refuse_start(module, start):
    with pytest.raises(InvalidInput) as refused:
        torch_learner(module, next_words, [], [], start=start)
    assert refused.value.code == "learning.start"


def test_a_module_with_other_weights_than_were_approved_is_refused_also_under_its_adapters():
    adapters = LoraConfig(r=2, target_modules=["q_proj", "v_proj"])

    def made():
        model = get_peft_model(llama(), adapters)
        return model, dict(model.named_parameters())

    model, named = made()
    first = start_digest(model)
    assert start_digest(made()[0]) == first
    for name in ("embed_tokens.weight", "q_proj.lora_B.default.weight"):
        model, named = made()
        [whole] = [key for key in named if key.endswith(name)]
        with torch.no_grad():
            named[whole].reshape(-1)[0] += 1e-6
        refuse_start(model, first)
    model, named = made()
    next(value for name, value in named.items() if "lora" in name).requires_grad_(False)
    refuse_start(model, first)


def test_modules_that_cannot_travel_are_refused():
    records = list(zip(INPUTS, OUTCOMES, strict=True))
    for module, personal, patients in [
        (nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 1)), [], PATIENTS),
        (Headed(), ["hea"], PATIENTS), (Headed(), ["body", "head"], PATIENTS), (Headed(), [], PATIENTS[1:]),
    ]:  # fmt: skip
        with pytest.raises(InvalidInput):
            torch_learner(
                module, logistic_loss, records, patients, start=start_digest(module), personal=personal
            )
    module = Headed()
    learner = torch_learner(
        module, lambda *given: logistic_loss(*given).mean(), records, PATIENTS, start=start_digest(module)
    )
    with pytest.raises(InvalidInput):
        learner.gradient(learner.start())
    with pytest.raises(InvalidInput):
        learner.load(np.zeros(3))


def test_a_site_without_patients_has_a_gradient_of_zero():
    learner = headed([], [])
    assert not learner.gradient(learner.start()).any()
    assert not learner.clipped_sum(learner.start(), 1.0).any()
