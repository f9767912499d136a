"""Runs in dpmm's own environment: fit MST or AIM to a table of codes, draw as many rows, say how long it took.

Usage: python synth_dpmm.py METHOD CODES.npy SIZES.json EPSILON DELTA OUT.npy
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd


def main() -> None:
    method, codes, sizes, epsilon, delta, out = sys.argv[1:]
    domain = json.loads(Path(sizes).read_text())
    table = pd.DataFrame(np.load(codes), columns=list(domain))
    began, worked = time.perf_counter(), time.process_time()
    from dpmm.pipelines import AIMPipeline, MSTPipeline

    kind = {"mst": MSTPipeline, "aim": AIMPipeline}[method]
    model = kind(epsilon=float(epsilon), delta=float(delta), disable_processing=True, n_jobs=1)
    model.fit(table, domain=domain)
    found = model.generate(n_records=len(table))
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    np.save(out, found[list(domain)].to_numpy(dtype=np.int64))
    print(json.dumps({"seconds": seconds, "processor": processor}))


if __name__ == "__main__":
    main()
