"""With the noise off, one patient moves the sums of the whole model by the clip and no further.

This is what the noise is paid for, so it is asked of the sums as they come out, for every kind of layer, with losses so loud
that every patient is clipped: a layer left out of the norm, or a cross term of tied weights, shows at once.
"""

import pytest
import torch
from engine_models import PATIENTS, cases

from confide.errors import InvalidInput
from confide.train.engine import Engine

CASES = cases()
CLIP, LOUD = 0.5, 1e4


def sums(engine, model, records, loss, patients):
    engine.backward(LOUD * loss(model, records), patients)
    return torch.cat([each.double().reshape(-1) for each in engine.take().values()])


@pytest.mark.parametrize("name", CASES)
def test_a_patient_moves_the_sums_by_the_clip_and_no_further(name):
    model, records, loss = CASES[name]()
    engine = Engine(model.eval(), clip=CLIP)  # dropout would draw anew
    every = sums(engine, model, records, loss, PATIENTS)
    for patient in PATIENTS.unique():
        others = patient != PATIENTS
        left = [record for record, stays in zip(records, others, strict=True) if stays]
        moved = (every - sums(engine, model, left, loss, PATIENTS[others])).norm()
        assert moved <= CLIP * (1 + 1e-4)
        assert moved >= CLIP * (1 - 1e-4)  # as loud as it is: less would be clipped twice
    engine.close()


@pytest.mark.parametrize("name", ["Llama, tied", "convolutions"])
def test_a_patient_without_an_end_counts_as_nobody(name):
    """A gradient that is not finite must not spoil, or tell of, anybody else's sums."""
    model, records, loss = CASES[name]()
    engine = Engine(model, clip=CLIP)
    without = sums(engine, model, records[1:], loss, torch.arange(1, 6))
    factor = torch.ones(6)
    factor[0] = float("inf")
    engine.backward(LOUD * factor * loss(model, records), torch.arange(6))
    with_it = torch.cat([each.double().reshape(-1) for each in engine.take().values()])
    engine.close()
    assert torch.allclose(with_it, without, atol=1e-5)


def test_a_mean_over_the_batch_is_refused_even_where_it_is_written_once_per_record():
    """The usual loss of a language model; its gradient of one patient would depend on who else is there."""
    model, records, loss = CASES["Llama"]()
    engine = Engine(model, clip=CLIP)
    with pytest.raises(InvalidInput):
        engine.backward(loss(model, records).mean().expand(len(records)), PATIENTS)
    with pytest.raises(InvalidInput):
        engine.backward(loss(model, records).mean(), PATIENTS)
    engine.close()
