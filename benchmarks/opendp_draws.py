"""Seconds of processor that OpenDP takes for one draw; run by bench_stats.py in OpenDP's own environment.

Usage: python opendp_draws.py laplace|gaussian SCALE DRAWS. Prints one number and the mean size of the noise.
"""

import sys
import time

import opendp.prelude as dp

dp.enable_features("contrib")


def measurement(kind: str, scale: float):
    domain = dp.vector_domain(dp.atom_domain(T=int))
    if kind == "laplace":
        return dp.m.make_laplace(domain, dp.l1_distance(T=int), scale)
    return dp.m.make_gaussian(domain, dp.l2_distance(T=float), scale)


def main() -> None:
    kind, scale, draws = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    noisy, zeros = measurement(kind, scale), [0] * draws
    noisy(zeros[:1000])
    began = time.process_time()
    drawn = noisy(zeros)
    seconds = time.process_time() - began
    print(seconds / draws, sum(map(abs, drawn)) / draws)


if __name__ == "__main__":
    main()
