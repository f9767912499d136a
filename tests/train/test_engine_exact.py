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
