"""One patient moves the sums by at most the clip, whatever its records hold and however many there are."""

import pytest
import torch
from engine_models import PATIENTS, cases, gpt2, llama, next_words, texts
from hypothesis import example, given, settings
from hypothesis import strategies as st

from confide.errors import InvalidInput
from confide.train.engine import Engine

CASES = cases()


def added(engine, loss, model, records, patients):
    engine.backward(loss(model, records), patients)
    return engine.take()


def far(one, other):
    return float(torch.stack([(one[n] - other[n]).norm() for n in one]).norm())


@pytest.mark.parametrize(
    "name",
    [
        "GPT-2",
        "Llama, tied",
        "LoRA",
        "convolutions",
        "deep convolutions",
        "records of several images",
        "GRU of one layer",
    ],
)
def test_removing_one_patient_moves_the_sums_by_at_most_the_clip(name):
    model, records, loss = CASES[name]()
    engine = Engine(model, clip=0.01)
    everyone = added(engine, loss, model, records, PATIENTS)
    moved = []
    for patient in (1, 2, 3):
        stays = patient != PATIENTS
        rest = [record for record, kept in zip(records, stays, strict=True) if kept]
        moved.append(far(everyone, added(engine, loss, model, rest, PATIENTS[stays])))
    assert max(moved) <= 0.01 * (1 + 1e-5)
    assert min(moved) > 0.01 * (1 - 1e-4), "the gradients here are far above the clip"


@settings(max_examples=25)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=9), st.sampled_from([1e-3, 0.3, 1e3]))
def test_any_grouping_of_records_gives_the_sums_of_the_loop(patients, clip):
    model, records, loss = CASES["convolutions of signals"]()
    engine = Engine(model, clip=clip)
    again = [records[at % len(records)] + at for at in range(len(patients))]
    assert engine.verify(again, loss, torch.tensor(patients)) < 1e-5


@settings(max_examples=30)
@given(st.integers(0, 2**16), st.sampled_from([1.0, 1e2, 1e4, 1e6]), st.sampled_from([2, 16, 64]))
def test_a_patient_whose_tokens_cancel_adds_at_most_the_clip_and_a_thousandth(seed, size, tokens):
    """Each token has another with the same input and the opposite gradient, but for a little: pairs round it away."""
    drawn = torch.Generator().manual_seed(seed)
    inputs = size * torch.randn(1, tokens // 2, 64, generator=drawn).repeat(1, 2, 1)
    inputs += torch.randn(1, tokens, 64, generator=drawn)
    pull = torch.randn(1, tokens // 2, 64, generator=drawn)
    layer = torch.nn.Linear(64, 64, bias=False)
    engine = Engine(layer, clip=1.0)
    engine.backward((layer(inputs) * torch.cat([pull, -pull], 1)).sum((1, 2)))
    assert float(engine.take()["weight"].double().norm()) <= 1 + 2**-10


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (torch.nn.GroupNorm(2, 4), (8, 4, 4, 4)),
        (torch.nn.Conv2d(4, 4, 3, padding=1), (8, 4, 8, 8)),
        (torch.nn.Conv2d(64, 64, 3, padding=1), (2, 64, 2, 2)),
        (torch.nn.LayerNorm(8), (8,)),
    ],
    ids=["GroupNorm", "convolution", "deep convolution", "LayerNorm"],
)
def test_a_single_record_of_several_rows_adds_at_most_the_clip(layer, shape):
    engine = Engine(layer, clip=0.01)
    rows = torch.randn(*shape, generator=torch.Generator().manual_seed(5))
    engine.backward(layer(rows).square().sum().unsqueeze(0))
    taken = engine.take()
    assert far(taken, {n: 0 * g for n, g in taken.items()}) == pytest.approx(0.01, rel=1e-5)


def test_an_image_without_a_record_dimension_is_refused():
    layer = torch.nn.Conv2d(8, 8, 3, padding=1)
    layer.weight.requires_grad_(False)
    engine = Engine(layer, clip=0.01)
    with pytest.raises(InvalidInput, match="record"):
        engine.backward(layer(torch.randn(8, 8, 8)).square().sum().unsqueeze(0))


def test_a_call_under_autocast_clips_in_fp32():
    layer = torch.nn.Linear(4, 4, bias=False)
    engine = Engine(layer, clip=0.01)
    longest = 0.0
    for seed in range(20):
        rows = torch.randn(1, 64, 4, generator=torch.Generator().manual_seed(seed))
        with torch.autocast("cpu", torch.bfloat16):
            engine.backward(layer(rows).square().flatten(1).sum(1))
        longest = max(longest, float(engine.take()["weight"].double().norm()))
    assert longest <= 0.01 * (1 + 2**-10)


@settings(max_examples=30)
@given(st.integers(0, 2**16), st.sampled_from([1.0, 1e2, 1e4, 1e6]))
@example(127, 1e6)
def test_a_patient_whose_images_cancel_adds_at_most_the_clip_and_a_thousandth(seed, size):
    drawn = torch.Generator().manual_seed(seed)
    image = size * torch.randn(1, 32, 4, 4, generator=drawn)
    images = torch.cat([image, image + torch.randn(1, 32, 4, 4, generator=drawn)])
    pull = torch.randn(1, 32, 4, 4, generator=drawn)
    layer = torch.nn.Conv2d(32, 32, 3, padding=1, bias=False)
    engine = Engine(layer, clip=1.0)
    losses = (layer(images) * torch.cat([pull, -pull])).sum((1, 2, 3))
    engine.backward(losses, torch.tensor([4, 4]))
    assert float(engine.take()["weight"].double().norm()) <= 1 + 2**-10


@pytest.mark.parametrize(
    "name", ["Llama", "convolutions", "deep convolutions", "records of several images", "LSTM of one layer"]
)
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e30])
def test_a_patient_without_a_finite_norm_adds_nothing(name, bad):
    model, records, loss = CASES[name]()
    engine = Engine(model, clip=0.01)
    losses = loss(model, records)
    factor = torch.where(PATIENTS == 1, bad, 1.0)
    engine.backward(losses * factor, PATIENTS)
    spoilt = engine.take()
    stays = PATIENTS != 1
    rest = [record for record, kept in zip(records, stays, strict=True) if kept]
    assert far(spoilt, added(engine, loss, model, rest, PATIENTS[stays])) < 1e-6


def test_several_calls_of_one_logical_batch_add_up():
    model, records, loss = CASES["GPT-2"]()
    engine = Engine(model, clip=0.01)
    order = torch.argsort(PATIENTS, stable=True)
    together = added(engine, loss, model, records, PATIENTS)
    for rows in (order[:3], order[3:]):
        engine.backward(loss(model, [records[row] for row in rows]), PATIENTS[rows])
    assert far(together, engine.take()) < 1e-7
    assert engine.sums == {}


def test_a_patient_in_two_calls_of_one_logical_batch_is_refused():
    model, records, loss = CASES["Llama"]()
    engine = Engine(model, clip=0.01)
    engine.backward(loss(model, records), PATIENTS)
    with pytest.raises(InvalidInput) as refused:
        engine.backward(loss(model, records[:1]), torch.tensor([2]))
    assert refused.value.code == "engine.patient-twice"
    engine.take()
    engine.backward(loss(model, records[:1]), torch.tensor([2]))


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("make", [gpt2, llama])
def test_gradient_checkpointing_changes_nothing(make, reentrant):
    engine_of = {}
    for way in (False, True):
        model = make()
        if way:
            model.gradient_checkpointing_enable({"use_reentrant": reentrant})
        model.config.use_cache = False
        model.train()
        engine = Engine(model, clip=0.01)
        engine_of[way] = added(engine, next_words, model, texts(), PATIENTS)
        assert far(engine_of[way], {n: 0 * g for n, g in engine_of[way].items()}) > 0.01
        again = added(engine, next_words, model, texts(), PATIENTS)  # the first call also probes
        assert far(engine_of[way], again) < 1e-7
    assert far(engine_of[False], engine_of[True]) < 1e-7
    assert all(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize(
    "name",
    [
        "GPT-2",
        "Llama",
        "LoRA",
        "convolutions",
        "deep convolutions",
        "records of several images",
        "a layer that runs twice",
    ],
)
def test_under_autocast_norms_and_sums_are_fp32(name):
    model, records, loss = CASES[name]()
    model.eval()
    engine = Engine(model, clip=0.01)
    exact = added(engine, loss, model, records, PATIENTS)
    with torch.autocast("cpu", torch.bfloat16):
        losses = loss(model, records)
    engine.backward(losses, PATIENTS)
    rough = engine.take()
    assert {g.dtype for g in rough.values()} == {torch.float32}
    norm = far(exact, {n: 0 * g for n, g in exact.items()})
    assert far(exact, rough) < 0.05 * norm  # three digits of bfloat16, over all layers
    with torch.autocast("cpu", torch.bfloat16):
        one = loss(model, records[:1])
    engine.backward(one)
    alone = engine.take()
    assert far(alone, {n: 0 * g for n, g in alone.items()}) == pytest.approx(0.01, rel=1e-5)


def test_a_frozen_part_gets_nothing_and_moves_nothing():
    model, records, loss = CASES["GPT-2"]()
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("h.1.mlp" in name or name.endswith("ln_1.bias"))
    engine = Engine(model, clip=0.01)
    assert engine.verify(records, loss, PATIENTS) < 1e-5
    wanted = {n for n, p in model.named_parameters() if p.requires_grad}
    assert set(added(engine, loss, model, records, PATIENTS)) == wanted


def test_writing_gives_gradients_to_managed_parameters_only_and_closing_gives_the_model_back():
    model, records, loss = CASES["LoRA"]()
    before = {n: p.requires_grad for n, p in model.named_parameters()}
    engine = Engine(model, clip=0.01)
    engine.write(added(engine, loss, model, records, PATIENTS))
    assert {n for n, p in model.named_parameters() if p.grad is not None} == {
        n for n, g in before.items() if g
    }
    engine.close()
    for parameter in model.parameters():
        parameter.grad = None
    loss(model, records).sum().backward()
    assert {n: p.grad is not None for n, p in model.named_parameters()} == before
    assert {n: p.requires_grad for n, p in model.named_parameters()} == before
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
