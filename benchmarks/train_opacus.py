"""Opacus 1.6.0, by hooks and by ghost clipping, on the shapes of bench_train.py; runs in an environment of its own.

Prints one JSON object: way -> time, worst and memory against the plain step of the same process, as its
documentation says to set it up, without noise. A way that refuses a shape says so under `missing`.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from functools import partial

import train_shapes as shapes
from opacus.grad_sample import GradSampleModule
from opacus.grad_sample.grad_sample_module_fast_gradient_clipping import (
    GradSampleModuleFastGradientClipping,
)
from opacus.optimizers import DPOptimizer, DPOptimizerFastGradientClipping
from opacus.utils.fast_gradient_clipping_utils import DPTensorFastGradientClipping
from torch import Tensor, nn

Losses = Callable[[nn.Module], Tensor]


def by_hooks(model: nn.Module, losses: Losses, records: int) -> shapes.Step:
    wrapped = GradSampleModule(model, loss_reduction="mean")
    optimiser = DPOptimizer(
        shapes.optimiser_of(wrapped), noise_multiplier=0.0, max_grad_norm=1.0, expected_batch_size=records
    )

    def step() -> None:
        losses(wrapped).mean().backward()
        optimiser.step()
        optimiser.zero_grad()

    return step


def by_ghost(model: nn.Module, losses: Losses, records: int) -> shapes.Step:
    wrapped = GradSampleModuleFastGradientClipping(model, max_grad_norm=1.0, use_ghost_clipping=True)
    optimiser = DPOptimizerFastGradientClipping(
        shapes.optimiser_of(wrapped), noise_multiplier=0.0, max_grad_norm=1.0, expected_batch_size=records
    )

    def step() -> None:
        DPTensorFastGradientClipping(wrapped, optimiser, losses(wrapped), "mean").backward()
        optimiser.step()
        optimiser.zero_grad()

    return step


def tasks(task: str, quick: bool) -> Iterator[tuple[str, Callable[[], nn.Module], Losses, int]]:
    """Yield what each shape is called, what makes its model, its losses and its records."""
    if task == "cnn":
        for records in (32,) if quick else (8, 32, 128):
            batch = shapes.image_batch(records)
            yield f"{records} images", shapes.cnn, partial(shapes.image_losses, batch=batch), records
        return
    for kind, width, layers, words, records, tokens in shapes.shapes(quick):
        if task == "lora" and kind == "gpt2":
            continue
        if records * tokens > 4096:  # the rival takes minutes and gigabytes above
            continue

        def made(kind: str = kind, width: int = width, layers: int = layers, words: int = words) -> nn.Module:
            model = shapes.language_model(kind, width, layers, words)
            return shapes.with_lora(model) if task == "lora" else model

        ids = shapes.token_batch(words, records, tokens)
        name = f"{kind} {width}x{layers}, {records} records of {tokens}"
        yield name, made, partial(shapes.next_word_losses, ids=ids), records


def measured(
    make: Callable[[], nn.Module], losses: Losses, records: int, way: Callable
) -> tuple[float, float]:
    plain_model = make()
    plain = shapes.plain_step(plain_model, partial(losses, plain_model), shapes.optimiser_of(plain_model))
    model = make()
    kept = shapes.kept_bytes(model)
    step = way(model, losses, records)
    ratio = shapes.ratio_of(step, plain, 3)[0]
    return ratio, shapes.peak_bytes(step, kept) / shapes.peak_bytes(plain, kept)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("task")
    parser.add_argument("--quick", action="store_true")
    said = parser.parse_args()
    found = {}
    with shapes.one_thread():
        for name, way in (("opacus hooks", by_hooks), ("opacus ghost", by_ghost)):
            each, missing = [], []
            for shape, make, losses, records in tasks(said.task, said.quick):
                try:
                    each.append(measured(make, losses, records, way))
                except Exception as fault:  # what a rival refuses is a result
                    missing.append(f"{shape}: {type(fault).__name__}")
            found[name] = {"missing": "; ".join(missing)}
            if each:
                times, peaks = zip(*each, strict=True)
                found[name] |= {
                    "time": shapes.geometric(list(times)), "worst": max(times),
                    "memory": shapes.geometric(list(peaks)),
                }  # fmt: skip
    print(json.dumps(found))


if __name__ == "__main__":
    main()
