"""Secure noise of a training step against the step itself, a GPT-2-like model of 7.4 M parameters, one thread.

Claim under test: noise from the one AES stream, exact after rounding to a grid, takes at most a tenth of the time of
a training step without privacy (forward, backward, AdamW; batch 8 × 128). Rivals: torch.randn, which is seeded and
leaves low bits as they are, and our exact discrete Gaussian. Each in turn, in one process.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import statistics
import time
from collections.abc import Callable, Iterable

import numpy as np
import torch
from lines import Line, arguments, line, show
from transformers import GPT2Config, GPT2LMHeadModel

from confide.dp.noise import Noise
from confide.dp.random import Stream

BATCH, LONG, WORDS = 8, 128, 16_384


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def share(rounds: int) -> Iterable[Line]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=WORDS,
            n_positions=LONG,
            n_embd=256,
            n_layer=4,
            n_head=4,
            use_cache=False,
            bos_token_id=0,
            eos_token_id=0,
        )
    )
    optimiser = torch.optim.AdamW(model.parameters())
    ids = torch.randint(0, WORDS, (BATCH, LONG))
    sums = [np.zeros(p.numel(), dtype=np.float32) for p in model.parameters()]
    noise, size = Noise(Stream()), sum(map(len, sums))

    def step() -> None:
        model(input_ids=ids, labels=ids).loss.backward()
        optimiser.step()
        optimiser.zero_grad()

    def ours() -> None:
        for each in sums:
            noise.add_gaussian(each, 1.1)

    def torch_randn() -> None:
        for each in sums:
            torch.from_numpy(each).add_(torch.randn(len(each)), alpha=1.1)

    def exact() -> None:
        noise.discrete_gaussian(1.1 * 2**20, size // 40)

    works = [step, ours, torch_randn, exact]
    for work in works:
        work()
    taken = np.array([[seconds(work) for work in works] for _ in range(rounds)])
    one, mine, plain, discrete = (statistics.median(each) for each in taken.T)
    yield line(
        "train.noise.share", float(np.median(taken[:, 1] / taken[:, 0])), "<= 0.10",
        ours={"noise_ms": round(mine * 1e3, 1), "ns_per_value": round(mine / size * 1e9, 2)},
        rival={
            "step_ms": round(one * 1e3, 1),
            "torch_randn_ns_per_value": round(plain / size * 1e9, 2),
            "discrete_gaussian_ns_per_value": round(discrete / (size // 40) * 1e9, 2),
        },
        unit="share of a step without privacy",
        how=f"{size / 1e6:.1f} M parameters, batch {BATCH} x {LONG}, one thread, median of {rounds} rounds in turns",
    )  # fmt: skip


def main() -> None:
    asked = arguments(__doc__, "train.noise").parse_args()
    show({"train.noise.share": lambda: share(3 if asked.quick else 9)}, asked.only)


if __name__ == "__main__":
    main()
