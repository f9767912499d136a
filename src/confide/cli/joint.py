"""`confide encrypted check | key | contribute | add | open`: a table of several sites that nobody sees alone."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from confide.cli.page import Command, argument, json_option, option
from confide.cli.show import show_json
from confide.cli.vault import opener_options
from confide.types import Json
from confide.words import say

if TYPE_CHECKING:
    from confide.study.keys import Opener

_there = click.Path(path_type=Path, dir_okay=False, exists=True)
_new = click.Path(path_type=Path, dir_okay=False)
_folder = click.Path(path_type=Path, file_okay=False)
_file = argument("file", type=_new)
_to = option("--to", "target", type=_new, required=True, help=say("encrypted.joint.to"))


@click.command(cls=Command, name="check", help=say("encrypted.joint.check"))
@_file
@json_option
def check(file: Path, as_json: bool) -> None:
    from confide.study.joint_file import load_joint, summary

    told = summary(load_joint(file))
    if as_json:
        show_json(told)
        return
    fields = {**told, "sites": ", ".join(told["sites"]), "columns": ", ".join(told["columns"]),
              "noise": f"{told['noise']:.3g}"}  # fmt: skip
    for line in ("purpose", "columns", "parties", "price", "digest"):
        click.echo(say(f"encrypted.joint.told-{line}", **fields))


@click.command(cls=Command, name="key", help=say("encrypted.joint.key"))
@_file
@_to
@opener_options
@json_option
def key(opener: "Opener", file: Path, target: Path, as_json: bool) -> None:
    from confide.cli.study import ask_passphrase
    from confide.study.joint import make_key
    from confide.study.joint_file import load_joint
    from confide.study.keys import vault_of

    told = {"key": make_key(vault_of(opener, ask_passphrase), load_joint(file), target), "file": str(target)}
    show_json(told) if as_json else click.echo(say("encrypted.joint.key-made", **told))


@click.command(cls=Command, name="contribute", help=say("encrypted.joint.contribute"))
@_file
@option("--study", type=_folder, required=True, help=say("encrypted.cli.study"))
@option("--source", required=True, help=say("encrypted.joint.source"))
@option("--key", "letter", type=_there, required=True, help=say("encrypted.joint.letter"))
@_to
@json_option
def contribute(file: Path, study: Path, source: str, letter: Path, target: Path, as_json: bool) -> None:
    from dataclasses import asdict

    from confide.cli.study import ask_passphrase
    from confide.study.joint import contribute as send
    from confide.study.joint_file import load_joint
    from confide.study.workplace import open_workplace

    joint = load_joint(file)
    with open_workplace(study, ask=ask_passphrase) as place:
        told = asdict(send(place, joint, source, letter, target))
    if as_json:
        show_json(told)
    else:
        line = "sent-again" if told["replayed"] else "sent"
        click.echo(say(f"encrypted.joint.{line}", **told | {"left": f"{told['left']:.3g}"}))


@click.command(cls=Command, name="add", help=say("encrypted.joint.add"))
@_file
@argument("uploads", type=_there, nargs=-1, required=True)
@_to
@opener_options
@json_option
def add(opener: "Opener", file: Path, uploads: tuple[Path, ...], target: Path, as_json: bool) -> None:
    from confide.cli.study import ask_passphrase
    from confide.study.joint import add as add_up
    from confide.study.joint_file import load_joint
    from confide.study.keys import vault_of

    sites = add_up(vault_of(opener, ask_passphrase), load_joint(file), list(uploads), target)
    told: Json = {"sites": sites, "file": str(target)}
    show_json(told) if as_json else click.echo(
        say("encrypted.joint.added", **told | {"sites": ", ".join(sites)})
    )


@click.command(cls=Command, name="open", help=say("encrypted.joint.open"))
@_file
@argument("total", type=_there)
@opener_options
@json_option
def open_(opener: "Opener", file: Path, total: Path, as_json: bool) -> None:
    from confide.cli.study import ask_passphrase
    from confide.study.joint import open_total
    from confide.study.joint_file import load_joint
    from confide.study.keys import opened_by

    joint = load_joint(file)
    with opened_by(opener, ask_passphrase) as (vault, ledger):
        told = open_total(vault, ledger, joint, total)
    show_json(told) if as_json else _tell(told)


def _tell(told: Json) -> None:
    """Print a table: a line for each figure with the standard deviation of its noise, and what it costs."""
    noise = told["noise"]
    for column, figures in told["columns"].items():
        for name, off in {"count": noise, **figures["noise"]}.items():
            _line(say(f"encrypted.joint.{name}", column=column), figures[name], off)
        for place, count in enumerate(figures.get("histogram", ())):
            _line(say("encrypted.joint.bin", column=column, number=place + 1), count, noise)
    for pair, found in told["covariances"].items():
        _line(say("encrypted.joint.covariance", column=pair), found["value"], found["noise"])
    for column, groups in told["groups"].items():
        for category, count in groups.items():
            _line(f"{column} = {category}", count, noise)
    fields = {name: told[name] for name in ("epsilon", "delta", "honest")}
    click.echo(say("encrypted.joint.opened", sites=", ".join(told["sites"]), **fields))


def _line(name: str, value: float | None, off: float | None) -> None:
    """Print a figure with the digits that its noise leaves."""
    click.echo(f"{name}: {say('encrypted.joint.too-few') if value is None else f'{value:.6g} ± {off:.2g}'}")


JOINT_COMMANDS = (check, key, contribute, add, open_)
