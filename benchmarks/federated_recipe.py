"""Choose how to learn, on training patients alone: cross-validation within FLamby's training parts, written to a file.

The held-out patients of no study are looked at here. `python benchmarks/federated_recipe.py` prints what it tried and writes
`federated_recipe.toml`, which the benchmark reads. Choosing on patients' data is itself no private computation: with DP it
would have to be charged, so figures with DP say that their settings were found in the open.
"""

import itertools
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from federated_tables import Centre, brca, folds, heart
from federated_together import How, together

from confide.federated.glm import Glm
from confide.federated.learners import Learner, TableLearner, table
from confide.federated.learning import Learning
from confide.federated.measures import accuracy, concordance
from confide.federated.survival import Cox, Hazard

FILE = Path(__file__).with_suffix(".toml")
YEARS = tuple(365.0 * year for year in (1, 2, 3, 5, 8, 12))  # public, of the periods
Settings = Mapping[str, object]
Make = Callable[[Centre], Learner]
Privacy = Mapping[str, float] | None


def recipe(name: str) -> dict[str, object]:
    """Return what was frozen."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))[name]


def ill_or_not(centre: Centre) -> Learner:
    """Logistic regression on one hospital's training patients."""
    form = Glm(kind="logistic", features=centre.inputs.shape[1])
    return TableLearner(form, table(centre.inputs[centre.train], centre.outcomes[centre.train]))


def survival(centre: Centre) -> Learner:
    """Cox regression on one region's training patients."""
    return Cox(centre.inputs.shape[1], table(centre.inputs[centre.train], centre.outcomes[centre.train]))


def hazard(centre: Centre) -> Learner:
    """Hazards of periods: survival in which each patient stands alone, so that noise can protect them."""
    form = Hazard(features=centre.inputs.shape[1], ends=YEARS)
    return TableLearner(form, table(centre.inputs[centre.train], centre.outcomes[centre.train]))


def held_out(centres: Sequence[Centre], learner: Learner, model: np.ndarray) -> float:
    """Return accuracy, or c-index, over all centres' held-out patients in one pool."""
    outcomes = np.concatenate([centre.outcomes[centre.test] for centre in centres])
    told = learner.predict(model, np.concatenate([centre.inputs[centre.test] for centre in centres]))
    if outcomes.ndim == 1:
        return accuracy(outcomes, told)
    return concordance(outcomes[:, 0], outcomes[:, 1], told)


def learnt(
    centres: Sequence[Centre],
    make: Make,
    settings: Settings,
    seed: int,
    how: How = "floats",
    privacy: Privacy = None,
) -> np.ndarray:
    """Learn together from a start that the seed draws, as the seed orders batches; return the model."""
    chosen = dict(settings)
    clip, spread = float(chosen.pop("clip", 1.0)), float(chosen.pop("start"))
    if privacy is not None:
        chosen |= {"protection": "patient", "clip": clip}
    learners = [make(centre) for centre in centres]
    tens = [max(1, round(len(centre.train) / 10)) for centre in centres]  # public: patients, in tens
    start = learners[0].start() + np.random.default_rng(seed).uniform(-spread, spread, learners[0].length)
    return together(
        Learning(**chosen, seed=seed), learners, clip=clip, how=how, start=start, privacy=privacy,
        weights=None if privacy else tens,
    )  # fmt: skip


def best(
    name: str, centres: Sequence[Centre], make: Make, tried: Sequence[Settings], privacy: Privacy
) -> Settings:
    """Return the settings with the best mean over the held-out training folds; print all."""
    parts = [part for repeat in range(REPEATS) for part in folds(centres, FOLDS, repeat)]
    how: How = "steps" if privacy else "floats"
    figures = []
    for settings in tried:
        models = [learnt(part, make, settings, seed, how, privacy) for seed, part in enumerate(parts)]
        pairs = zip(parts, models, strict=True)
        figure = float(np.mean([held_out(part, make(part[0]), model) for part, model in pairs]))
        figures.append(figure)
        print(f"{name} {figure:.4f} {settings}", flush=True)
    return tried[int(np.argmax(figures))]


def candidates(fixed: Settings, *options: Mapping[str, Sequence[object]]) -> Iterator[dict[str, object]]:
    for each in options:
        for values in itertools.product(*each.values()):
            yield {**fixed, **dict(zip(each, values, strict=True))}


FOLDS, REPEATS = 5, 2
DECAYS = [1e-3, 3e-3, 1e-2]
ADAM = {"algorithm": ["fedadam"], "rate": [0.1], "server_rate": [0.03, 0.1], "steps": [1, 5], "decay": DECAYS}
AVERAGE = {"algorithm": ["fedavg", "scaffold"], "rate": [0.1, 0.5, 2.0], "steps": [5, 20], "decay": DECAYS}
NOISY = {"rounds": [10, 30, 60], "rate": [1.0, 2.0, 4.0, 8.0], "clip": [0.5, 1.0]}
EPSILON, DELTA = 8.0, 1e-5  # for which the settings with noise were chosen
FEWEST = 3  # honest sites whose noise is counted


def noise(epsilon: float, most: int) -> dict[str, float]:
    """Return what a study with noise is given: the parts of three honest sites pay."""
    return {"epsilon": epsilon, "delta": DELTA, "honest": FEWEST, "most": most}


STUDIES: dict[str, tuple] = {
    # the patients of a hospital, on average and at most, are public round numbers
    "heart": (heart, ill_or_not, {"rounds": 60, "clip": 10.0, "start": 0.1},
              tuple({**each, "batch": [0, 32]} for each in (ADAM, AVERAGE)), None),
    "brca": (brca, survival, {"rounds": 60, "batch": 0, "clip": 10.0, "start": 0.1}, (ADAM, AVERAGE), None),
    "heart-dp": (heart, ill_or_not, {"patients": 120, "start": 0.0}, (NOISY,), noise(EPSILON, 300)),
    "brca-dp": (brca, hazard, {"patients": 145, "start": 0.0}, (NOISY,), noise(EPSILON, 300)),
}  # fmt: skip


def main() -> None:
    """Try, choose, write."""
    head = "# Found by federated_recipe.py on training folds alone; no held-out patient was looked at."
    written = [head]
    for name, (read, make, fixed, options, privacy) in STUDIES.items():
        chosen = best(name, read(), make, list(candidates(fixed, *options)), privacy)
        lines = [f"{key} = {value!r}".replace("'", '"') for key, value in chosen.items()]
        written.append("\n".join([f"[{name}]", *lines]))
    FILE.write_text("\n\n".join(written) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
