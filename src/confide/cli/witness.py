"""`confide witness`: vouch for another institution's log, by files that are carried or over the network."""

from pathlib import Path

import click

from confide.cli.log import when
from confide.cli.page import Group, argument, json_option, option
from confide.cli.show import show_json
from confide.words import say

FOLDER = "witness"  # in the institution's folder
_there = click.Path(path_type=Path, dir_okay=False, exists=True)
_new = click.Path(path_type=Path, dir_okay=False)


def folder() -> Path:
    """Return where this institution's witness lives."""
    from confide.ledger.home import home

    return home() / FOLDER


@click.group(cls=Group, name="witness", help=say("transparency.be-witness.help"))
def witness_command() -> None:
    pass


@witness_command.command("new", help=say("transparency.be-witness.new"))
@argument("name")
@json_option
def new(name: str, as_json: bool) -> None:
    from confide.transparency.witness import new_witness

    key = new_witness(folder(), name).verifier.to_text()
    if as_json:
        show_json({"key": key})
    else:
        click.echo(say("transparency.be-witness.line-key", value=key))


@witness_command.command("show", help=say("transparency.be-witness.show"))
@json_option
def show(as_json: bool) -> None:
    from confide.transparency.witness import Witness

    witness = Witness(folder())
    if as_json:
        show_json({"key": witness.verifier.to_text(), "logs": [seen.to_json() for seen in witness.logs()]})
        return
    click.echo(say("transparency.be-witness.line-key", value=witness.verifier.to_text()))
    for seen in witness.logs():
        line = "transparency.be-witness.line-log" if seen.note else "transparency.be-witness.line-new"
        click.echo(say(line, origin=seen.origin, size=seen.size, time=when(seen.time)))
        if seen.refused:
            click.echo(say("transparency.be-witness.line-refused", size=seen.refused_size))


@witness_command.command("add-log", help=say("transparency.be-witness.add-log"))
@argument("key")
@option("--replace", is_flag=True, help=say("transparency.be-witness.replace"))
@json_option
def add_log(key: str, replace: bool, as_json: bool) -> None:
    from confide.crypto.note import Verifier
    from confide.transparency.witness import Witness

    verifier = Verifier.from_text(key)
    Witness(folder()).add_log(verifier, replace=replace)
    if as_json:
        show_json({"watched": verifier.to_text()})
    else:
        click.echo(say("transparency.be-witness.watched", origin=verifier.name))


@witness_command.command("sign", help=say("transparency.be-witness.sign"))
@argument("request", type=_there)
@argument("answer", type=_new)
@json_option
def sign(request: Path, answer: Path, as_json: bool) -> None:
    from confide.transparency.witness import cosign_file

    checkpoint = cosign_file(folder(), request, answer)
    if as_json:
        show_json({"file": str(answer), "origin": checkpoint.origin, "size": checkpoint.size})
    else:
        click.echo(
            say("transparency.be-witness.signed", size=checkpoint.size, origin=checkpoint.origin, file=answer)
        )


@witness_command.command("serve", help=say("transparency.be-witness.serve"))
@option("--listen", default="127.0.0.1:8480", show_default=True, help=say("transparency.be-witness.listen"))
@json_option
def serve(listen: str, as_json: bool) -> None:
    from confide.transparency.serve import Server, address_of
    from confide.transparency.witness import Witness

    def told(status: int, path: str) -> None:
        if as_json:
            show_json({"status": status, "path": path})
        else:
            click.echo(say("transparency.be-witness.answered", status=status, path=path))

    place = folder()
    name = Witness(place).verifier.name
    with Server(address_of(listen), lambda: Witness(place), told) as server:
        host, port = server.server_address[:2]
        address = f"[{host!s}]:{port}" if ":" in str(host) else f"{host!s}:{port}"
        if as_json:
            show_json({"name": name, "address": address})
        else:
            click.echo(say("transparency.be-witness.listening", name=name, address=address))
        server.serve_forever()
