"""Real hospitals learn together: heart disease in four, survival after breast cancer in six regions; what secrecy and noise cost.

Rival: FLamby's best federated results on the same patients and splits, .779 and .842 (mean over its five seeds, one
pool of all held-out patients), from its published result files. The recipe was frozen on training folds (federated_recipe.py).
"""

from collections.abc import Iterator, Sequence

import numpy as np
from federated_recipe import DELTA, Make, hazard, held_out, ill_or_not, learnt, noise, recipe, survival
from federated_tables import Centre, brca, heart
from lines import Line, line
from scipy.stats import t

RIVAL = {"heart": 0.779, "brca": 0.842}
READ = {"heart": heart, "brca": brca}
MAKE: dict[str, tuple[Make, Make]] = {"heart": (ill_or_not, ill_or_not), "brca": (survival, hazard)}
FIGURE = {"heart": "accuracy", "brca": "c-index"}
EPSILONS, MOST = (8.0, 3.0, 1.0), 300


def interval(values: Sequence[float]) -> str:
    """Return a mean with its 95 % interval, by Student's t."""
    half = float(t.ppf(0.975, len(values) - 1)) * float(np.std(values, ddof=1)) / len(values) ** 0.5
    return f"{np.mean(values):.3f} ± {half:.3f}"


def over_patients(centres: Sequence[Centre], make: Make, model: np.ndarray) -> str:
    """Return the 95 % interval of one model's figure when the held-out patients are drawn anew."""
    draw, learner, figures = np.random.default_rng(0), make(centres[0]), []
    for _ in range(300):
        again = [with_test(centre, draw.choice(centre.test, len(centre.test))) for centre in centres]
        figures.append(held_out(again, learner, model))
    low, high = np.nanpercentile(figures, [2.5, 97.5])
    return f"{low:.3f} to {high:.3f}"


def with_test(centre: Centre, test: np.ndarray) -> Centre:
    return Centre(centre.name, centre.inputs, centre.outcomes, centre.train, test)


def pooled(centres: Sequence[Centre]) -> Centre:
    """Return all centres as one: what nobody is allowed to do."""
    starts = np.cumsum([0, *[len(centre.inputs) for centre in centres[:-1]]])
    return Centre(
        "pooled",
        np.concatenate([centre.inputs for centre in centres]),
        np.concatenate([centre.outcomes for centre in centres]),
        np.concatenate([centre.train + start for centre, start in zip(centres, starts, strict=True)]),
        np.concatenate([centre.test + start for centre, start in zip(centres, starts, strict=True)]),
    )


def study_lines(name: str, quick: bool) -> Iterator[Line]:
    """Print the figure that was asked for, what noise costs of it, and the same on other splits."""
    seeds, centres, (make, make_noisy) = range(3 if quick else 10), READ[name](), MAKE[name]
    settings, unit = recipe(name), FIGURE[name]
    models = [learnt(centres, make, settings, seed, "masked") for seed in seeds]
    ours = [held_out(centres, make(centres[0]), model) for model in models]
    rivals = {
        centre.name: np.mean(
            [held_out(centres, make(centre), learnt([centre], make, settings, s)) for s in seeds]
        )
        for centre in [*centres, pooled(centres)]
    }
    own = f"fed.{name}.{'accuracy' if name == 'heart' else 'cindex'}"
    yield line(
        own, float(np.mean(ours)), f">= {RIVAL[name]}", ours=interval(ours), rival=RIVAL[name], unit=unit,
        how=f"{len(centres)} centres, FLamby's static split drawn again from its seed, one pool of {tests(centres)} held-out patients "
        f"(FLamby's 'Pooled Test'), {len(ours)} seeds of first model and batches, masks on, no DP; 95 % interval over seeds (t); "
        f"over held-out patients (bootstrap, first seed) {over_patients(centres, make, models[0])}; mean of the centres' own figures "
        f"{per_centre(centres, make, models):.3f}; alone and pooled: "
        + ", ".join(f"{each} {figure:.3f}" for each, figure in rivals.items())
        + "; public bounds, no statistics of patients; recipe frozen by 5-fold cross-validation within the training part",
    )  # fmt: skip
    yield noisy_line(name, centres, make_noisy, seeds, float(np.mean(ours)))
    yield splits_line(name, seeds)


def secrecy_line(quick: bool) -> Line:
    """What Hub and Site with masks over whole numbers lose against plain averages of floats, seed by seed."""
    seeds, found = range(3 if quick else 10), {}
    for name, read in READ.items():
        centres, make, settings = read(), MAKE[name][0], recipe(name)
        found[name] = [
            [
                held_out(centres, make(centres[0]), learnt(centres, make, settings, seed, how))
                for seed in seeds
            ]
            for how in ("masked", "floats")
        ]
    cost = {name: float(np.mean(plain) - np.mean(masked)) for name, (masked, plain) in found.items()}
    most = {name: max(abs(a - b) for a, b in zip(*both, strict=True)) for name, both in found.items()}
    return line(
        "fed.secrecy.cost", max(abs(each) for each in cost.values()), "<= 0.005",
        ours={name: interval(masked) for name, (masked, _) in found.items()},
        rival={name: interval(plain) for name, (_, plain) in found.items()},
        unit="accuracy, c-index",
        how=f"Hub and Site with masks against plain averages of floats, same {len(seeds)} seeds and recipe, FLamby's splits, no DP; "
        "the larger difference of two means; largest of a single seed: "
        + ", ".join(f"{name} {each:.4f}" for name, each in most.items()),
    )  # fmt: skip


def tests(centres: Sequence[Centre]) -> int:
    return sum(len(centre.test) for centre in centres)


def per_centre(centres: Sequence[Centre], make: Make, models: Sequence[np.ndarray]) -> float:
    """Return the mean over centres, each on its own held-out patients; a centre without an event is left out."""
    return float(np.nanmean([held_out([c], make(c), model) for c in centres for model in models]))


def noisy_line(name: str, centres: Sequence[Centre], make: Make, seeds: range, without: float) -> Line:
    """What differential privacy by patient costs, noise in parts of which three honest sites' suffice."""
    settings = recipe(f"{name}-dp")
    told = {}
    for epsilon in EPSILONS:
        models = [learnt(centres, make, settings, s, "masked", noise(epsilon, MOST)) for s in seeds]
        told[epsilon] = [held_out(centres, make(centres[0]), model) for model in models]
    lost = without - float(np.mean(told[8.0]))
    model = "hazards of six periods" if name == "brca" else "logistic"
    return line(
        f"fed.{name}.dp.lost_at_8", lost, "<= 0.05", ours=interval(told[8.0]), rival=f"{without:.3f}", unit=FIGURE[name],
        how=f"{model}, one clipped gradient step a round of all patients, {settings['rounds']} rounds, masks on, DP by patient against "
        f"hub and coalition with 3 honest sites counted, δ = {DELTA:g}, {len(seeds)} seeds: "
        + ", ".join(f"ε = {epsilon:g} {interval(found)}" for epsilon, found in told.items())
        + "; settings found in the open on training folds at ε = 8, which this ε does not pay for",
    )  # fmt: skip


def splits_line(name: str, seeds: range) -> Line:
    """The same recipe where the split is drawn anew with each seed: how much of a figure is one lucky split."""
    make, settings = MAKE[name][0], recipe(name)
    together, one = [], []
    for seed in seeds:
        centres = READ[name](seed + 1000)
        together.append(held_out(centres, make(centres[0]), learnt(centres, make, settings, seed, "steps")))
        one.append(held_out(centres, make(centres[0]), learnt([pooled(centres)], make, settings, seed)))
    lost = float(np.mean(one) - np.mean(together))
    return line(
        f"fed.{name}.splits", lost, "<= 0.01", ours=interval(together), rival=interval(one), unit=FIGURE[name],
        how=f"what is lost against learning on all patients in one place, {len(seeds)} splits drawn anew instead of FLamby's one, no "
        "DP; ours and rival are the means, 95 % interval over splits",
    )  # fmt: skip
