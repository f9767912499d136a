"""What every rival of bench_train.py does: the same shapes, the plain step beside, and its gradient against the loop.

A rival's file gives its ways and calls `main`; it runs in an environment of its own and prints one JSON object: way ->
time, worst and memory against the plain step of the same process, and `off`, the largest relative difference of its clipped
mean gradient from the explicit loop over records on the smallest shape. A way that refuses a shape says so under `missing`.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import torch
import train_shapes as shapes
from torch import Tensor, nn

CLIP = 1.0
Loss = Callable[..., Tensor]  # of a model and the tensors of a batch: one number per record
Optimiser = Callable[[nn.Module], torch.optim.Optimizer]
Way = Callable[[nn.Module, Loss, shapes.Batch, Optimiser], shapes.Step]


def tasks(task: str, quick: bool) -> Iterator[tuple[str, Callable[[], nn.Module], Loss, shapes.Batch]]:
    """Yield what each shape is called, what makes its model, its loss and its batch; the smallest batch first."""
    if task == "cnn":
        for records in (32,) if quick else (8, 32, 128):
            yield f"{records} images", shapes.cnn, image_losses, shapes.image_batch(records)
        return
    for kind, width, layers, words, records, tokens in shapes.shapes(quick):
        if task == "lora" and kind == "gpt2":
            continue
        if records * tokens > 4096:  # the rivals take minutes and gigabytes above
            continue

        def made(kind: str = kind, width: int = width, layers: int = layers, words: int = words) -> nn.Module:
            model = shapes.language_model(kind, width, layers, words)
            return shapes.with_lora(model) if task == "lora" else model

        batch = (shapes.token_batch(words, records, tokens),)
        yield f"{kind} {width}x{layers}, {records} records of {tokens}", made, shapes.next_word_losses, batch


def image_losses(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    return shapes.image_losses(model, (images, labels))


def measured(make: Callable[[], nn.Module], loss: Loss, batch: shapes.Batch, way: Way) -> tuple[float, float]:
    plain_model = make()
    plain = shapes.plain_step(
        plain_model, partial(loss, plain_model, *batch), shapes.optimiser_of(plain_model)
    )
    model = make()
    kept = shapes.kept_bytes(model)
    step = way(model, loss, batch, shapes.optimiser_of)
    ratio = shapes.ratio_of(step, plain, 3)[0]
    return ratio, shapes.peak_bytes(step, kept) / shapes.peak_bytes(plain, kept)


def off(make: Callable[[], nn.Module], loss: Loss, batch: shapes.Batch, way: Way) -> float:
    """Return how far the way's clipped mean gradient is from the explicit loop's, relative to it, over all parameters."""
    model = make()
    before = [p.detach().clone() for p in model.parameters() if p.requires_grad]
    wanted = [torch.zeros_like(p) for p in before]
    for record in zip(*batch, strict=True):
        trained = [p for p in model.parameters() if p.requires_grad]
        each = torch.autograd.grad(loss(model, *(part[None] for part in record)).sum(), trained)
        factor = min(1.0, CLIP / float(torch.sqrt(sum(g.double().square().sum() for g in each))))
        for total, gradient in zip(wanted, each, strict=True):
            total += gradient * (factor / len(batch[0]))
    step = way(
        model, loss, batch, lambda m: torch.optim.SGD((p for p in m.parameters() if p.requires_grad), lr=1.0)
    )
    trained = [p for p in model.parameters() if p.requires_grad]
    step()
    moved = [old - new.detach() for old, new in zip(before, trained, strict=True)]
    norm = torch.sqrt(sum(w.double().square().sum() for w in wanted))
    return float(
        torch.sqrt(sum((m - w).double().square().sum() for m, w in zip(moved, wanted, strict=True))) / norm
    )


def found_by(way: Way, task: str, quick: bool) -> dict[str, float | str]:
    each, missing, told = [], [], {}
    for shape, make, loss, batch in tasks(task, quick):
        try:
            if "off" not in told:
                told["off"] = off(make, loss, batch, way)
            each.append(measured(make, loss, batch, way))
        except Exception as fault:  # what a rival refuses is a result
            missing.append(f"{shape}: {type(fault).__name__}")
    told["missing"] = "; ".join(missing)
    if each:
        times, peaks = zip(*each, strict=True)
        told |= {
            "time": shapes.geometric(list(times)), "worst": max(times), "memory": shapes.geometric(list(peaks)),
        }  # fmt: skip
    return told


def main(ways: Mapping[str, Way]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("task")
    parser.add_argument("--quick", action="store_true")
    said = parser.parse_args()
    with shapes.one_thread():
        print(json.dumps({name: found_by(way, said.task, said.quick) for name, way in ways.items()}))
