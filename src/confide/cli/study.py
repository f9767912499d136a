"""`confide init | check | run | status | seal | open | schema`: the life of one study folder."""

import getpass
import sys
from pathlib import Path

import click

from confide.cli.page import Command, argument, json_option, option
from confide.cli.show import ProgressLines, show_json
from confide.errors import InvalidInput
from confide.words import say

_folder = argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")


def ask_passphrase() -> str:
    """Ask at the terminal; refuse where there is none."""
    if not sys.stdin.isatty():
        raise InvalidInput("study.no-passphrase")
    return getpass.getpass(say("cli.ask-passphrase") + " ")


def ask_twice() -> str:
    """Ask for a new passphrase at the terminal, twice."""
    first = ask_passphrase()
    if getpass.getpass(say("cli.ask-again") + " ") != first:
        raise InvalidInput("cli.passphrases-differ")
    return first


@click.command(cls=Command, name="init", help=say("cli.init.help"))
@_folder
@option("--name", help=say("cli.init.name"))
@option("--study-language", type=click.Choice(["en", "zh"]), help=say("cli.init.language"))
@option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help=say("cli.option.passphrase-file"),
)
@option(
    "--recovery-file", type=click.Path(path_type=Path, dir_okay=False), help=say("cli.init.recovery-file")
)
@json_option
def init_command(
    folder: Path,
    name: str | None,
    study_language: str | None,
    passphrase_file: Path | None,
    recovery_file: Path | None,
    as_json: bool,
) -> None:
    from confide.study.init import init_study

    made = init_study(
        folder,
        name=name,
        language=study_language,
        passphrase_file=passphrase_file,
        ask=ask_twice,
        recovery_file=recovery_file,
    )
    if as_json:
        show_json(made.to_json())
        return
    click.echo(
        say(
            "cli.init.wrote", file=made.study_file, sources=made.sources, guesses=made.guesses, mark=made.mark
        )
    )
    if made.recovery_file is not None:
        click.echo(say("cli.init.recovery", file=made.recovery_file))
    if made.account_command is not None:
        click.echo(say("cli.init.account", command=made.account_command))
    click.echo(say("cli.init.next", folder=folder))


@click.command(cls=Command, name="check", help=say("cli.check.help"))
@_folder
@json_option
def check_command(folder: Path, as_json: bool) -> None:
    from confide.cli.forecast import show_forecast
    from confide.study.check import check_study

    with ProgressLines(quiet=as_json)("check") as progress:
        found = check_study(folder, ask=ask_passphrase, progress=progress)
    if as_json:
        show_json(found.to_json())
        return
    show_forecast(found)
    click.echo(say("cli.check.fine", folder=folder))


@click.command(cls=Command, name="run", help=say("cli.run.help"))
@_folder
@option("--dry-run", is_flag=True, help=say("cli.run.dry-run"))
@option("--plot", type=click.Path(path_type=Path, dir_okay=False), help=say("cli.run.plot"))
@json_option
def run_command(folder: Path, dry_run: bool, plot: Path | None, as_json: bool) -> int:
    if dry_run:
        return _dry_run(folder, plot, as_json)
    if plot is not None:
        raise InvalidInput("charts.plot-needs-dry-run")
    from confide.study.run import run_study

    outcome = run_study(folder, ask=ask_passphrase, step=ProgressLines(quiet=as_json))
    if as_json:
        refused = outcome.refusal()
        show_json(outcome.to_json() | (refused.to_json() if refused else {}))
        return refused.exit_code if refused else 0
    click.echo(say("cli.run.verdict", verdict=say(f"study.verdict.{outcome.verdict}")))
    for gate in outcome.gates:
        mark = {True: "✓", False: "✗", None: "–"}[gate.holds]
        value = "–" if gate.value is None else f"{gate.value:.4g}"
        click.echo(f"  {mark} {say(f'study.gate.{gate.name}')}: {value} ({gate.threshold:g})")
    for path in (*outcome.dossiers, *outcome.files):
        click.echo(f"  {path}")
    outcome.raise_unless_passed()
    return 0


def _dry_run(folder: Path, plot: Path | None, as_json: bool) -> int:
    """Show what a run would cost; end as the run would end, where it would be refused."""
    from confide.cli.forecast import show_dry_run
    from confide.study import check

    found = check.dry_run(folder)
    if plot is not None:
        from confide.study.foresee import write_error_plot_of_study

        write_error_plot_of_study(plot, folder, None, check.SIZES)
    if as_json:
        show_json(found.to_json())
        return found.refusal.exit_code if found.refusal else 0
    show_dry_run(found, folder)
    if found.refusal:
        raise found.refusal
    return 0


@click.command(cls=Command, name="status", help=say("cli.status.help"))
@_folder
@json_option
def status_command(folder: Path, as_json: bool) -> None:
    from confide.study.status import status_of

    status = status_of(folder)
    if as_json:
        show_json(status)
        return
    if status["verdict"] is not None:
        status["verdict"] = say(f"study.verdict.{status['verdict']}")
    for key, value in status.items():
        if key == "expired" and not value:
            continue
        click.echo(say(f"cli.status.{key}", value="–" if value is None else value))


@click.command(cls=Command, name="seal", help=say("cli.seal.help"))
@_folder
@option("--remove-originals", is_flag=True, help=say("cli.seal.remove"))
@option("--read-again", is_flag=True, help=say("cli.seal.again"))
@json_option
def seal_command(folder: Path, remove_originals: bool, read_again: bool, as_json: bool) -> None:
    from confide.study import sources
    from confide.study.workplace import open_workplace

    with open_workplace(folder, ask=ask_passphrase) as place:
        with ProgressLines(quiet=as_json)("seal") as progress:
            sealed = sources.seal_sources(place.study, place.vault, read_again=read_again, progress=progress)
        removed = sources.remove_originals(place.study, place.vault) if remove_originals else 0
    left = sealed.plain_originals - removed
    if as_json:
        show_json({"files": sealed.files, "bytes": sealed.bytes, "plain_originals": left, "removed": removed})
    else:
        click.echo(say("cli.seal.done", files=sealed.files, removed=removed, left=left))


@click.command(cls=Command, name="open", help=say("cli.open.help"))
@_folder
@argument("name", required=False)
@option("--to", "destination", type=click.Path(path_type=Path, dir_okay=False), help=say("cli.open.to"))
@option("--purpose", help=say("cli.open.purpose"))
@json_option
def open_command(
    folder: Path, name: str | None, destination: Path | None, purpose: str | None, as_json: bool
) -> None:
    from confide.study.opening import list_sealed, open_sealed
    from confide.study.workplace import open_workplace

    with open_workplace(folder, ask=ask_passphrase) as place:
        if name is None:
            names = list_sealed(place.study, place.vault)
            if as_json:
                show_json(names)
            else:
                click.echo("\n".join(names))
            return
        if destination is None or not purpose:
            raise InvalidInput("cli.open-wants")
        open_sealed(place, name, destination, purpose=purpose)
    if as_json:
        show_json({"opened": name, "to": str(destination), "purpose": purpose})
    else:
        click.echo(say("cli.open.done", name=name, to=destination))


@click.command(cls=Command, name="schema", help=say("cli.schema.help"))
def schema_command() -> None:
    from confide.study.config import Study
    from confide.study.schema import document

    show_json(document(Study))
