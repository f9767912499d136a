"""What is learnt together, as vectors: public settings, the hub's fold over the rounds, a site's local steps.

Guarantee: the hub's state is a function of settings, start and the rounds' means, to the last bit, so that a hub that starts
again recomputes it; a vector that is not finite never reaches the model. Models on data: `confide.federated.learners`. What a
patient can move: `confide.federated.patient_unit`. When to take which: `docs/federated-learning.md`.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from confide.dp.events import check_number, check_whole
from confide.errors import InvalidInput
from confide.federated.learners import Learner
from confide.federated.public_draws import batches, some_of
from confide.federated.site_state import SiteState
from confide.types import Json

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Algorithm = Literal["fedavg", "fedprox", "scaffold", "fedadam", "fedyogi"]
Protection = Literal["none", "site", "patient", "each"]

BETA_1, BETA_2 = 0.9, 0.99  # Reddi et al. 2021 fix both for all of their tasks


@dataclass(frozen=True, kw_only=True, slots=True)
class Learning:
    """How sites learn one model together. Every field is public and signed by all.

    Args:
        rounds: how many sums are opened.
        rate: step size at the sites.
        algorithm: what the hub does with a mean, and what a site adds to its gradient.
        steps: that a site takes in a round.
        batch: patients in a step; 0 for all.
        server_rate: step size at the hub; 1 adds the mean update, which only fedavg, fedprox and scaffold want.
        proximal: pull back to the round's model, of fedprox; decay: pull to zero (ridge), in every step.
        adaptivity: of fedadam and fedyogi: how small a square still counts.
        sent: numbers of an update that travel in a round, the same at all sites; 0 for all of them.
        seed: names the public draws (order of patients, positions that travel).
        protection: "none"; "site": a whole site may be in or out; "patient": one clipped gradient step a round, with noise
            in parts; "each": the local steps themselves are noisy, so that each site's noise suffices.
        clip: of "patient" and "each": longest gradient that one patient keeps.
        patients: of "patient" and "each": a public number of patients by which a sum over them is divided.
        multiplier: of "each": noise of a step in clips; 0 until it is found (`private_training.multiplier_for`).

    Raises:
        InvalidInput: out of range, or two settings that make no sense together.
    """

    rounds: int
    rate: float
    algorithm: Algorithm = "fedavg"
    steps: int = 1
    batch: int = 0
    server_rate: float = 1.0
    proximal: float = 0.0
    decay: float = 0.0
    adaptivity: float = 1e-3
    sent: int = 0
    seed: int = 0
    protection: Protection = "none"
    clip: float = 0.0
    patients: int = 0
    multiplier: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what could not be learnt, before any round."""
        for name, allowed in (("algorithm", get_args(Algorithm)), ("protection", get_args(Protection))):
            if (found := getattr(self, name)) not in allowed:
                raise InvalidInput("learning.choice", field=name, found=found, wanted=", ".join(allowed))
        for name, low, high in (("rounds", 1, 1 << 30), ("steps", 1, 1 << 20), ("batch", 0, 1 << 40)):
            check_whole(name, getattr(self, name), low, high)
        for name, low, high in (("sent", 0, 1 << 27), ("seed", 0, 1 << 53), ("patients", 0, 1 << 32)):
            check_whole(name, getattr(self, name), low, high)
        for name in ("rate", "server_rate", "adaptivity"):
            check_number(name, getattr(self, name), 1e-12, 1e6)
        for name in ("proximal", "decay", "clip", "multiplier"):
            check_number(name, getattr(self, name), 0, 1e9)
        for first, second, wrong in self._contradictions():
            if wrong:
                raise InvalidInput("learning.combination", first=first, second=second)

    def _contradictions(self) -> Iterator[tuple[str, str, bool]]:
        """Go through what makes no sense together; why: `docs/federated-learning.md`, the last table."""
        how, way = self.protection, self.algorithm
        protected, bounded = f"protection = {how}", how in ("patient", "each")
        several = self.steps > 1 or self.batch > 0
        yield "proximal", way, self.proximal > 0 and way != "fedprox"
        yield protected, way, how == "patient" and way in ("fedprox", "scaffold")
        yield protected, "steps, batch", how == "patient" and several
        yield protected, "clip = 0, patients = 0", bounded and not (self.clip > 0 and self.patients > 0)
        yield protected, "clip, patients", not bounded and (self.clip > 0 or self.patients > 0)
        yield protected, "multiplier", how != "each" and self.multiplier > 0
        yield "batch", "patients", how == "each" and self.batch > self.patients
        yield "sent", way, self.sent > 0 and way not in ("fedavg", "fedprox")
        yield "sent", protected, self.sent > 0 and how in ("site", "patient")

    def to_json(self) -> Json:
        """Every field, without floats."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: repr(value) if isinstance(value, float) else value for key, value in named.items()}


def sent_length(learning: Learning, length: int) -> int:
    """Return how many numbers an update has on its way: the federation's `length`.

    Scaffold sends no more than the model's: the change of a control variate follows from the update (`Course.take`).

    Raises:
        InvalidInput: more numbers are to be sent than there are.
    """
    if learning.sent > length:
        raise InvalidInput("learning.sent", found=learning.sent, most=length)
    return learning.sent or length


def task_length(learning: Learning, length: int) -> int:
    """Return how many numbers the hub hands out: the model, and for scaffold a control variate as long."""
    return 2 * length if learning.algorithm == "scaffold" else length


class Course:
    """The hub's side: a fold over the rounds' means.

    Guarantee: the same settings, start and means give the same bytes of `model` on every machine, as every number comes
    from +, -, ·, / and √ on doubles alone, each rounded correctly.

    Args:
        learning: the settings.
        start: shape (length,), what the first round hands out.

    Raises:
        InvalidInput: the start is no vector of finite numbers.
    """

    def __init__(self, learning: Learning, start: Floats) -> None:
        self.model = np.array(start, dtype=np.float64)
        if self.model.ndim != 1 or not np.isfinite(self.model).all():
            raise InvalidInput("learning.not-finite")
        sent_length(learning, len(self.model))
        self._learning = learning
        self._control = np.zeros_like(self.model)  # scaffold: the sites' weighted mean, c
        self._first = np.zeros_like(self.model)  # fedadam, fedyogi: m and v
        self._second = np.full_like(self.model, learning.adaptivity**2)

    def task(self) -> Floats:
        """Return what the next round hands out, shape (task_length,)."""
        if self._learning.algorithm == "scaffold":
            return np.concatenate([self.model, self._control])
        return self.model.copy()

    def to_bytes(self) -> bytes:
        """Write all that the next rounds follow from, to the last bit: little-endian doubles."""
        return np.concatenate(self._parts()).astype("<f8").tobytes()

    def restore(self, kept: bytes) -> None:
        """Go on from what `to_bytes` of a course with these settings wrote.

        Raises:
            InvalidInput: another length, or a number that is not finite.
        """
        parts = self._parts()
        numbers = np.frombuffer(kept, dtype="<f8") if len(kept) % 8 == 0 else np.empty(0)
        if len(numbers) != len(self.model) * len(parts) or not np.isfinite(numbers).all():
            raise InvalidInput("learning.not-finite")
        for part, new in zip(parts, np.split(numbers, len(parts)), strict=True):
            part[:] = new

    def _parts(self) -> list[Floats]:
        match self._learning.algorithm:
            case "scaffold":
                return [self.model, self._control]
            case "fedadam" | "fedyogi":
                return [self.model, self._first, self._second]
        return [self.model]

    def take(self, mean: Floats, *, number: int = 0, share: float = 1.0) -> None:
        """Step by the weighted mean of the survivors' updates.

        Guarantee: what is not finite, or would make the model so, is refused and changes nothing.

        Args:
            mean: shape (sent_length,), of `confide.federated.horizontal.mean_update`.
            number: of the round; names the positions where not all travel.
            share: weight of the survivors in that of all sites; scaffold's control variate moves by as much.

        Raises:
            InvalidInput: another shape, or a number that is not finite.

        Source: McMahan et al. 2017, "Communication-Efficient Learning", Algorithm 1; Reddi et al. 2021, "Adaptive Federated
        Optimization", Algorithm 2; Karimireddy et al. 2020, "SCAFFOLD", Algorithm 1, lines 16 and 17 (option II moves c_i by
        (x - y_i) / (Kη_l) - c, which is linear in the update, so that its mean needs no message of its own).
        """
        learning = self._learning
        if mean.shape != (sent_length(learning, len(self.model)),) or not np.isfinite(mean).all():
            raise InvalidInput("learning.not-finite")
        if learning.sent:  # times length / sent, so that on average over the draw it is the whole mean
            check_whole("number", number, 1, 1 << 31)
            some, length = mean, len(self.model)
            mean = np.zeros(length)
            mean[chosen_positions(learning, length, number)] = some * (length / learning.sent)
        control, first, second = self._control, self._first, self._second
        if learning.protection == "patient":  # sites send bare sums, so that nothing but patients moves them
            mean = mean - learning.rate * learning.decay * self.model
        with np.errstate(over="ignore", invalid="ignore"):  # is refused just below
            step = mean
            if learning.algorithm == "scaffold":
                control = control - share * (control + mean / (learning.steps * learning.rate))
            elif learning.algorithm in ("fedadam", "fedyogi"):
                first = BETA_1 * first + (1 - BETA_1) * mean
                square = mean * mean
                if learning.algorithm == "fedadam":
                    second = BETA_2 * second + (1 - BETA_2) * square
                else:
                    second = second - (1 - BETA_2) * square * np.sign(second - square)
                step = first / (np.sqrt(second) + learning.adaptivity)
            model = self.model + learning.server_rate * step
        if not all(np.isfinite(each).all() for each in (model, control, first, second)):
            raise InvalidInput("learning.not-finite")
        self.model, self._control, self._first, self._second = model, control, first, second


def chosen_positions(learning: Learning, length: int, number: int) -> Ints:
    """Return the positions of an update that travel in a round: random, public, the same at all sites."""
    return some_of(length, sent_length(learning, length), "positions", learning.seed, number)


def local_update(
    learning: Learning,
    learner: Learner,
    task: Floats,
    number: int,
    state: bytes,
    *,
    clip: float = math.inf,
) -> tuple[Floats, bytes]:
    """Train at a site from what the hub handed out.

    Guarantee: what comes back is finite: training that went astray sends zeros and keeps the state as it was. Under
    `protection = "patient"` one patient more or less moves the update by at most `patient_unit.reach(learning)`.

    Args:
        learning: the settings.
        learner: the model on this site's data.
        task: shape (task_length,), of the hub.
        number: of the round.
        state: what the last round that was committed with this site returned; b"" at first. Patient data: seal it.
        clip: longest update (the grid's): a longer one is shortened before the control variate is computed from it.

    Returns:
        The update, shape (sent_length,), and the state that counts once the round is committed with this site in it.

    Raises:
        InvalidInput: the task does not fit, or each step wants noise of a charge (`confide.federated.private_training`).
        IntegrityError: the state is of another model.

    Source: McMahan et al. 2017, Algorithm 1, ClientUpdate; Li et al. 2020, "Federated Optimization in Heterogeneous
    Networks", Algorithm 2 and equation (2), by so many steps of descent (its γ-inexactness); Karimireddy et al. 2020, Algorithm 1,
    lines 7 to 13, option II. Their theory has no clip: see `docs/federated-learning.md`.
    """
    if learning.protection == "each":
        raise InvalidInput("learning.wants-charge")
    if learning.protection == "patient":
        return _one_step(learning, learner, task), state
    some = batches(learning.batch, learner.n_patients, "batches", learning.seed, number)

    def gradient(now: Floats) -> Floats:
        return learner.gradient(now, next(some))

    return trained(learning, learner, task, number, state, gradient, clip)


def _one_step(learning: Learning, learner: Learner, task: Floats) -> Floats:
    """Return a step along the sum of the patients' clipped gradients, over a public number of patients."""
    if len(learner.stays()):
        raise InvalidInput("learning.combination", first="personal", second="protection = patient")
    model = _model(learning, learner, task)
    total = learner.clipped_sum(model, learning.clip)
    update: Floats = total * (-learning.rate / learning.patients)
    return update


def trained(
    learning: Learning,
    learner: Learner,
    task: Floats,
    number: int,
    state: bytes,
    gradient: Callable[[Floats], Floats],
    clip: float,
) -> tuple[Floats, bytes]:
    """Take `learning.steps` steps along `gradient`, which is called once a step with the whole local model."""
    shared, length = _model(learning, learner, task), learner.length
    scaffold = learning.algorithm == "scaffold"
    kept = SiteState.from_bytes(state, length if scaffold else 0, learner.stays())
    pull = task[length:] - kept.control if scaffold else np.zeros(length)
    now = np.concatenate([shared, kept.personal])
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(learning.steps):
            along = gradient(now) + learning.decay * now
            along[:length] += learning.proximal * (now[:length] - shared) + pull
            now = now - learning.rate * along
        update = now[:length] - shared
        update *= min(1.0, clip / max(float(np.linalg.norm(update)), 1e-300))
        control = kept.control
        if scaffold:  # c_i - c + (x - y_i) / (K η_l)
            control = -pull - update / (learning.steps * learning.rate)
    if not all(np.isfinite(each).all() for each in (update, control, now)):
        return np.zeros(sent_length(learning, length)), state
    if learning.sent:
        update = update[chosen_positions(learning, length, number)]
    return update, SiteState(control, now[length:]).to_bytes()


def _model(learning: Learning, learner: Learner, task: Floats) -> Floats:
    if task.shape != (task_length(learning, learner.length),) or not np.isfinite(task).all():
        raise InvalidInput("learning.task", wanted=task_length(learning, learner.length))
    return task[: learner.length].astype(np.float64)
