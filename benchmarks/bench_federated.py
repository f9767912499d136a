"""The figures of the federation: the price of secrecy, drop-outs, kills, memory of the hub, hostile sites.

Each line of output is one JSON object: id, value, target, holds, ours, rival, unit, how.
Usage: python benchmarks/bench_federated.py [--only PREFIX] [--quick] [--kills N]. Time nothing else meanwhile.
"""

from lines import arguments, show


def secagg(quick: bool):
    """Masks against no masks."""
    from federated_secagg import secagg_lines

    yield from secagg_lines(quick)


def hub(quick: bool):
    """What the hub holds."""
    from federated_secagg import hub_lines

    yield from hub_lines(quick)


def dropout(quick: bool):
    """Sites that go at every stage."""
    from federated_secagg import dropout_lines

    yield from dropout_lines(quick)


def kill(quick: bool, kills: int):
    """Kill -9 of the hub."""
    from federated_kills import kill_lines

    yield from kill_lines(20 if quick else kills)


def robust(quick: bool):
    """Hostile sites."""
    from federated_robust import robust_lines

    yield from robust_lines(quick)


def main() -> None:
    parser = arguments(__doc__, "fed")
    parser.add_argument("--kills", type=int, default=200)
    asked = parser.parse_args()
    show(
        {
            "fed.secagg": lambda: secagg(asked.quick),
            "fed.hub": lambda: hub(asked.quick),
            "fed.dropout": lambda: dropout(asked.quick),
            "fed.kill": lambda: kill(asked.quick, asked.kills),
            "fed.robust": lambda: robust(asked.quick),
        },
        asked.only,
    )


if __name__ == "__main__":
    main()
