"""`confide encrypted`: compile a model, answer encrypted records with it, ask an owner's service; tables of several sites."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from confide.cli.joint import JOINT_COMMANDS
from confide.cli.page import Group, argument, json_option, option
from confide.cli.show import show_json
from confide.errors import InvalidInput
from confide.types import Json
from confide.words import say

if TYPE_CHECKING:
    from confide.encrypted.linear import Compiled

_there = click.Path(path_type=Path, dir_okay=False, exists=True)
_new = click.Path(path_type=Path, dir_okay=False)
_folder = click.Path(path_type=Path, file_okay=False)


@click.group(cls=Group, name="encrypted", help=say("encrypted.cli.help"))
def encrypted_command() -> None:
    pass


for joint_command in JOINT_COMMANDS:
    encrypted_command.add_command(joint_command)


@encrypted_command.command("compile", help=say("encrypted.cli.compile"))
@argument("model", type=_there)
@argument("out", type=_new)
@option("--ranges", type=_there, required=True, help=say("encrypted.cli.ranges"))
@option("--name", default="model", show_default=True, help=say("encrypted.cli.name"))
@option("--answers", type=click.Choice(["score", "rounded", "label"]), default="score", show_default=True,
        help=say("encrypted.cli.answers"))  # fmt: skip
@option("--resolution", type=float, default=0.0, help=say("encrypted.cli.resolution"))
@option("--tolerance", type=float, default=None, help=say("encrypted.cli.tolerance"))
@json_option
def compile_(
    model: Path, out: Path, ranges: Path, name: str, answers: Any, resolution: float, tolerance: float | None,
    as_json: bool,
) -> None:  # fmt: skip
    from confide.encrypted.files import read_ranges, read_scores, write_compiled
    from confide.encrypted.linear import compile_model
    from confide.encrypted.report import report

    compiled = compile_model(
        read_scores(model), read_ranges(ranges), name=name, answers=answers, resolution=resolution,
        tolerance=tolerance,
    )  # fmt: skip
    write_compiled(out, compiled)
    told = report(compiled)
    if as_json:
        show_json(told)
    else:
        _tell(told, out, compiled)


def _tell(told: Json, out: Path, compiled: "Compiled") -> None:
    fields = {
        "file": out,
        "security": told["security_bits"],
        "hiding": told["hiding_bits"],
        "degree": compiled.form.parameters.degree,
        "products": told["products"],
        "key": told["key_bytes"],
        "request": told["request_bytes"],
        "reply": told["reply_bytes"],
        "time": told["milliseconds"],
        "error": f"{told['error']:.2g}",
        "worth": told["raw_answers_that_give_it_away"],
        "bits": told["bits_an_answer"],
    }
    for line in ("written", "ring", "bytes", "time", "error", "owner", "hospital", "away"):
        click.echo(say(f"encrypted.report.{line}", **fields))


@encrypted_command.command("serve", help=say("encrypted.cli.serve"))
@argument("compiled", type=_there)
@option("--client", "clients", multiple=True, required=True, help=say("encrypted.cli.client"))
@option("--most", type=int, required=True, help=say("encrypted.cli.most"))
@option("--listen", default="127.0.0.1:8490", show_default=True, help=say("encrypted.cli.listen"))
@json_option
def serve(compiled: Path, clients: tuple[str, ...], most: int, listen: str, as_json: bool) -> None:
    from confide.encrypted.files import read_compiled, read_token
    from confide.encrypted.quota import Quota, worth
    from confide.encrypted.server import Server
    from confide.encrypted.web import make_service, token_digest
    from confide.encrypted.web import serve as serve_on
    from confide.transparency.serve import address_of

    tokens = {}
    for client in clients:
        name, equals, file = client.partition("=")
        if not (name and equals and file) or name in tokens:
            raise InvalidInput("encrypted.client")
        tokens[name] = token_digest(read_token(Path(file)))
    model, (host, port) = read_compiled(compiled), address_of(listen)
    quota = Quota(compiled.with_suffix(".answers"), model.form, most)
    service = make_service(Server(model, spend=quota.spend), tokens)
    if as_json:
        show_json(
            {"address": listen, "clients": sorted(tokens), "most": most, "gives_away": worth(model.form)}
        )
    else:
        click.echo(say("encrypted.cli.listening", address=listen, most=most, worth=worth(model.form)))
    serve_on(service, host, port)


@encrypted_command.command("ask", help=say("encrypted.cli.ask"))
@argument("address")
@option("--study", type=_folder, required=True, help=say("encrypted.cli.study"))
@option("--source", required=True, help=say("encrypted.cli.source"))
@option("--token", type=_there, required=True, help=say("encrypted.cli.token"))
@option("--to", "target", type=_new, required=True, help=say("encrypted.cli.to"))
@json_option
def ask(address: str, study: Path, source: str, token: Path, target: Path, as_json: bool) -> None:
    from dataclasses import asdict

    from confide.cli.study import ask_passphrase
    from confide.encrypted.files import read_token
    from confide.encrypted.remote import Remote
    from confide.study.encrypted import ask_source
    from confide.study.workplace import open_workplace

    remote = Remote(address, read_token(token))
    with open_workplace(study, ask=ask_passphrase) as place:
        told = asdict(ask_source(place, remote, source, target))
    show_json(told) if as_json else click.echo(say("encrypted.cli.asked", **told))
