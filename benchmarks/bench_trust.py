"""The figures of trust: kills, overspending, decisions, tampering, verification, ε, sealing, test vectors.

Each line of output is one JSON object: id, value, target, holds, ours, rival, unit, how.
Usage: python benchmarks/bench_trust.py [--only PREFIX] [--quick] [--kills N]. Time nothing else meanwhile.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from lines import Line, arguments, line, show


def kill(quick: bool, kills: int) -> Iterator[Line]:
    """Kill -9 of processes that charge, draw and commit, two at a time, and of the server under some of them."""
    from kills import kill_lines

    yield from kill_lines(20 if quick else kills)


def overspend(quick: bool) -> Iterator[Line]:
    """Processes that ask for more than there is, on both databases."""
    from ledger_load import overspend_lines

    yield from overspend_lines(100 if quick else 10_000)


def decision(quick: bool) -> Iterator[Line]:
    """The time of a decision in a long ledger, without the commit."""
    from ledger_load import decision_lines

    yield from decision_lines(2_000 if quick else 100_000)


def tamper(quick: bool) -> Iterator[Line]:
    """Random tampering with every table and with the checkpoint."""
    from tamper import missed

    times = 1_000 if quick else 100_000
    for attack in ("keyless", "insider"):
        count, tried = missed(attack, times)
        how = f"{times} tamperings: " + ", ".join(f"{n} {kind}" for kind, n in sorted(tried.items()))
        yield line(
            f"trust.tamper.{attack}_missed", count, "== 0", ours=count, rival=None, unit="tamperings", how=how
        )


def verify(quick: bool) -> Iterator[Line]:
    """The whole verification of a million entries."""
    from ledger_million import verify_seconds

    with tempfile.TemporaryDirectory() as folder:
        found = verify_seconds(Path(folder), 20_000 if quick else 1_000_000)
    scaled = found["seconds"] * 1e6 / found["entries"]
    how = (
        f"SQLite, a second process beside, {found['entries']:.0f} entries in {found['seconds']:.1f} s, per million; "
        f"{found['mb']:.0f} MiB in all, {found['grown_mb']:.0f} more than before; filling took {found['filling_s']:.0f} s"
    )
    yield line("trust.verify.million_s", scaled, "<= 30", ours=scaled, rival=None, unit="s", how=how)


def epsilon(quick: bool) -> Iterator[Line]:
    """The figure of plans declared in advance, and every price, against exact sums."""
    from epsilon_exact import against_exact

    found = against_exact(20 if quick else 200)
    how = f"{found['settings']:.0f} settings; what single plans book: {found['accountant_over_exact']:.3f}, Gaussian noise alone {found['gaussian_accountant_over_exact']:.6f}"
    value, below = found["over_exact"], found["below_exact"]
    yield line("trust.epsilon.over_exact", value, "<= 1.01", ours=value, rival=1, unit="ratio", how=how)
    yield line("trust.epsilon.below_exact", below, "== 0", ours=below, rival=None, unit="settings", how=how)


def adaptive(quick: bool) -> Iterator[Line]:
    """A hundred Gaussian releases, each chosen after the ones before."""
    from epsilon_exact import filter_against_exact

    found = filter_against_exact()
    how = f"100 releases of (0.1, 1e-6): the smallest account that admits all, over the exact figure at 1e-6; without the Gaussian region {found['without']:.3f}"
    yield line(
        "trust.filter.over_exact", found["over_exact"], "<= 1.10",
        ours=found["account"], rival=found["exact"], unit="ratio of ε", how=how,
    )  # fmt: skip


def seal(quick: bool) -> Iterator[Line]:
    """Sealing against openssl, Tink and age."""
    from seal_speed import seal_lines

    yield from seal_lines(quick=quick)


def wycheproof(quick: bool) -> Iterator[Line]:
    """All groups of the test vectors that our functions meet."""
    from wycheproof import counts

    found = counts()
    value = found["mismatches"]
    files = ", ".join(
        f"{name} {each['tested']} of {each['tested'] + sum(each['skipped'].values())}"
        for name, each in found["files"].items()
    )
    yield line(
        "trust.wycheproof.mismatches", value, "== 0", ours=value, rival=None, unit="vectors",
        how=f"{found['tested']} tested, {found['skipped']} of parameters that we refuse: {files}",
    )  # fmt: skip


def main() -> None:
    parser = arguments(__doc__, "trust")
    parser.add_argument("--kills", type=int, default=500)
    asked = parser.parse_args()
    parts = {
        "trust.kill": lambda: kill(asked.quick, asked.kills),
        "trust.overspend": lambda: overspend(asked.quick),
        "trust.decision": lambda: decision(asked.quick),
        "trust.tamper": lambda: tamper(asked.quick),
        "trust.verify": lambda: verify(asked.quick),
        "trust.epsilon": lambda: epsilon(asked.quick),
        "trust.filter": lambda: adaptive(asked.quick),
        "trust.seal": lambda: seal(asked.quick),
        "trust.wycheproof": lambda: wycheproof(asked.quick),
    }
    show(parts, asked.only)


if __name__ == "__main__":
    main()
