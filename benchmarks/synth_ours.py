"""Our side of the comparison, in a process of its own as the rival's: the same codes in, as many rows out.

Usage: python synth_ours.py METHOD CODES.npy SIZES.json EPSILON DELTA OUT.npy
"""

import json
import sys
import time
from pathlib import Path

import numpy as np


def main() -> None:
    method, codes, sizes, epsilon, delta, out = sys.argv[1:]
    domain, table = json.loads(Path(sizes).read_text()), np.load(codes)
    began, worked = time.perf_counter(), time.process_time()
    import polars as pl

    from confide.dp.noise import Noise
    from confide.dp.random import Stream
    from confide.synth.columns import codes_of
    from confide.synth.plan import SynthPlan
    from confide.synth.section import SynthSection
    from confide.synth.write import frame_of

    listed = {name: tuple(str(value) for value in range(size)) for name, size in domain.items()}
    settings = SynthSection(
        source="randhie", columns=listed, complete=tuple(listed), method=method, epsilon=float(epsilon),
        delta=float(delta), patients=20_000, rows=len(table), control_share=0.0,
    )  # fmt: skip
    cells = {name: table[:, at].astype(str) for at, name in enumerate(domain)}
    data = pl.DataFrame({"_patient": np.arange(len(table)), **cells})
    release = SynthPlan(settings=settings).execute(data, Noise(Stream()))
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    np.save(out, codes_of(settings.listed(), frame_of(release))[0])
    print(json.dumps({"seconds": seconds, "processor": processor}))


if __name__ == "__main__":
    main()
