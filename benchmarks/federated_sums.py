"""One sum of sites by masks and by encryption: bytes and processor seconds of the same sum, as `confide.federated.sums` reports them.

Claim under test: masks take no more bytes than BFV. What each asks of the sites (all at once, or a custodian) is in the report.
"""

from collections.abc import Iterator

import numpy as np
from lines import Line, line

from confide.federated.sums import sum_of_sites


def sum_lines(quick: bool) -> Iterator[Line]:
    """Print one line a length: statistics of sites are short vectors, updates long ones."""
    bound = 1 << 20
    for length in (4096, 65_536) if quick else (4096, 1_000_000):
        draw = np.random.default_rng(length)
        values = {f"site-{at}": draw.integers(-bound, bound + 1, length) for at in range(4)}
        totals, reports = zip(
            *(sum_of_sites(values, way, bound=bound) for way in ("masks", "encrypted")), strict=True
        )
        np.testing.assert_array_equal(totals[0], totals[1])
        masks, sealed = reports
        how = (
            f"4 sites, {length} numbers: masks {masks['bytes'] / length / 4:.1f} bytes a number of a site and {masks['milliseconds']:.0f} ms "
            f"of all parties, BFV {sealed['bytes'] / length / 4:.1f} bytes and {sealed['milliseconds']:.0f} ms; the sums are equal; "
            "masks want all sites at once, BFV a custodian beside the hub"
        )
        yield line(
            f"fed.sums.{length}.bytes", masks["bytes"] / sealed["bytes"], "<= 1",
            ours=masks["bytes"], rival=sealed["bytes"], unit="ratio", how=how,
        )  # fmt: skip
