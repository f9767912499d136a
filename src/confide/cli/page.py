"""click in the language in force: headings, the help option, and what it finds wrong with a command line."""

import sys
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any
from unicodedata import east_asian_width

import click
from click.formatting import wrap_text

from confide.errors import ConfideError, Interrupted, InvalidInput
from confide.words import say


class Formatter(click.HelpFormatter):
    """Writes headings in the language in force."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, say("cli.heading.usage"))

    def write_heading(self, heading: str) -> None:
        """Write a section's heading."""
        self.write(f"{'':>{self.current_indent}}{say(f'cli.heading.{heading.lower()}')}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write a list of two columns; click counts characters, and a Chinese one takes two columns."""
        rows = list(rows)
        left = max(_columns(first) for first, _ in rows) + col_spacing
        start = " " * self.current_indent
        for first, second in rows:
            lines = wrap_text(second, self.width - self.current_indent - left).splitlines() or [""]
            self.write(f"{start}{first}{' ' * (left - _columns(first))}{lines[0]}\n")
            self.buffer.extend(f"{start}{' ' * left}{line}\n" for line in lines[1:])


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


class Option(click.Option):
    """An option whose value is named in the language in force."""

    def make_metavar(self, ctx: click.Context) -> str:
        """Name the kind of value that the option wants."""
        if isinstance(self.type, click.Choice):
            return super().make_metavar(ctx)  # the choices themselves
        is_number = isinstance(self.type, click.types.IntParamType | click.types.FloatParamType)
        return say(f"cli.metavar.{'number' if is_number else self.type.name}")

    def get_help_extra(self, ctx: click.Context) -> click.types.OptionHelpExtra:
        """Return what stands in brackets behind the help."""
        extra = super().get_help_extra(ctx)
        return {**extra, "required": say("cli.metavar.required")} if "required" in extra else extra


class Argument(click.Argument):
    """An argument that is named in the language in force."""

    def make_metavar(self, ctx: click.Context) -> str:
        """Name the argument, in brackets where it may be left out."""
        word = say(f"cli.metavar.{self.name}")
        return word if self.required else f"[{word}]"


class Command(click.Command):
    """A command whose --help is explained in the language in force."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(options_metavar=say("cli.metavar.options"), **settings)

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the whole help for the list of a group; it is one or two sentences, and wrapped there."""
        return self.help or ""

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

    def __init__(self, **settings: Any) -> None:
        super().__init__(subcommand_metavar=say("cli.metavar.subcommand"), **settings)


click.Context.formatter_class = Formatter
argument = partial(click.argument, cls=Argument)
option = partial(click.option, cls=Option)
json_option = option("--json", "as_json", is_flag=True, help=say("cli.option.json"))


def call(command: click.Command, arguments: Sequence[str], name: str) -> int:
    """Run one click command and return its exit code.

    Raises:
        ConfideError: what the command raises; what click finds wrong, in our words.
        KeyboardInterrupt: Ctrl-C.
    """
    settings: dict[str, Any] = {"max_content_width": 100, "help_option_names": ["-h", "--help"]}
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
    if isinstance(error, click.BadParameter) and error.param is not None and error.ctx is not None:
        is_option = isinstance(error.param, click.Option)
        wanted = error.param.opts[-1] if is_option else error.param.make_metavar(error.ctx).strip("[]")
        is_missing = isinstance(error, click.MissingParameter)
        return InvalidInput("cli.missing" if is_missing else "cli.bad-value", wanted=wanted, command=command)
    return InvalidInput("cli.usage", command=command)
