"""click in the language in force: headings, the help option, and what it finds wrong with a command line."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from confide.errors import ConfideError, Interrupted, InvalidInput
from confide.words import say


class Formatter(click.HelpFormatter):
    """Writes headings in the language in force."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, say("cli.heading.usage") + " ")

    def write_heading(self, heading: str) -> None:
        """Write a section's heading."""
        super().write_heading(say(f"cli.heading.{heading.lower()}"))


class Command(click.Command):
    """A command whose --help is explained in the language in force."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl-C is said in our words, not by click's empty line."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            if sys.stderr.isatty():
                click.echo(err=True)  # the terminal has written ^C
            raise Interrupted from None

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the help option with our sentence."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = say("cli.option.help")
        return option


class Group(Command, click.Group):
    """A group of such commands."""

    command_class = Command


click.Context.formatter_class = Formatter
json_option = click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))


def call(command: click.Command, arguments: Sequence[str], name: str) -> int:
    """Run one click command and return its exit code.

    Raises:
        ConfideError: what the command raises; what click finds wrong, in our words.
        KeyboardInterrupt: Ctrl-C.
    """
    settings: dict[str, Any] = {"max_content_width": 100}
    try:
        code = command.main(list(arguments), prog_name=name, standalone_mode=False, **settings)
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.UsageError as error:
        raise translated(error, name) from None
    except click.Abort:
        raise KeyboardInterrupt from None
    return code if isinstance(code, int) else 0


def translated(error: click.UsageError, name: str) -> ConfideError:
    """Say in our words what click found wrong with the command line."""
    command = error.ctx.command_path if error.ctx else name
    if isinstance(error, click.NoSuchOption):
        return InvalidInput("cli.no-such-option", found=error.option_name, command=command)
    if isinstance(error, click.MissingParameter) and error.param is not None and error.ctx is not None:
        wanted = (
            error.param.opts[-1]
            if error.param.param_type_name == "option"
            else error.param.make_metavar(error.ctx)
        )
        return InvalidInput("cli.missing", wanted=wanted, command=command)
    if isinstance(error, click.BadParameter) and error.param is not None:
        return InvalidInput("cli.bad-value", wanted=error.param.opts[-1], command=command)
    return InvalidInput("cli.usage", command=command)
