"""Our ε against the truth, found in other ways; plain functions, each returns numbers.

Claims under test: never below the truth; at most 1.01 times it for what is declared in advance; an account
whose plans are 100 Gaussian releases of (0.1, 1e-6), chosen one after the other, needs at most 1.10 times it.

The truth: Balle and Wang's closed form at 40 digits for Gaussian noise; for discrete noise the probabilities
themselves, summed and convolved at 40 digits (two or three values of the loss: a multinomial sum; a shift of
the discrete Gaussian: a sum over the integers). No code of ours and no accounting library is in it.
"""

import itertools
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache

import mpmath

from confide.dp.accountant import calibrate_gaussian, epsilon
from confide.dp.events import Composed, DiscreteGaussian, DiscreteLaplace, Event, SampledGaussian
from confide.dp.filter import Rule, Spent, cost_of
from confide.dp.pld import declared_epsilon

GRID = (
    2.0**20
)  # grid units in one unit of sensitivity: the discrete Gaussian is the continuous one to 10 digits
Losses = dict[int, mpmath.mpf]  # mass of each loss, which is a whole number of a unit


def solved(delta_at: Callable[[mpmath.mpf], mpmath.mpf], delta: float, most: float) -> float:
    """Return the least ε in [0, most] with δ(ε) ≤ delta; δ(ε) falls."""
    low, high = mpmath.mpf(0), mpmath.mpf(most)
    if delta_at(low) <= delta:
        return 0.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if delta_at(middle) <= delta else (middle, high)
    return float(high)


def gaussian_truth(mu: mpmath.mpf, delta: float) -> float:
    """Return ε of a Gaussian shift, by Balle and Wang 2018, Theorem 8."""

    def at(eps: mpmath.mpf) -> mpmath.mpf:
        below, above = (mpmath.erfc((eps / mu + s * mu / 2) / mpmath.sqrt(2)) / 2 for s in (-1, 1))
        return below - mpmath.exp(eps) * above

    return solved(at, delta, float(mu * mu / 2 + mu * math.sqrt(-2 * math.log(delta)) + 1))


def lossy_truth(losses: Losses, unit: mpmath.mpf, delta: float) -> float:
    """Return ε of a law of the loss: δ(ε) = Σ mass (1 - e^{ε - loss}) over the losses above ε."""
    ordered = sorted((k * unit, mass) for k, mass in losses.items() if k > 0)

    def at(eps: mpmath.mpf) -> mpmath.mpf:
        return mpmath.fsum(-mass * mpmath.expm1(eps - loss) for loss, mass in ordered if loss > eps)

    return solved(at, delta, float(ordered[-1][0]))


def laplace_losses(shift: int, scale: mpmath.mpf) -> Losses:
    """Return the law of the loss of a discrete Laplace moved by `shift`, in units of 1/scale."""
    q = mpmath.exp(-1 / scale)
    losses: Losses = defaultdict(mpmath.mpf)
    losses[shift] = 1 / (1 + q)  # all x ≤ 0
    losses[-shift] = q**shift / (1 + q)  # all x ≥ shift
    for x in range(1, shift):
        losses[shift - 2 * x] = (1 - q) / (1 + q) * q**x
    return losses


def gaussian_losses(sigma: mpmath.mpf) -> Losses:
    """Return the law of the loss of a discrete Gaussian moved by 1, in units of 1/(2σ²)."""
    reach = math.ceil(float(14 * sigma)) + 2
    weights = {x: mpmath.exp(-(mpmath.mpf(x) ** 2) / (2 * sigma**2)) for x in range(-reach, reach + 1)}
    total = mpmath.fsum(weights.values())
    return {1 - 2 * x: weight / total for x, weight in weights.items()}


def convolved(first: Losses, second: Losses) -> Losses:
    """Return the law of the sum of two losses in the same unit."""
    found: Losses = defaultdict(mpmath.mpf)
    for (a, p), (b, q) in itertools.product(first.items(), second.items()):
        found[a + b] += p * q
    return found


def power(losses: Losses, times: int) -> Losses:
    """Return the law of the sum of `times` independent losses."""
    found: Losses = {0: mpmath.mpf(1)}
    while times:
        if times & 1:
            found = convolved(found, losses)
        times >>= 1
        losses = convolved(losses, losses) if times else losses
    return found


@cache
def answered(times: int, scale: float) -> Losses:
    """Return the law of the sum of `times` discrete Laplaces moved by 1: a binomial law, in units of 1/scale."""
    q = mpmath.exp(-1 / mpmath.mpf(scale))
    p, found, term = 1 / (1 + q), {}, (1 / (1 + q)) ** times
    for against in range(times + 1):
        found[times - 2 * against] = term
        term *= (1 - p) / p * (times - against) / (against + 1)
    return found


@cache
def many_laplaces(shift: int, scale: float, times: int) -> Losses:
    return power(laplace_losses(shift, mpmath.mpf(scale)), times)


@cache
def many_gaussians(sigma: float, times: int) -> Losses:
    return power(gaussian_losses(mpmath.mpf(sigma)), times)


@cache
def mixed_laplaces(many: int, few: int) -> Losses:
    """Return the law of `many` at scale 20 and `few` at scale 4, in units of 1/20."""
    return convolved(answered(many, 20.0), {5 * k: mass for k, mass in answered(few, 4.0).items()})


def two_hundred() -> Iterator[tuple[str, Event, float, float]]:
    """Yield a name, an event, a δ and the true ε, 200 times."""
    deltas = (1e-5, 1e-6, 1e-8, 1e-10)
    for sigma, times, delta in itertools.product((0.4, 0.8, 2.0, 7.0, 40.0), (1, 10, 1000), deltas):
        event = SampledGaussian(rate=1, sensitivity=GRID, sigma=sigma * GRID, steps=times)
        yield "gaussian", event, delta, gaussian_truth(mpmath.sqrt(times) / sigma, delta)  # 60
    for scale, times, delta in itertools.product((1.0, 5.0, 30.0, 200.0), (1, 10, 100, 400), deltas):
        event = Composed((DiscreteLaplace(sensitivity=1, scale=scale),) * times)
        truth = lossy_truth(answered(times, scale), 1 / mpmath.mpf(scale), delta)
        yield "laplace", event, delta, truth  # 64
    for (shift, scale), times, delta in itertools.product(((2, 3.0), (5, 20.0)), (1, 8, 64), deltas):
        event = Composed((DiscreteLaplace(sensitivity=shift, scale=scale),) * times)
        truth = lossy_truth(many_laplaces(shift, scale, times), 1 / mpmath.mpf(scale), delta)
        yield "laplace, larger shift", event, delta, truth  # 24
    for sigma, times, delta in itertools.product((0.5, 1.0, 2.0, 5.0, 12.0), (1, 6), deltas):
        event = Composed((DiscreteGaussian(sensitivity=1, sigma=sigma),) * times)
        truth = lossy_truth(many_gaussians(sigma, times), 1 / (2 * mpmath.mpf(sigma) ** 2), delta)
        yield "discrete gaussian", event, delta, truth  # 40
    for many, few, delta in itertools.product((50, 200, 300), (1, 4, 20), deltas):
        event = Composed(
            (DiscreteLaplace(sensitivity=1, scale=20.0),) * many
            + (DiscreteLaplace(sensitivity=1, scale=4.0),) * few
        )
        yield (
            "mixed laplaces",
            event,
            delta,
            lossy_truth(mixed_laplaces(many, few), mpmath.mpf(1) / 20, delta),
        )  # 36


def against_exact(settings: int = 200) -> dict[str, float]:
    """Compare ε on the first `settings` of the 200, taken in turns over all kinds.

    Returns:
        over_exact: the largest ratio of the figure for plans declared in advance to the truth;
        accountant_over_exact: of the accountant's figure, which books single plans;
        gaussian_accountant_over_exact: the same on Gaussian noise alone, where it claims to be exact;
        below_exact: how many of all figures are below the truth; settings: how many were compared.
    """
    kinds: dict[str, list[tuple[Event, float, float]]] = defaultdict(list)
    with mpmath.workdps(40):
        for name, event, delta, truth in two_hundred():
            kinds[name].append((event, delta, truth))
    turns = itertools.chain.from_iterable(itertools.zip_longest(*kinds.values()))
    chosen = list(itertools.islice((each for each in turns if each is not None), settings))
    ratios, accountant, below = [], [], 0
    for event, delta, truth in chosen:
        declared, priced = declared_epsilon(event, delta), epsilon(event, delta)
        below += (declared < truth * (1 - 1e-15)) + (priced < truth * (1 - 1e-15))
        ratios.append(declared / truth)
        accountant.append(priced / truth)
    exact = [r for (event, _, _), r in zip(chosen, accountant, strict=True) if type(event) is SampledGaussian]
    return {
        "over_exact": max(ratios),
        "accountant_over_exact": max(accountant),
        "gaussian_accountant_over_exact": max(exact),
        "below_exact": float(below),
        "settings": float(len(chosen)),
    }


def filter_against_exact(releases: int = 100, each: float = 0.1, delta: float = 1e-6) -> dict[str, float]:
    """Return the smallest account at `delta` that admits all releases, over the exact figure of their sum.

    `without` is the same for the first rules, which had no Gaussian region.
    """
    sigma = calibrate_gaussian(each, delta, sensitivity=GRID)
    event = DiscreteGaussian(sensitivity=GRID, sigma=sigma)
    with mpmath.workdps(40):
        truth = gaussian_truth(mpmath.sqrt(releases) * mpmath.mpf(GRID) / mpmath.mpf(sigma), delta)

    def admitted(rule: Rule) -> bool:
        cost, spent = cost_of(event, delta, rule), Spent()
        for _ in range(releases):
            spent = spent.plus(cost)
            if not rule.admits(spent):
                return False
        return True

    def smallest(rule_of: Callable[[float], Rule]) -> float:
        low, high = truth / 2, truth * 4
        while high - low > 1e-6 * truth:
            middle = (low + high) / 2
            low, high = (low, middle) if admitted(rule_of(middle)) else (middle, high)
        return high

    def first_rule(total: float) -> Rule:
        rule = Rule.for_budget(total, delta)
        written = {field: getattr(rule, field) for field in ("epsilon", "delta", "order", "cap")}
        return Rule.from_json(written)

    ours, before = smallest(lambda total: Rule.for_budget(total, delta)), smallest(first_rule)
    return {"over_exact": ours / truth, "account": ours, "exact": truth, "without": before / truth}


def thousand_mixed() -> dict[str, float]:
    """Price 1000 mixed releases declared in advance: our seconds and ε, and dp-accounting's, in turns."""
    from dp_accounting.pld import privacy_loss_distribution as pld

    event = Composed(
        (DiscreteLaplace(sensitivity=1, scale=20.0),) * 300
        + (DiscreteLaplace(sensitivity=1, scale=50.0),) * 300
        + (DiscreteGaussian(sensitivity=GRID, sigma=40 * GRID),) * 200
        + (SampledGaussian(rate=0.01, sensitivity=GRID, sigma=GRID, steps=1),) * 200
    )
    theirs = [
        (lambda: pld.from_discrete_laplace_mechanism(1 / 20), 300),
        (lambda: pld.from_discrete_laplace_mechanism(1 / 50), 300),
        (lambda: pld.from_gaussian_mechanism(40.0), 200),
        (lambda: pld.from_gaussian_mechanism(1.0, sampling_prob=0.01), 200),
    ]
    ours_s, theirs_s, ours, rival = [], [], 0.0, 0.0
    for _ in range(3):
        declared_epsilon.cache_clear()
        began = time.perf_counter()
        ours = declared_epsilon(event, 1e-6)
        ours_s.append(time.perf_counter() - began)
        began = time.perf_counter()
        composed = pld.identity()
        for each, times in theirs:
            composed = composed.compose(each().self_compose(times))
        rival = composed.get_epsilon_for_delta(1e-6)
        theirs_s.append(time.perf_counter() - began)
    return {
        "ours_s": sorted(ours_s)[1], "rival_s": sorted(theirs_s)[1], "ours": ours, "rival": float(rival)
    }  # fmt: skip


if __name__ == "__main__":
    for compare in (against_exact, filter_against_exact, thousand_mixed):
        print(compare.__name__, compare())
