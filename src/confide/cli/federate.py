"""`confide federate`: hospitals learn one model together: key, check, approve, up, join, status, resume, run, demo."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from confide.cli.kit import kit_command
from confide.cli.page import Group, argument, json_option, option
from confide.cli.show import ProgressLines, show_json
from confide.cli.vault import opener_options
from confide.errors import InvalidInput
from confide.words import say

if TYPE_CHECKING:
    from confide.study.keys import Opener
    from confide.types import Json, Language

_file = click.Path(path_type=Path, dir_okay=False)
_folder = click.Path(path_type=Path, file_okay=False)
_manifest = argument("file", type=_file)
_request = option("--request", "request_file", type=_file, help=say("fed.cli.option.request"))
_approved = option("--approved", "approved_file", type=_file, help=say("fed.cli.option.approved"))
_hub_folder = option("--folder", type=_folder, help=say("fed.cli.option.folder"))
_files = option("--files", type=_folder, help=say("fed.cli.option.files"))
_kit = option("--kit", type=_folder, help=say("fed.cli.option.kit"))
_admin = option("--admin", type=_folder, help=say("fed.cli.option.admin"))
_base = option("--base", type=_folder, help=say("fed.cli.option.base"))
_wait = option("--wait", type=float, default=600.0, show_default=True, help=say("fed.cli.option.wait"))


@click.group(cls=Group, name="federate", help=say("fed.cli.help"))
def federate_command() -> None:
    pass


federate_command.add_command(kit_command)


@federate_command.command("key", help=say("fed.cli.key"))
@opener_options
@json_option
def key(opener: "Opener", as_json: bool) -> None:
    from confide.cli.study import ask_passphrase
    from confide.study.keys import opened_by
    from confide.study.manifest import code_digest
    from confide.vault.boxes import fingerprint, signing_key

    with opened_by(opener, ask_passphrase) as (vault, _):
        public = signing_key(vault).public
    told = {"key": public, "fingerprint": fingerprint(public), "code": code_digest()}
    show_json(told) if as_json else click.echo(say("fed.cli.key-told", **told))


@federate_command.command("check", help=say("fed.cli.check"))
@_manifest
@json_option
def check(file: Path, as_json: bool) -> None:
    from confide.study.manifest import load_manifest, summary

    told = summary(load_manifest(file))
    if as_json:
        show_json(told)
    else:
        _show(told)


@federate_command.command("base", help=say("fed.cli.base"))
@argument("folder", type=_folder)
@json_option
def base(folder: Path, as_json: bool) -> None:
    from confide.study.networks import base_told

    told = base_told(folder)
    show_json(told) if as_json else click.echo(say("fed.cli.base-told", **told))


def _show(told: "Json") -> None:
    """Say what a manifest asks, in words."""
    from confide.study.figures import spent

    lists = {"site_names": ", ".join(told["sites"]), "column_names": ", ".join(told["columns"])}
    click.echo(say("fed.cli.asks", **told, **lists))
    click.echo(say("fed.cli.sums", **told))
    if told["hostile"]:
        named = "; ".join(", ".join(group) for group in told["groups"])
        click.echo(say("fed.cli.groups", **told, count=len(told["groups"]), group_names=named))
    if told["base"]:
        click.echo(say("fed.cli.reads-texts", base=told["base"][:16]))
    if told["personal"]:
        click.echo(say("fed.cli.personal"))
    if told["epsilon"] is None:
        click.echo(say("fed.cli.no-privacy"))
    else:
        prices = {name: spent(value) for name, value in told["epsilon"].items()}
        unit = say(f"fed.unit.{told['protection']}")
        click.echo(say("fed.cli.prices", **told, unit=unit, hub_alone=prices.pop("hub"), **prices))
    click.echo(say("fed.cli.digest", **told))


@federate_command.command("approve", help=say("fed.cli.approve"))
@_manifest
@option("--digest", "heard", required=True, help=say("fed.cli.option.digest"))
@_request
@_approved
@json_option
def approve(
    file: Path, heard: str, request_file: Path | None, approved_file: Path | None, as_json: bool
) -> None:
    from confide.ledger.home import home, open_ledger
    from confide.study import assent
    from confide.study.manifest import load_manifest

    manifest = load_manifest(file)
    with open_ledger(home()) as ledger:
        if request_file is None:
            assent.give(ledger, manifest, heard=heard, request=_approval(approved_file))
        else:
            _ask(assent.ask_for(ledger, manifest, assent.GIVEN), request_file)
    _tell(as_json, "asked" if request_file else "approved", file=str(request_file or file))


@federate_command.command("revoke", help=say("fed.cli.revoke"))
@_manifest
@_request
@_approved
@json_option
def revoke(file: Path, request_file: Path | None, approved_file: Path | None, as_json: bool) -> None:
    from confide.ledger.home import home, open_ledger
    from confide.study import assent
    from confide.study.manifest import load_manifest

    manifest = load_manifest(file)
    with open_ledger(home()) as ledger:
        if request_file is None:
            assent.revoke(ledger, manifest, request=_approval(approved_file))
        else:
            _ask(assent.ask_for(ledger, manifest, assent.REVOKED), request_file)
    _tell(as_json, "asked" if request_file else "revoked", file=str(request_file or file))


def _hosting(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of the hub."""
    for add in (json_option, opener_options, _wait, _admin, _kit, _files, _hub_folder, _manifest):
        command = add(command)
    return command


@federate_command.command("up", help=say("fed.cli.up"))
@_hosting
def up(**asked: Any) -> None:
    _host(resumes=False, **asked)


@federate_command.command("resume", help=say("fed.cli.resume"))
@_hosting
def resume(**asked: Any) -> None:
    _host(resumes=True, **asked)


def _host(
    *,
    file: Path,
    folder: Path | None,
    files: Path | None,
    kit: Path | None,
    admin: Path | None,
    wait: float,
    opener: "Opener",
    resumes: bool,
    as_json: bool,
) -> None:
    from confide.cli.study import ask_passphrase
    from confide.study.figures import spent
    from confide.study.hosting import MODEL, host
    from confide.study.keys import vault_of
    from confide.study.manifest import load_manifest
    from confide.study.places import Way, lines_at
    from confide.vault.boxes import signing_key

    manifest, folder = load_manifest(file), folder or file.parent / "hub"
    way = Way(files=files, kit=kit, admin=admin)
    key = signing_key(vault_of(opener, ask_passphrase))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ProgressLines(quiet=as_json)("federate") as progress:
        if not as_json:
            where = files or kit or manifest.hub.address
            click.echo(say("fed.cli.listening", where=where, sites=len(manifest.site)))
        signed = host(
            folder, manifest, key, lines_at(manifest, way, folder), wait=wait, progress=progress, resumes=resumes,
            tell=(lambda _: None) if as_json else _tell_round,
        )  # fmt: skip
    if as_json:
        show_json(signed)
    else:
        line = "model" if signed["status"] == "dp" else "model-not-private"
        fields = {"epsilon": spent(float(signed["epsilon"] or "nan")), "delta": signed["delta"]}
        click.echo(say(f"fed.cli.{line}", file=folder / MODEL, **fields))


@federate_command.command("join", help=say("fed.cli.join"))
@_manifest
@option("--study", type=_folder, required=True, help=say("fed.cli.option.study"))
@option("--source", required=True, help=say("fed.cli.option.source"))
@_files
@_kit
@_base
@json_option
def join(
    file: Path,
    study: Path,
    source: str,
    files: Path | None,
    kit: Path | None,
    base: Path | None,
    as_json: bool,
) -> None:
    from dataclasses import asdict

    from confide.cli.study import ask_passphrase
    from confide.study.joining import join as take_part
    from confide.study.joining import site_folder
    from confide.study.manifest import load_manifest
    from confide.study.places import Way, line_to
    from confide.study.workplace import open_workplace

    manifest = load_manifest(file)
    with (
        open_workplace(study, ask=ask_passphrase) as place,
        ProgressLines(quiet=as_json)("federate") as progress,
    ):
        line = line_to(manifest, Way(files=files, kit=kit), site_folder(study, manifest))
        found = take_part(place, manifest, source, line, base=base, progress=progress)
    told = {**asdict(found), "folder": str(found.folder)}
    show_json(told) if as_json else click.echo(say("fed.cli.joined", **told))


@federate_command.command("status", help=say("fed.cli.status"))
@_manifest
@_hub_folder
@option("--study", type=_folder, help=say("fed.cli.option.study"))
@json_option
def status(file: Path, folder: Path | None, study: Path | None, as_json: bool) -> None:
    from confide.study import hosting, joining
    from confide.study.manifest import load_manifest

    manifest = load_manifest(file)
    journal = (folder or file.parent / "hub") / hosting.JOURNAL
    if study is not None:
        journal = joining.site_folder(study, manifest) / joining.JOURNAL
    rounds = hosting.status_of(manifest, journal)
    if as_json:
        show_json(rounds)
    for one in [] if as_json else rounds:
        _tell_round(one)


@federate_command.command("report", help=say("fed.cli.report"))
@_manifest
@_hub_folder
@option("--study", type=_folder, help=say("fed.cli.option.study"))
@option("--to", "to", type=_file, default="federation.html", help=say("fed.cli.option.to"))
@json_option
def report(file: Path, folder: Path | None, study: Path | None, to: Path, as_json: bool) -> None:
    from confide.study import federation_page, hosting
    from confide.study.manifest import load_manifest
    from confide.vault.durable import placing

    manifest = load_manifest(file)
    journal = (folder or file.parent / "hub") / hosting.JOURNAL
    if study is not None:
        journal = federation_page.site_journal(manifest, study)
    page = federation_page.page_of(manifest, journal, study=study)
    with placing(to, replace=True) as out:
        out.write(page.encode())
    _tell(as_json, "wrote", file=str(to))


@federate_command.command("run", help=say("fed.cli.run"))
@_manifest
@option("--hub", type=_folder, required=True, help=say("fed.cli.option.hub"))
@option("--site", "sites", multiple=True, required=True, help=say("fed.cli.option.site"))
@_base
@json_option
def run(file: Path, hub: Path, sites: tuple[str, ...], base: Path | None, as_json: bool) -> None:
    from confide.study.manifest import load_manifest
    from confide.study.places import play_here

    parted = [site.rpartition("=") for site in sites]
    if not all(folder and source for folder, _, source in parted):
        raise InvalidInput("fed.site-form")
    play_here(
        file,
        load_manifest(file),
        hub,
        [(Path(folder), source) for folder, _, source in parted],
        base=base,
        as_json=as_json,
    )


@federate_command.command("demo", help=say("fed.cli.demo"))
@argument("folder", type=_folder, default="demo-federation")
@option(
    "--patients",
    type=click.IntRange(200, 1_000_000),
    default=2000,
    show_default=True,
    help=say("fed.cli.option.patients"),
)
@option("--make-only", is_flag=True, help=say("fed.cli.option.make-only"))
@json_option
def demo(folder: Path, patients: int, make_only: bool, as_json: bool) -> None:
    from confide.demo.federation import HUB, SITES, SOURCE, make_federation
    from confide.study.manifest import FILE, summary
    from confide.study.places import play_here
    from confide.words import language

    with ProgressLines(quiet=as_json)("generate") as progress:
        spoken: Language = "zh" if language() == "zh" else "en"
        manifest = make_federation(folder, spoken, patients=patients, progress=progress)
    if make_only and as_json:
        show_json(summary(manifest))
    if not as_json:
        _show(summary(manifest))
    if make_only:
        return
    sites = [(folder / name, SOURCE) for name in SITES]
    play_here(folder / FILE, manifest, folder / HUB, sites, as_json=as_json)


def _tell_round(one: "Json") -> None:
    state = one["state"] if one["state"] in ("commit", "open", "too-few-groups") else "ended"
    fields = {**one, "there": len(one["survivors"]), "survivors": ", ".join(one["survivors"])}
    click.echo(say(f"fed.cli.round-{state}", **fields))


def _ask(request: "Json", file: Path) -> None:
    from confide.study.approvals import write_request

    write_request(request, file)


def _approval(file: Path | None) -> "Json | None":
    from confide.study.approvals import read_request_file

    return None if file is None else read_request_file(file)


def _tell(as_json: bool, line: str, **fields: object) -> None:
    show_json(fields | {"done": line}) if as_json else click.echo(say(f"fed.cli.{line}", **fields))
