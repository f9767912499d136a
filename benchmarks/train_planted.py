"""Bugs that private training has shipped with, planted one at a time in a copy of the source; our tests must notice each.

Claim under test: none of them passes. Each bug is shown with the first test that fails; `how` of the last line names them
all. As in `planted.py`, an import that breaks is a mistake in this list, and without a bug the same tests pass.
"""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import planted
from lines import Line, arguments, line, show
from planted import Bug

AUDIT = ("tests/audit/test_canaries.py",)
PATIENTS = ("tests/train/test_engine_patients.py",)
NEIGHBOURS = ("tests/train/test_neighbours.py",)
NOISE = ("tests/train/test_loop.py", "tests/train/test_privacy_plan.py")
SAMPLER = ("tests/train/test_sampling.py",)
BANDED = ("tests/train/test_banded.py",)
STREAM = ("tests/dp/test_dp_dense.py", "tests/train/test_loop.py")
ADDED = "noise.add_gaussian(each, privacy.noise_on_sum)"
WRITTEN = "engine.write(noised(engine.take(), privacy, noise, bands))"

BUGS = (
    Bug("no noise", "train/loop.py", ADDED, "pass", AUDIT),
    Bug("no noise, asked of the weights", "train/loop.py", ADDED, "pass", NOISE),
    Bug("half of the noise", "train/loop.py", ADDED, "noise.add_gaussian(each, privacy.noise_on_sum / 2)", AUDIT),
    Bug("half of the noise in what the plan says", "train/privacy.py",
        "return self.sigma * self.clip * (1 + ROUNDING)", "return self.sigma * self.clip / 2", AUDIT),
    Bug("noise divided twice", "train/loop.py", ADDED,
        "noise.add_gaussian(each, privacy.noise_on_sum / privacy.expected_batch)", AUDIT),
    Bug("a layer that is not in the norm", "train/engine.py",
        "[held.squares() for held in self._held.values()]",
        "[held.squares() for held in list(self._held.values())[: max(1, len(self._held) - 1)]]", NEIGHBOURS),
    Bug("layers clipped one by one", "train/engine.py",
        "found = held.weighted(factor, spoilt=spoilt)",
        "found = held.weighted(self._clip / held.squares().sqrt().clamp_min(self._clip), spoilt=spoilt)", NEIGHBOURS),
    Bug("nothing is clipped", "train/engine.py", "self._clip / norms.clamp_min(self._clip)", "1.0", AUDIT),
    Bug("no margin for tokens that cancel", "train/engine.py", "DOUBT = 2.0**-20", "DOUBT = 0.0", PATIENTS),
    Bug("the cross term of tied weights left out", "train/held.py",
        "total += 2 * inner(before, use, self._patients)", "total += 0 * inner(before, use, self._patients)", NEIGHBOURS),
    Bug("a shuffled loader, booked as Poisson sampling", "train/sampling.py",
        "drawn = np.flatnonzero(noise.bernoulli(privacy.rate, groups.patients))",
        "drawn = np.sort(np.argsort(noise.discrete_gaussian(1e9, groups.patients))[: round(privacy.rate * groups.patients)])",
        SAMPLER),
    Bug("a mean over the batch taken for a loss per record", "train/loop.py",
        "if losses.shape != (len(batch.records),):",
        "losses = losses.expand(len(batch.records))\n    if False:", NOISE),
    Bug("the number of patients at hand in the normaliser", "train/loop.py", WRITTEN,
        "size = max(1.0, groups.patients * privacy.rate) / privacy.expected_batch\n"
        "    engine.write({n: g / size for n, g in noised(engine.take(), privacy, noise).items()})", AUDIT),
    Bug("noise on each of two ranks", "train/loop.py", ADDED,
        "[noise.add_gaussian(each, privacy.noise_on_sum) for rank in range(2)]", AUDIT),
    Bug("noise on each piece of a batch", "train/loop.py",
        "engine.backward(losses.float() * weights, torch.from_numpy(batch.patients).to(losses.device))",
        "engine.backward(losses.float() * weights, torch.from_numpy(batch.patients).to(losses.device))\n"
        "        engine.sums = {n: g * privacy.expected_batch for n, g in noised(engine.sums, privacy, noise).items()}", AUDIT),
    Bug("an empty batch without noise", "train/loop.py", WRITTEN,
        "sums = engine.take()\n"
        "    if any(bool(each.any()) for each in sums.values()):\n"
        "        engine.write(noised(sums, privacy, noise))", NOISE),
    Bug("banded noise that takes nothing back", "train/banded.py",
        "result = _added(row, [-each for each in c], told)", "result = row.astype(np.float64)", BANDED),
    Bug("banded noise, and every patient in every step", "train/banded.py",
        "return self._parts[self._steps % len(self._parts)]", "return self._parts[0]", BANDED),
    Bug("banded noise priced as if a patient had one row", "train/privacy.py",
        "found = column_norm(self.bands) * _calibrated(", "found = _calibrated(", BANDED),
    Bug("the stream of noise starts where it started before", "dp/random.py",
        "os.urandom(KEY_BYTES) if key is None", "bytes(KEY_BYTES) if key is None", STREAM),
)  # fmt: skip


def main() -> None:
    parsed = arguments(__doc__, "train.planted").parse_args()
    planted.LOADED_ONCE = (*planted.LOADED_ONCE, "scipy.optimize", "torch", "peft", "transformers")

    def missed() -> Iterable[Line]:
        bugs = BUGS[::4] if parsed.quick else BUGS
        found = {}
        with tempfile.TemporaryDirectory() as scratch:
            for name, test in planted.caught(bugs, Path(scratch)):
                found[name] = test
                print(f"{name}: {test or 'NOT CAUGHT'}", file=sys.stderr, flush=True)
        loose = [name for name, test in found.items() if test is None]
        how = "; ".join(f"{name}: {test}" for name, test in found.items())
        yield line(
            "train.planted.missed", len(loose), "== 0", ours=len(bugs), rival=None, unit="bugs", how=how
        )

    show({"train.planted.missed": missed}, parsed.only)


if __name__ == "__main__":
    main()
