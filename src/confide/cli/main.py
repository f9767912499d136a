"""The command `confide`: finds a command, runs it, and turns every error into one sentence.

A command, and click with it, is loaded when it is called, so that `confide --help` stays quick. Exit
codes: 0 done, 2 bad input, 3 over budget, 4 a gate refused, 5 integrity, 6 access, 130 interrupted.
"""

import sys
from importlib import import_module

from confide.errors import ConfideError, InvalidInput
from confide.words import LANGUAGES, language, say, speaking

COMMANDS = {
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


def run(arguments: list[str] | None = None) -> None:
    """Run one command and exit with its code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    with speaking(language_asked(arguments)):
        sys.exit(_run(arguments))


def language_asked(arguments: list[str]) -> str | None:
    """Find --language before anything is parsed, because help and errors are said in it too."""
    for at, argument in enumerate(arguments):
        value = argument.partition("=")[2] if argument.startswith("--language=") else None
        if argument == "--language" and at + 1 < len(arguments):
            value = arguments[at + 1]
        if value in LANGUAGES:
            return value
    return language()


def _without_language(arguments: list[str]) -> list[str]:
    """Return the arguments without a --language that `language_asked` has understood."""
    kept, at = [], 0
    while at < len(arguments):
        if arguments[at] == "--language" and arguments[at + 1 : at + 2] in [[known] for known in LANGUAGES]:
            at += 2
        elif arguments[at] in [f"--language={known}" for known in LANGUAGES]:
            at += 1
        else:
            kept.append(arguments[at])
            at += 1
    return kept


def _run(arguments: list[str]) -> int:
    rest = _without_language(arguments)
    if not rest or rest[0] in ("-h", "--help", "help"):
        sys.stdout.write(help_page())
        return 0
    if rest[0] == "--version":
        from importlib.metadata import version

        sys.stdout.write(f"confide {version('confide')}\n")
        return 0
    try:
        if rest[0] not in COMMANDS:
            known = ", ".join(COMMANDS)
            raise InvalidInput("cli.no-such-command", found=rest[0], known=known)
        module = import_module(f"confide.cli.{COMMANDS[rest[0]]}")
        command = getattr(module, f"{rest[0]}_command")
        code: int = import_module("confide.cli.page").call(command, rest[1:], f"confide {rest[0]}")
        return code
    except ConfideError as error:
        return explain(error, as_json="--json" in rest)
    except KeyboardInterrupt:
        explain(InvalidInput("study.interrupted"), as_json="--json" in rest)
        return INTERRUPTED
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return explain(
            InvalidInput("study.disk", file=error.filename or "-", reason=reason), as_json="--json" in rest
        )


def help_page() -> str:
    """Return the page of `confide --help`."""
    options = {"--language en|zh": "language", "--version": "version", "-h, --help": "help"}
    lines = [f"{say('cli.heading.usage')} confide COMMAND [FOLDER] [--json]", "", f"  {say('cli.help')}", ""]
    lines += [
        say("cli.heading.commands") + ":",
        *(f"  {name:<10} {say(f'cli.{name}.short')}" for name in COMMANDS),
    ]
    lines += ["", say("cli.heading.options") + ":"]
    lines += [f"  {option:<18} {say(f'cli.option.{key}')}" for option, key in options.items()]
    return "\n".join(lines) + "\n"


def explain(error: ConfideError, *, as_json: bool) -> int:
    """Say what is wrong and what to do, in JSON where JSON was asked for; return the exit code."""
    if as_json:
        import json

        told = {"code": error.code, "sentence": str(error), "hint": error.hint, "exit_code": error.exit_code}
        sys.stdout.write(json.dumps({"error": told}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(say("cli.error", sentence=error) + "\n" + say("cli.hint", hint=error.hint) + "\n")
    return error.exit_code
