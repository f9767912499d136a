"""The figures of the federation: the price of secrecy, drop-outs, kills, memory of the hub, hostile sites.

Each line of output is one JSON object: id, value, target, holds, ours, rival, unit, how.
Usage: python benchmarks/bench_federated.py [--only PREFIX] [--quick] [--kills N]. Time nothing else meanwhile.
"""

from lines import arguments, show


def secagg(quick: bool):
    """Masks against no masks."""
    from federated_secagg import secagg_lines

    yield from secagg_lines(quick)


def rounds(quick: bool):
    """Whole rounds over local processes, Flower beside."""
    from federated_rounds import round_lines

    yield from round_lines(quick)


def nvflare(quick: bool):
    """A round over NVFlare, NVFlare's own averaging beside."""
    from federated_nvflare import nvflare_lines

    yield from nvflare_lines(quick)


def sums(quick: bool):
    """One sum by masks and by encryption."""
    from federated_sums import sum_lines

    yield from sum_lines(quick)


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


def heart(quick: bool):
    """Four hospitals."""
    from federated_studies import study_lines

    yield from study_lines("heart", quick)


def brca(quick: bool):
    """Six regions."""
    from federated_studies import study_lines

    yield from study_lines("brca", quick)


def secrecy(quick: bool):
    """What masks cost in accuracy, over both studies."""
    from federated_studies import secrecy_line

    yield secrecy_line(quick)


def drugs(quick: bool):
    """Molecules of four companies."""
    from federated_drugs import drug_lines

    yield from drug_lines(quick)


def sent(quick: bool):
    """A share of each update, and what keeping the rest would add."""
    from federated_sent import sent_lines

    yield from sent_lines(quick)


def distributed(quick: bool):
    """Noise in parts against noise in one place."""
    from federated_distributed import distributed_lines

    yield from distributed_lines(quick)


def lora(quick: bool):
    """Adapters of a language model."""
    from federated_language import lora_lines

    yield from lora_lines(quick)


def demo():
    """What a newcomer runs first."""
    from federated_demo import demo_lines

    yield from demo_lines()


def main() -> None:
    parser = arguments(__doc__, "fed")
    parser.add_argument("--kills", type=int, default=200)
    asked = parser.parse_args()
    show(
        {
            "fed.round": lambda: rounds(asked.quick),
            "fed.nvflare": lambda: nvflare(asked.quick),
            "fed.sums": lambda: sums(asked.quick),
            "fed.secagg": lambda: secagg(asked.quick),
            "fed.hub": lambda: hub(asked.quick),
            "fed.dropout": lambda: dropout(asked.quick),
            "fed.kill": lambda: kill(asked.quick, asked.kills),
            "fed.robust": lambda: robust(asked.quick),
            "fed.heart": lambda: heart(asked.quick),
            "fed.brca": lambda: brca(asked.quick),
            "fed.sent": lambda: sent(asked.quick),
            "fed.drugs": lambda: drugs(asked.quick),
            "fed.distributed_dp": lambda: distributed(asked.quick),
            "fed.lora": lambda: lora(asked.quick),
            "fed.secrecy": lambda: secrecy(asked.quick),
            "fed.demo": demo,
        },
        asked.only,
    )


if __name__ == "__main__":
    main()
