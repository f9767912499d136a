"""`confide log`: the ledger as a log that others witness; verify it, prove an entry, ask for cosignatures."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from confide.cli.page import Group, argument, json_option, option
from confide.cli.show import show_json
from confide.words import say

if TYPE_CHECKING:
    from confide.transparency.kept import Cosigned

_there = click.Path(path_type=Path, dir_okay=False, exists=True)
_new = click.Path(path_type=Path, dir_okay=False)


def when(seconds: int) -> str:
    """Return a time as people read it, UTC."""
    return datetime.fromtimestamp(min(seconds, 2**37), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def tell(cosigned: "list[Cosigned] | tuple[Cosigned, ...]") -> None:
    """Say who has cosigned what, and when."""
    for each in cosigned:
        click.echo(
            say("transparency.log.cosigned", witness=each.witness, size=each.size, time=when(each.time))
        )


@click.group(cls=Group, name="log", help=say("transparency.log.help"))
def log_command() -> None:
    pass


@log_command.command("show", help=say("transparency.log.show"))
@json_option
def show(as_json: bool) -> None:
    from confide.study.log import show_log

    shown = show_log()
    if as_json:
        show_json(shown)
        return
    for name in ("origin", "key", "size", "root"):
        click.echo(say(f"transparency.log.line-{name}", value=shown[name]))
    for witness in shown["witnesses"]:
        click.echo(say("transparency.log.line-witness", value=witness))
    if not shown["witnesses"]:
        click.echo(say("transparency.log.no-witness"))


@log_command.command("verify", help=say("transparency.log.verify"))
@option("--against", type=_there, multiple=True, help=say("transparency.log.against"))
@json_option
def verify(against: tuple[Path, ...], as_json: bool) -> None:
    from confide.study.log import to_json, verify_institution

    found = verify_institution(against)
    if as_json:
        show_json(to_json(found))
        return
    click.echo(say("transparency.log.in-order", size=found.size, root=found.root.hex()))
    tell(found.cosigned)
    click.echo(say("transparency.log.tail", tail=found.tail))


@log_command.command("prove", help=say("transparency.log.prove"))
@argument("sequence", type=int)
@json_option
def prove(sequence: int, as_json: bool) -> None:
    from confide.study.log import prove_entry

    show_json(prove_entry(sequence))  # the proof is JSON either way


@log_command.command("check-proof", help=say("transparency.log.check-proof"))
@argument("file", type=_there)
@option("--log", "log_key", required=True, help=say("transparency.log.log-key"))
@option("--witness", "witness_keys", multiple=True, help=say("transparency.log.witness-key"))
@json_option
def check(file: Path, log_key: str, witness_keys: tuple[str, ...], as_json: bool) -> None:
    from confide.crypto.note import Verifier
    from confide.transparency.files import read_whole
    from confide.transparency.proof import LONGEST_PROOF, check_proof

    text = read_whole(file, LONGEST_PROOF)
    found = check_proof(text.encode(), Verifier.from_text(log_key), map(Verifier.from_text, witness_keys))
    if as_json:
        show_json(asdict(found))
        return
    click.echo(say("transparency.log.proved", sequence=found.sequence, origin=found.origin, size=found.size))
    click.echo(found.entry)
    tell(found.cosigned)


@log_command.command("add-witness", help=say("transparency.log.add-witness"))
@argument("key")
@json_option
def add_witness(key: str, as_json: bool) -> None:
    from confide.ledger.home import home
    from confide.transparency import kept

    witness = kept.add_witness(home(), key)
    if as_json:
        show_json({"trusted": witness.to_text()})
    else:
        click.echo(say("transparency.log.trusted", witness=witness.name))


@log_command.command("request", help=say("transparency.log.request"))
@argument("file", type=_new)
@option("--witness", help=say("transparency.log.request-witness"))
@option("--since", type=click.IntRange(0), help=say("transparency.log.since"))
@json_option
def request(file: Path, witness: str | None, since: int | None, as_json: bool) -> None:
    from confide.study.log import request_cosignature

    size = request_cosignature(file, witness=witness, since=since)
    if as_json:
        show_json({"file": str(file), "size": size})
    else:
        click.echo(say("transparency.log.requested", file=file, size=size))


@log_command.command("add", help=say("transparency.log.add"))
@argument("file", type=_there)
@json_option
def add(file: Path, as_json: bool) -> None:
    from confide.study.log import add_answer

    _kept(add_answer(file), as_json=as_json)


@log_command.command("witness", help=say("transparency.log.ask"))
@argument("url")
@json_option
def ask(url: str, as_json: bool) -> None:
    from confide.study.log import ask_witness

    _kept(ask_witness(url), as_json=as_json)


@log_command.command("rotate-key", help=say("transparency.log.rotate-key"))
@option("--approved", "approval", type=_there, help=say("transparency.log.rotate-approved"))
@json_option
def rotate_key(approval: Path | None, as_json: bool) -> None:
    from confide.study.approvals import read_request_file
    from confide.study.log import new_log_key

    key = new_log_key(None if approval is None else read_request_file(approval))
    if as_json:
        show_json({"key": key})
    else:
        click.echo(say("transparency.log.rotated", key=key))


def _kept(cosigned: "list[Cosigned]", *, as_json: bool) -> None:
    if as_json:
        show_json([asdict(each) for each in cosigned])
    else:
        tell(cosigned)
