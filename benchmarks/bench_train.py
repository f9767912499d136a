"""Training at the price of ordinary training: time and peak memory of the engine beside the plain step and rivals.

Claims: LoRA within 5 % of the time of a step without privacy, full fine-tuning within 15 % (geometric mean over
GPT-2- and Llama-like shapes, none above 30 %), a CNN within half, patients as cheap as records; exact to 1e-5.
Model, AdamW, batch and loss are the same; steps alternate in one process on one thread, processor time; on a GPU
where there is one. Peak memory: bytes of tensors alive, counted by torch's allocator, with parameters and moments.
Rivals, each in an environment of its own: Opacus 1.6 by hooks and by ghost clipping, opake 0.16; `off` of the environment's
script is the distance of a rival's gradient from the explicit loop (`train_rivals.py`). fastDP is not there: it is on no package
index (pip: "No matching distribution found for fast-differential-privacy") and starts on today's transformers only when patched.
Each line of output is one JSON object: id, value, target, holds, ours, rival, unit, how.
Usage: python benchmarks/bench_train.py [--only PREFIX] [--quick]. Time nothing else meanwhile.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
import train_shapes as shapes
from environments import environment
from lines import Line, arguments, line, show
from torch import Tensor, nn

from confide.train.engine import Engine

HERE = Path(__file__).parent
MODELS = ("transformers==5.23.0", "peft==0.21.2")
RIVALS = {
    "opacus": (["torch==2.13.0"], ["opacus==1.6.0", *MODELS]),
    "opake": (["torch==2.13.0"], ["opake-engine==0.16.1", *MODELS]),
}
Losses = Callable[[], Tensor]


def private_step(
    engine: Engine, losses: Losses, optimiser: torch.optim.Optimizer, patients: Tensor | None = None
) -> shapes.Step:
    """Return the step with clipping per patient. Noise is measured elsewhere (`train.noise.share`)."""

    def step() -> None:
        engine.backward(losses(), patients)
        engine.write(engine.take())
        optimiser.step()
        optimiser.zero_grad()

    return step


def switched(step: shapes.Step, engine: Engine, *, asleep: bool) -> shapes.Step:
    """Return the step with the engine's hooks listening or doing nothing."""

    def run() -> None:
        engine.asleep = asleep
        step()
        engine.asleep = False

    return run


def measured(model: nn.Module, losses: Losses, rounds: int) -> dict[str, float]:
    """Return ratios of time and of peak memory against the plain step, and the seconds of both."""
    optimiser = shapes.optimiser_of(model)
    engine = Engine(model, clip=1.0)
    ours = private_step(engine, losses, optimiser)
    plain = switched(shapes.plain_step(model, losses, optimiser), engine, asleep=True)
    ratio, seconds, plain_seconds = shapes.ratio_of(ours, plain, rounds)
    kept = shapes.kept_bytes(model)
    memory = [shapes.peak_bytes(step, kept) for step in (ours, plain)]
    engine.close()
    return {
        "time": ratio, "seconds": seconds, "plain": plain_seconds,
        "memory": memory[0] / memory[1], "bytes": memory[0], "plain_bytes": memory[1],
    }  # fmt: skip


def told(name: str, figures: dict[str, float]) -> dict[str, float]:
    """Say what a shape cost, on the standard error: all of them take long, and a run that is cut short is not lost."""
    print(f"{name}: time {figures['time']:.3f}, memory {figures['memory']:.3f}", file=sys.stderr, flush=True)
    return figures


def rival(task: str, quick: bool) -> dict[str, dict[str, float | str]]:
    """Return what the rivals cost on the same shapes, each in an environment of its own; or why one is not there."""
    found = {}
    for name, packages in RIVALS.items():
        try:
            python = environment(f"train-{name}", *packages)
        except RuntimeError as fault:
            found[name] = {"missing": str(fault)}
            continue
        command = [python, HERE / f"train_{name}.py", task, *(["--quick"] if quick else [])]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            found[name] = {"missing": run.stderr.strip().splitlines()[-1]}
        else:
            found |= json.loads(run.stdout.strip().splitlines()[-1])
    return found


def lines_of(
    task: str, found: dict[str, dict[str, float]], rivals: dict, targets: dict[str, str]
) -> Iterator[Line]:
    """Yield a line for time, the worst shape and memory; values are geometric means over the shapes."""
    every = list(found.values())
    where = f"{shapes.DEVICE}, {torch.get_num_threads()} thread(s), " + "; ".join(
        f"{name}: {each['time']:.3f} and {each['memory']:.3f}" for name, each in found.items()
    )
    values = {
        "time": shapes.geometric([each["time"] for each in every]),
        "worst": max(each["time"] for each in every),
        "memory": shapes.geometric([each["memory"] for each in every]),
    }
    for name, target in targets.items():
        beside = {who: said.get(name, said.get("missing")) for who, said in rivals.items()}
        totals = {
            "seconds": round(sum(each["seconds"] for each in every), 3),
            "plain_seconds": round(sum(each["plain"] for each in every), 3),
            "megabytes": round(max(each["bytes"] for each in every) / 1e6),
        }
        yield line(
            f"train.{task}.{name}", values[name], target, ours=totals, rival=beside,
            unit="times the step without privacy", how="times and peaks of " + where,
        )  # fmt: skip


def full(quick: bool) -> Iterator[Line]:
    """Full fine-tuning of language models."""
    found = {}
    for kind, width, layers, words, records, tokens in shapes.shapes(quick):
        model = shapes.language_model(kind, width, layers, words)
        ids = shapes.token_batch(words, records, tokens)
        name = f"{kind} {width}x{layers}, {records} records of {tokens}"
        rounds = 5 if records * tokens < 8192 else 3
        found[name] = told(name, measured(model, partial(shapes.next_word_losses, model, ids), rounds))
    targets = {"time": "<= 1.15", "worst": "<= 1.3", "memory": "<= 1.15"}
    yield from lines_of("full", found, rival("full", quick), targets)


def lora(quick: bool) -> Iterator[Line]:
    """Adapters on a frozen model."""
    found = {}
    for kind, width, layers, words, records, tokens in shapes.shapes(quick):
        if kind == "llama":
            model = shapes.with_lora(shapes.language_model(kind, width, layers, words))
            ids = shapes.token_batch(words, records, tokens)
            name = f"{width}x{layers}, {records} records of {tokens}"
            rounds = 7 if records * tokens < 8192 else 3
            found[name] = told(name, measured(model, partial(shapes.next_word_losses, model, ids), rounds))
    yield from lines_of("lora", found, rival("lora", quick), {"time": "<= 1.05", "memory": "<= 1.10"})


def images(quick: bool) -> Iterator[Line]:
    """A small network for images."""
    found = {}
    for records in (32,) if quick else (8, 32, 128):
        model = shapes.cnn()
        batch = shapes.image_batch(records)
        name = f"{records} images"
        found[name] = told(name, measured(model, partial(shapes.image_losses, model, batch), 9))
    yield from lines_of("cnn", found, rival("cnn", quick), {"time": "<= 1.5", "memory": "<= 1.5"})


def patients(quick: bool) -> Iterator[Line]:
    """Clipping patients of one to four records beside clipping every record; full and LoRA, records in any order."""
    found, peaks = {}, {}
    for adapters in (False, True):
        for kind, width, layers, words, records, tokens in shapes.shapes(quick):
            if records * tokens > 4096 and not quick:
                continue
            if adapters and kind == "gpt2":
                continue
            model = shapes.language_model(kind, width, layers, words)
            model = shapes.with_lora(model) if adapters else model
            losses = partial(shapes.next_word_losses, model, shapes.token_batch(words, records, tokens))
            optimiser = shapes.optimiser_of(model)
            engine = Engine(model, clip=1.0)
            whose = torch.randint(0, records // 2, (records,), generator=torch.Generator().manual_seed(2))
            by_record = private_step(engine, losses, optimiser)
            by_patient = private_step(engine, losses, optimiser, whose.to(shapes.DEVICE))
            name = f"{'LoRA, ' * adapters}{kind} {width}x{layers}, {records} records of {tokens}"
            found[name] = shapes.ratio_of(by_patient, by_record, 5)[0]
            kept = shapes.kept_bytes(model)
            peaks[name] = shapes.peak_bytes(by_patient, kept) / shapes.peak_bytes(by_record, kept)
    for name, each in (("time", found), ("memory", peaks)):
        yield line(
            f"train.patient.{name}", shapes.geometric(list(each.values())), "<= 1.05",
            ours={"worst": round(max(each.values()), 3)}, rival="none does it", unit="times clipping per record",
            how="; ".join(f"{where}: {value:.3f}" for where, value in each.items()),
        )  # fmt: skip


def exact(quick: bool) -> Iterator[Line]:
    """The largest difference from the explicit loop, relative per parameter, over all kinds of models."""
    found = {}
    for kind, width, layers, words, records, tokens in shapes.shapes(quick=True):
        if records == 8:
            for adapters in (False, True) if kind == "llama" else (False,):
                model = shapes.language_model(kind, width, layers, words)
                model = shapes.with_lora(model) if adapters else model
                found[f"{'LoRA, ' * adapters}{kind}"] = verified(
                    model,
                    list(shapes.token_batch(words, records, tokens)),
                    lambda m, batch: shapes.next_word_losses(m, torch.stack(list(batch))),
                )
    pairs = list(zip(*shapes.image_batch(8), strict=True))
    found["CNN"] = verified(
        shapes.cnn(),
        pairs,
        lambda m, batch: shapes.image_losses(
            m, tuple(torch.stack(side) for side in zip(*batch, strict=True))
        ),
    )
    yield line(
        "train.exact.worst", max(found.values()), "<= 1e-5", ours=max(found, key=lambda name: found[name]),
        rival="the explicit loop over patients", unit="relative difference, fp32",
        how="; ".join(f"{name}: {value:.1e}" for name, value in found.items()),
    )  # fmt: skip


def verified(model: nn.Module, records: list, loss: Callable[[nn.Module, list], Tensor]) -> float:
    engine = Engine(model, clip=0.1)
    whose = torch.tensor([0, 1, 0, 2, 3, 1, 1, 4], device=shapes.DEVICE)
    return max(engine.verify(records, loss), engine.verify(records, loss, whose))


def beside(script: str, name: str, quick: bool) -> Iterator[Line]:
    """The lines of a file that runs by itself."""
    command = [sys.executable, HERE / script, "--only", name, *(["--quick"] if quick else [])]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    yield from map(json.loads, run.stdout.splitlines())


def main() -> None:
    said = arguments(__doc__, "train").parse_args()
    parts: dict[str, Callable[[bool], Iterator[Line]]] = {
        "train.full": full, "train.lora": lora, "train.cnn": images,
        "train.patient": patients, "train.exact": exact,
    }  # fmt: skip
    for part in ("noise", "planted", "audit"):
        parts[f"train.{part}"] = partial(beside, f"train_{part}.py", f"train.{part}")
    with shapes.one_thread():
        show({name: partial(part, said.quick) for name, part in parts.items()}, said.only)


if __name__ == "__main__":
    main()
