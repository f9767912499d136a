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
