"""LoRA adapters of a language model over three sites, private by patient: which notes are of the surgical specialty.

MiniLM-L6 (its weights come as a package), adapters in the last layer and a head: 3,457 numbers travel. 500 published notes, a patient
each, dealt to three sites; 100 are held out. The frozen layers are run once, since they depend on nothing that is learnt.
"""

import contextlib
import csv
import gzip
import sys
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from federated_studies import interval
from federated_tables import SHARED
from federated_together import How, together
from lines import Line, line
from torch import Tensor, nn

from confide.federated.learning import Learning
from confide.federated.measures import accuracy, auc
from confide.federated.torch_learner import TorchLearner, start_digest, torch_learner

SITES, HELD_OUT, LENGTH, RANK = 3, 100, 32, 2
EPSILONS, DELTA = (8.0, 3.0), 1e-5
# settings of both ways; found on 80 of the 400 notes that are learnt from (`python federated_language.py`)
OPEN = {"rounds": 10, "rate": 1.0}
NOISY = {"rounds": 10, "rate": 1.0, "clip": 1.0}
PATIENTS, MOST = 133, 200  # of a site, on average and at most: public


class Top(nn.Module):
    """The last layer of the model with adapters, and a head on the mean over a note's own words."""

    def __init__(self, layer: nn.Module, width: int) -> None:
        super().__init__()
        self.layer, self.head = layer, nn.Linear(width, 1)

    def forward(self, hidden: Tensor, known: Tensor) -> Tensor:
        """Return a score for each note."""
        own = known.to(hidden)[:, None, None, :]
        found = self.layer(hidden, attention_mask=(1 - own) * -1e9)
        found = found[0] if isinstance(found, tuple) else found
        weights = known.to(found)[..., None]
        return self.head((found * weights).sum(1) / weights.sum(1))[:, 0]


class Notes:
    """What the frozen layers make of each note, its outcome, and a model that is the same at every site at first."""

    def __init__(self) -> None:
        with contextlib.redirect_stdout(sys.stderr):  # it greets
            from all_minilm_l6_v2 import get_model_path
        from peft import LoraConfig, inject_adapter_in_model
        from transformers import AutoModel, AutoTokenizer

        csv.field_size_limit(1 << 24)
        with gzip.open(SHARED / "mtsamples-subset" / "mtsamples_10pct.csv.gz", "rt") as file:
            rows = list(csv.DictReader(file))
        self.outcomes = torch.tensor([float(row["label"] == "1") for row in rows])  # 1 is surgery
        path = str(get_model_path())
        reader, model = AutoTokenizer.from_pretrained(path), AutoModel.from_pretrained(path).eval()
        read = reader(
            [row["text"] for row in rows], padding="max_length", truncation=True, max_length=LENGTH, return_tensors="pt"
        )  # fmt: skip
        self.known = read["attention_mask"]
        last = model.encoder.layer[-1]
        model.encoder.layer = model.encoder.layer[:-1]
        with torch.no_grad():
            parts = zip(read["input_ids"].split(50), self.known.split(50), strict=True)
            self.hidden = torch.cat([model(ids, attention_mask=known)[0] for ids, known in parts])
        torch.manual_seed(1)  # of the adapters' first numbers: public
        self.top = Top(last, self.hidden.shape[-1])
        self.top.requires_grad_(False)
        inject_adapter_in_model(
            LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=["query", "value"]), self.top
        )
        nn.init.zeros_(self.top.head.weight)
        self.top.head.requires_grad_(True)
        self.top.eval()
        self.start = start_digest(self.top)
        self.first = {name: value.clone() for name, value in self.top.state_dict().items()}

    def learner(self, rows: np.ndarray) -> TorchLearner:
        """Return the model on these notes, as it was before anybody learnt: a learner starts from what it is given."""
        self.top.load_state_dict(self.first)

        def loss(module: nn.Module, some: list[int]) -> Tensor:
            scores = module(self.hidden[some], self.known[some])
            return nn.functional.binary_cross_entropy_with_logits(
                scores, self.outcomes[some], reduction="none"
            )

        return torch_learner(
            self.top, loss, rows.tolist(), np.arange(len(rows)), start=self.start, physical_batch=50
        )

    def told(self, model: np.ndarray, rows: np.ndarray) -> tuple[float, float]:
        """Return accuracy and AUC on notes that were not learnt from."""
        self.learner(rows).load(model)
        with torch.no_grad():
            scores = self.top(self.hidden[rows], self.known[rows]).double().numpy()
        true = self.outcomes[rows].double().numpy()
        return accuracy(true, 1 / (1 + np.exp(-scores))), auc(true, scores)


def learnt(notes: Notes, parts: Sequence[np.ndarray], how: How, epsilon: float | None = None, **other: float):
    """Return the model of these sites, with noise where ε is given."""
    learners = [notes.learner(part) for part in parts]
    if epsilon is None:
        return together(Learning(**{**OPEN, **other}), learners, clip=50.0, how=how)
    learning = Learning(**{**NOISY, **other}, protection="patient", patients=PATIENTS)
    privacy = {"epsilon": epsilon, "delta": DELTA, "honest": SITES, "most": MOST}
    return together(learning, learners, clip=1.0, how=how, privacy=privacy)


def dealt(seed: int) -> tuple[list[np.ndarray], np.ndarray]:
    order = np.random.default_rng(seed).permutation(500)
    return [np.sort(part) for part in np.array_split(order[HELD_OUT:], SITES)], np.sort(order[:HELD_OUT])


def lora_lines(quick: bool) -> Iterator[Line]:
    """Print what the sites gain together at ε = 8 over a site alone without noise, and all the figures beside."""
    torch.set_num_threads(1)
    notes, seeds = Notes(), range(2 if quick else 3)
    kinds = ("before", "alone", "together", "in one place", *(f"ε = {epsilon:g}" for epsilon in EPSILONS))
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    for seed in seeds:
        parts, rest = dealt(seed)
        found["before"].append(notes.told(notes.learner(rest).start(), rest))
        single = [notes.told(learnt(notes, [part], "floats"), rest) for part in parts]
        found["alone"].append(
            (float(np.mean([a for a, _ in single])), float(np.mean([b for _, b in single])))
        )
        found["together"].append(notes.told(learnt(notes, parts, "masked"), rest))
        found["in one place"].append(notes.told(learnt(notes, [np.concatenate(parts)], "floats"), rest))
        for epsilon in EPSILONS:
            found[f"ε = {epsilon:g}"].append(notes.told(learnt(notes, parts, "masked", epsilon), rest))
    mean = {kind: np.mean(each, axis=0) for kind, each in found.items()}
    yield line(
        "fed.lora.auc_at_8", float(mean["ε = 8"][1]), ">= 0.75", ours=interval([b for _, b in found["ε = 8"]]),
        rival={kind: f"{mean[kind][1]:.3f}" for kind in kinds[1:4]}, unit="AUC",
        how=f"MiniLM-L6, LoRA of rank {RANK} in the last layer and a head, {SITES} sites, {500 - HELD_OUT} notes (a patient each), {HELD_OUT} held "
        f"out, the first {LENGTH} tokens; masks on; DP by patient, {SITES} honest sites of {SITES} (at once what one place would add), δ = {DELTA:g}, "
        f"{NOISY['rounds']} rounds; {len(seeds)} splits; accuracy, AUC: "
        + "; ".join(f"{kind} {mean[kind][0]:.3f}, {mean[kind][1]:.3f}" for kind in kinds)
        + "; settings found in the open on 80 of the notes learnt from",
    )  # fmt: skip


def main() -> None:
    """Print what was tried on a part of the notes that are learnt from."""
    torch.set_num_threads(1)
    notes = Notes()
    parts, _ = dealt(0)
    shown, kept = [part[::5] for part in parts], [np.delete(part, np.s_[::5]) for part in parts]
    held = np.concatenate(shown)
    for rate in (1.0, 5.0, 20.0):
        print("open", rate, notes.told(learnt(notes, kept, "floats", rate=rate), held), flush=True)
        for clip in (0.3, 1.0):
            model = learnt(notes, kept, "steps", 8.0, rate=rate / clip, clip=clip)
            print("ε = 8", rate / clip, clip, notes.told(model, held), flush=True)


if __name__ == "__main__":
    main()
