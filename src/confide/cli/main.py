"""The command `confide`: finds a command, runs it, and turns every error into one sentence.

Commands are loaded when they are called, so that `confide --help` stays quick. Exit codes: 0 done,
2 bad input, 3 over budget, 4 a gate refused, 5 integrity, 6 access, 130 interrupted.
"""

import json
import sys
from importlib import import_module

import click

from confide.errors import ConfideError, InvalidInput
from confide.words import LANGUAGES, language, say, speaking

_COMMANDS = {
    "init": "study",
    "check": "study",
    "run": "study",
    "status": "study",
    "seal": "study",
    "open": "study",
    "ledger": "ledger",
    "schema": "study",
    "demo": "demo",
}
INTERRUPTED = 130


class Formatter(click.HelpFormatter):
    """Writes click's headings in the language in force."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, say("cli.heading.usage") + " ")

    def write_heading(self, heading: str) -> None:
        """Write a section's heading."""
        super().write_heading(say(f"cli.heading.{heading.lower()}"))


click.Context.formatter_class = Formatter


class Commands(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands, in the order of a study's life."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"confide.cli.{_COMMANDS[cmd_name]}"), f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, say(f"cli.{name}.short")) for name in _COMMANDS])


def _main_command() -> click.Group:
    """Build the top command in the language in force."""

    @click.group(
        cls=Commands,
        help=say("cli.help"),
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        add_help_option=False,
    )
    @click.option("--language", type=click.Choice(LANGUAGES), help=say("cli.option.language"))
    @click.version_option(package_name="confide", prog_name="confide", help=say("cli.option.version"))
    @click.help_option("-h", "--help", help=say("cli.option.help"))
    def confide(language: str | None) -> None:
        pass

    return confide


def run(arguments: list[str] | None = None) -> None:
    """Run one command and exit with its code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    with speaking(_language_asked(arguments)):
        sys.exit(_run(arguments))


def _run(arguments: list[str]) -> int:
    try:
        _main_command().main(arguments, prog_name="confide", standalone_mode=False)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.UsageError as error:
        return _explain(_translated(error), arguments)
    except ConfideError as error:
        return _explain(error, arguments)
    except (KeyboardInterrupt, click.Abort):
        _explain(InvalidInput("study.interrupted"), arguments)
        return INTERRUPTED
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return _explain(InvalidInput("study.disk", file=error.filename or "-", reason=reason), arguments)
    return 0


def _explain(error: ConfideError, arguments: list[str]) -> int:
    """Say what is wrong and what to do; in JSON where JSON was asked for."""
    if "--json" in arguments:
        told = {"code": error.code, "sentence": str(error), "hint": error.hint, "exit_code": error.exit_code}
        click.echo(json.dumps({"error": told}, ensure_ascii=False))
    else:
        click.echo(say("cli.error", sentence=error), err=True)
        click.echo(say("cli.hint", hint=error.hint), err=True)
    return error.exit_code


def _translated(error: click.UsageError) -> ConfideError:
    """Say in our words what click found wrong with the command line."""
    command = error.ctx.command_path if error.ctx else "confide"
    if isinstance(error, click.NoSuchOption):
        return InvalidInput("cli.no-such-option", found=error.option_name, command=command)
    if isinstance(error, click.MissingParameter) and error.param is not None and error.ctx is not None:
        return InvalidInput("cli.missing", wanted=error.param.make_metavar(error.ctx), command=command)
    if isinstance(error, click.BadParameter) and error.param is not None:
        return InvalidInput("cli.bad-value", wanted=error.param.opts[-1], command=command)
    return InvalidInput("cli.usage", command=command)


def _language_asked(arguments: list[str]) -> str | None:
    """Find --language before anything is parsed, because help and errors are said in it too."""
    for at, argument in enumerate(arguments):
        value = argument.partition("=")[2] if argument.startswith("--language=") else None
        if argument == "--language" and at + 1 < len(arguments):
            value = arguments[at + 1]
        if value in LANGUAGES:
            return value
    return language()
