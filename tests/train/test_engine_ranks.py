"""Two processes give the update of one, whichever way the model is divided."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from engine_ranks import model, steps

PROGRAM = Path(__file__).parent / "engine_ranks.py"


@pytest.mark.slow
def test_two_ranks_take_the_steps_of_one_process(tmp_path):
    files = [tmp_path / "first", tmp_path / "second"]
    started = [
        subprocess.Popen([sys.executable, PROGRAM, str(rank), tmp_path / "meeting", file])
        for rank, file in enumerate(files)
    ]
    assert [each.wait(timeout=500) for each in started] == [0, 0]
    alone = steps(model(), torch.arange(6))
    for file in files:
        for way, found in torch.load(file).items():
            assert set(found) == set(alone), way
            assert max(float((found[n] - alone[n]).abs().max()) for n in alone) < 1e-6, way
    moved = [float((p.detach() - alone[n]).norm()) for n, p in model().named_parameters()]
    assert min(moved) > 1e-4
