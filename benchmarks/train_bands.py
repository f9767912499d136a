"""What banded noise adds to the sum of all gradients so far, beside fresh noise of the same price. Arithmetic, no training.

Claim under test: with many small steps banded noise adds at most 0.7 of what fresh noise adds (root mean square over the
steps); with few large steps no band helps, and the line says 1. Rival: `bands=1`.
"""

import numpy as np
from lines import arguments, line, show

from confide.train.diagonals import coefficients
from confide.train.privacy import PrivacyPlan

PLANS = ((64, 2000), (256, 512), (1024, 256))
BANDS = (1, 2, 4, 8, 16)


def drift(batch: int, steps: int, bands: int) -> float:
    """Return the noise in the running sum of gradients, root mean square over the steps, in clip bounds."""
    plan = PrivacyPlan(epsilon=3, delta=1e-8, patients=20_000, expected_batch=batch, steps=steps, bands=bands)
    c, inverse = coefficients(bands), np.zeros(steps)
    for i in range(steps):
        inverse[i] = float(i == 0) - sum(c[j] * inverse[i - j] for j in range(1, min(bands, i + 1)))
    rows = np.cumsum(np.cumsum(inverse) ** 2)  # variance of the sum of the first i + 1 figures of C⁻¹z
    return float(np.sqrt(rows.mean())) * plan.sigma


def main() -> None:
    parsed = arguments(__doc__, "train.bands").parse_args()

    def gains():
        for at, (batch, steps) in enumerate(PLANS[:1] if parsed.quick else PLANS):
            found = {bands: drift(batch, steps, bands) for bands in BANDS}
            how = ", ".join(f"{bands}: {value:.1f}" for bands, value in found.items())
            yield line(
                f"train.bands.{batch}x{steps}", min(found.values()) / found[1], "<= 0.7" if at == 0 else "<= 1",
                ours=min(found.values()), rival=found[1], unit="times fresh noise", how=f"bands {how}",
            )  # fmt: skip

    show({"train.bands": gains}, parsed.only)


if __name__ == "__main__":
    main()
