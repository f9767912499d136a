"""The engine adds exactly what the explicit loop over patients adds."""

import pytest
import torch
from engine_models import PATIENTS, cases

from confide.train.engine import Engine

CASES = cases()


@pytest.mark.parametrize("patients", [None, PATIENTS], ids=["records", "patients"])
@pytest.mark.parametrize("name", CASES)
def test_the_sums_are_those_of_the_explicit_loop(name, patients):
    model, records, loss = CASES[name]()
    for clip in (0.05, 1e3):
        engine = Engine(model, clip=clip)
        assert engine.verify(records, loss, patients) < 1e-5
        assert engine.sums == {}
        engine.close()


@pytest.mark.parametrize("name", ["convolutions", "deep convolutions", "convolutions of signals"])
def test_patients_with_equally_many_images_are_found_side_by_side(name):
    """Their weight gradients come from one convolution whose groups are patients."""
    model, records, loss = CASES[name]()
    engine = Engine(model, clip=0.05)
    assert engine.verify(records, loss, torch.tensor([5, 2, 2, 7, 7, 5])) < 1e-5
    engine.close()


def test_a_deep_convolution_keeps_factors_and_one_that_is_used_again_does_not():
    model, records, loss = CASES["deep convolutions"]()
    engine = Engine(model, clip=1.0)
    engine.backward(loss(model, records))
    ways = {each.parameter: each.rule for each in engine.explain()}
    kept = {name: ways[name].partition(", ")[2] for name in ("3.weight", "7.weight", "4.0.weight")}
    assert kept == {"3.weight": "ghost", "7.weight": "ghost", "4.0.weight": "direct"}
    engine.close()


def test_an_engine_that_sleeps_leaves_the_gradients_of_an_ordinary_step():
    """The step that benchmarks compare with: with its gradients taken away, its optimiser would have nothing to do."""
    model, records, loss = CASES["convolutions"]()
    loss(model, records).sum().backward()
    wanted = {n: p.grad.clone() for n, p in model.named_parameters()}
    model.zero_grad()
    engine = Engine(model, clip=1.0)
    engine.asleep = True
    loss(model, records).sum().backward()
    assert all(torch.equal(p.grad, wanted[n]) for n, p in model.named_parameters())
    engine.close()


@pytest.mark.parametrize("name", ["GPT-2", "convolutions"])
def test_verify_sees_a_sum_that_is_wrong(name, monkeypatch):
    model, records, loss = CASES[name]()
    engine = Engine(model, clip=0.05)
    take = engine.take
    monkeypatch.setattr(engine, "take", lambda: {n: 1.001 * g for n, g in take().items()})
    assert engine.verify(records, loss) > 9e-4


def test_nothing_added_is_zero_for_every_parameter():
    model, records, loss = CASES["Llama"]()
    engine = Engine(model, clip=1.0)
    engine.backward(loss(model, records)[:0])
    taken = engine.take()
    assert {n: g.shape for n, g in taken.items()} == {n: p.shape for n, p in model.named_parameters()}
    assert not any(torch.count_nonzero(g) for g in taken.values())


@pytest.mark.parametrize(
    ("layer", "shape", "kind"),
    [
        (torch.nn.GroupNorm(2, 4), (3, 4), torch.float32),
        (torch.nn.Conv2d(64, 64, 3, padding=1), (3, 64, 4, 4), torch.float64),
    ],
    ids=["channels without places", "double precision"],
)
def test_odd_shapes_and_types_give_the_sums_of_the_loop(layer, shape, kind):
    layer = layer.to(kind)
    records = list(torch.randn(*shape, generator=torch.Generator().manual_seed(4)).to(kind))

    def loss(model, some):
        return (model(torch.stack(list(some))) - 0.3).square().flatten(1).sum(1)

    engine = Engine(layer, clip=0.05)
    assert engine.verify(records, loss) < 1e-5


def test_a_layer_that_meets_no_row_adds_nothing():
    model = torch.nn.ModuleDict({"seldom": torch.nn.Conv2d(2, 3, 3), "line": torch.nn.Linear(32, 1)})
    engine = Engine(model, clip=1.0)
    rows = torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(4))
    losses = model["line"](rows.flatten(1)).square().sum(1)
    engine.backward(losses + model["seldom"](rows[:0]).sum())
    taken = engine.take()
    assert not taken["seldom.weight"].any()
    assert taken["line.weight"].any()


def test_a_last_portion_of_one_record_is_normalised_as_the_others():
    layer = torch.nn.GroupNorm(1024, 1024)  # of one place each: torch refuses it for a record alone
    rows = torch.randn(129, 1024, 1, 1, generator=torch.Generator().manual_seed(4))
    (layer(rows) - 0.3).square().sum().backward()
    wanted = {name: p.grad.clone() for name, p in layer.named_parameters()}
    layer.zero_grad()
    engine = Engine(layer, clip=1e6)
    engine.backward((layer(rows) - 0.3).square().flatten(1).sum(1))
    assert all(torch.allclose(found, wanted[name], atol=1e-3) for name, found in engine.take().items())
