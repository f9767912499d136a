"""What a share of each update costs, and whether keeping the rest for later (error feedback) would help: it does not.

Real hospitals: heart disease in four (15 numbers), survival after breast cancer in six regions (39); FedAvg, 60 rounds of five steps,
plain averages of floats, FLamby's splits, the same seeds. With feedback a site adds to its update what did not travel before, and the
hub multiplies by nothing (Stich et al. 2018, Algorithm 1, with the federation's shared positions); so confide does not offer it.
"""

from collections.abc import Iterator

import numpy as np
from federated_recipe import held_out, ill_or_not, recipe, survival
from federated_studies import interval
from federated_tables import brca, heart
from lines import Line, line

from confide.federated.learning import Course, Learning, chosen_positions, local_update

SHARES = (3, 5, 13)
BRCA = {"rounds": 60, "batch": 0, "clip": 10.0, "start": 0.1, "rate": 0.5, "steps": 5, "decay": 0.01}


def learnt(centres, make, settings, seed: int, share: int, feedback: bool) -> np.ndarray:
    """Return the model where one of `share` numbers travels in a round."""
    chosen = dict(settings)
    clip, spread = chosen.pop("clip"), chosen.pop("start")
    learning, learners = Learning(**chosen, seed=seed), [make(centre) for centre in centres]
    weights = [max(1, round(len(centre.train) / 10)) for centre in centres]
    length = learners[0].length
    drawn = Learning(**chosen, seed=seed, sent=length // share)
    start = learners[0].start() + np.random.default_rng(seed).uniform(-spread, spread, length)
    course, left = Course(learning, start), np.zeros((len(learners), length))
    for number in range(1, learning.rounds + 1):
        updates = [local_update(learning, one, course.task(), number, b"", clip=clip)[0] for one in learners]
        travels = np.zeros(length, dtype=bool)
        travels[chosen_positions(drawn, length, number)] = True
        whole = np.stack(updates) + left
        left = np.where(travels, 0.0, whole) if feedback else left
        factor = 1.0 if feedback else length / drawn.sent
        course.take(np.average(np.where(travels, whole * factor, 0.0), axis=0, weights=weights))
    return course.model


def sent_lines(quick: bool) -> Iterator[Line]:
    """Print for both studies what feedback adds to a third of the update."""
    seeds = range(3 if quick else 10)
    for name, read, make, settings in (
        ("heart", heart, ill_or_not, recipe("heart") | {"rate": 0.5}), ("brca", brca, survival, BRCA),
    ):  # fmt: skip
        centres, found = read(), {}
        for share, feedback in [(1, False), *((share, way) for share in SHARES for way in (False, True))]:
            models = [learnt(centres, make, settings, seed, share, feedback) for seed in seeds]
            found[share, feedback] = [held_out(centres, make(centres[0]), model) for model in models]
        gain = [float(np.mean(found[share, True]) - np.mean(found[share, False])) for share in SHARES]
        yield line(
            f"fed.sent.{name}.feedback_gain", max(gain), "<= 0.005", ours=interval(found[3, False]), rival=interval(found[3, True]),
            unit="accuracy" if name == "heart" else "c-index",
            how=f"the most that error feedback adds at any share; {len(seeds)} seeds; ours: a third travels and the rest is thrown away, rival: "
            f"kept for later; everything {interval(found[1, False])}; "
            + "; ".join(f"1/{share} {interval(found[share, False])}, kept {interval(found[share, True])}" for share in SHARES),
        )  # fmt: skip
