"""`confide federate kit`: NVFlare's start-up kits, made so that no machine's private key ever leaves it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from confide.cli.page import Group, argument, json_option, option
from confide.cli.show import show_json
from confide.words import say

if TYPE_CHECKING:
    from confide.federated.nvflare_kits import Kind

_file = click.Path(path_type=Path, dir_okay=False, exists=True)
_folder = click.Path(path_type=Path, file_okay=False)


@click.group(cls=Group, name="kit", help=say("fed.kit.help"))
def kit_command() -> None:
    pass


@kit_command.command("project", help=say("fed.kit.project"))
@argument("folder", type=_folder)
@option("--name", required=True, help=say("fed.kit.option.name"))
@option("--host", required=True, help=say("fed.kit.option.host"))
@option(
    "--port", type=click.IntRange(1, 65535), default=8002, show_default=True, help=say("fed.kit.option.port")
)
@json_option
def project(folder: Path, name: str, host: str, port: int, as_json: bool) -> None:
    from confide.federated.nvflare_kits import new_project

    fingerprint = new_project(folder, name, host, port)
    _tell(as_json, "project-made", file=str(folder / "profile.json"), fingerprint=fingerprint)


@kit_command.command("ask", help=say("fed.kit.ask"))
@argument("folder", type=_folder)
@option("--profile", type=_file, required=True, help=say("fed.kit.option.profile"))
@option("--as", "kind", type=click.Choice(["hub", "site", "admin"]), default="site", show_default=True,
        help=say("fed.kit.option.as"))  # fmt: skip
@option("--name", default="", help=say("fed.kit.option.site"))
@json_option
def ask(folder: Path, profile: Path, kind: "Kind", name: str, as_json: bool) -> None:
    from confide.federated.nvflare_kits import ADMIN, request

    asked = request(folder, profile, kind, ADMIN if kind == "admin" else name)
    _tell(as_json, "asked", file=str(asked))


@kit_command.command("sign", help=say("fed.kit.sign"))
@argument("folder", type=_folder)
@argument("request", type=_file)
@option("--to", "to", type=_folder, default=".", help=say("fed.kit.option.to"))
@json_option
def sign(folder: Path, request: Path, to: Path, as_json: bool) -> None:
    from confide.federated.nvflare_kits import sign as sign_request

    _tell(as_json, "signed", file=str(sign_request(folder, request, to)))


@kit_command.command("make", help=say("fed.kit.make"))
@argument("folder", type=_folder)
@argument("answer", type=_file)
@argument("target", type=_folder)
@option("--fingerprint", required=True, help=say("fed.kit.option.fingerprint"))
@json_option
def make(folder: Path, answer: Path, target: Path, fingerprint: str, as_json: bool) -> None:
    from confide.federated.nvflare_kits import make_kit

    _tell(as_json, "made", file=str(make_kit(folder, answer, fingerprint, target)))


def _tell(as_json: bool, line: str, **fields: object) -> None:
    show_json(fields) if as_json else click.echo(say(f"fed.kit.{line}", **fields))
