"""The command `confide`: finds a command, runs it, and turns every error into one sentence.

A command, and click with it, is loaded when it is called, so that `confide --help` stays quick. Exit
codes: 0 done, 1 a mistake of ours, 2 bad input, 3 over budget, 4 a gate refused, 5 integrity, 6 access,
130 interrupted. No traceback is ever shown, because the text of an unforeseen error may quote a cell.
"""

import errno
import os
import sys
from importlib import import_module
from pathlib import Path
from traceback import walk_tb

from confide.errors import ConfideError, Interrupted, InvalidInput
from confide.words import LANGUAGES, language, say, speaking

COMMANDS = {
    "init": "study",
    "advise": "advise",
    "check": "study",
    "run": "study",
    "status": "study",
    "deid": "deid",
    "seal": "study",
    "open": "study",
    "review": "review",
    "ledger": "ledger",
    "log": "log",
    "witness": "witness",
    "vault": "vault",
    "role": "role",
    "request": "role",
    "approve": "role",
    "carry-out": "role",
    "passphrase": "vault",
    "handover": "handover",
    "federate": "federate",
    "encrypted": "encrypted",
    "schema": "study",
    "demo": "demo",
}


def run(arguments: list[str] | None = None) -> None:
    """Run one command and exit with its code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a GBK terminal has no ✓
    with speaking(language_asked(arguments)):
        try:
            code = _run(arguments)
            sys.stdout.flush()
        except BrokenPipeError:  # who read our output has gone, and wants no explanation
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 1
        sys.exit(code)


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


def _unknown_language(rest: list[str]) -> str | None:
    """Return what stands behind a --language that was not understood; None where there is none."""
    for at, argument in enumerate(rest):
        option, equals, value = argument.partition("=")
        if option == "--language":
            return value if equals else "".join(rest[at + 1 : at + 2])
    return None


def _run(arguments: list[str]) -> int:
    rest = _without_language(arguments)
    as_json = "--json" in rest
    if not rest or rest[0] in ("-h", "--help", "help"):
        sys.stdout.write(help_page())
        return 0
    if rest[0] == "--version":
        from importlib.metadata import version

        sys.stdout.write(f"confide {version('confide')}\n")
        return 0
    try:
        if (asked := _unknown_language(rest)) is not None:
            raise InvalidInput("cli.no-such-language", found=asked, known=", ".join(LANGUAGES))
        if rest[0] not in COMMANDS:
            known = ", ".join(COMMANDS)
            raise InvalidInput("cli.no-such-command", found=rest[0], known=known)
        module = import_module(f"confide.cli.{COMMANDS[rest[0]]}")
        command = getattr(module, f"{rest[0].replace('-', '_')}_command")
        code: int = import_module("confide.cli.page").call(command, rest[1:], f"confide {rest[0]}")
        return code
    except ConfideError as error:
        return explain(error, as_json=as_json)
    except (BrokenPipeError, SystemExit):
        raise
    except BaseException as error:
        return explain(foreseen(error), as_json=as_json)


def foreseen(error: BaseException) -> ConfideError:
    """Say what the machine, the person at it, or a mistake of ours did, without the error's own text.

    >>> foreseen(KeyError("a cell")).public["kind"]
    'KeyError'
    """
    if isinstance(error, KeyboardInterrupt):
        return Interrupted()
    if isinstance(error, MemoryError):
        return InvalidInput("study.memory")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return InvalidInput("study.disk-full")
    if isinstance(error, OSError):
        reason = errno.errorcode.get(error.errno or 0, "EIO")  # the same in every language
        return InvalidInput("study.disk", file=error.filename or "-", reason=reason)
    frames = [(Path(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
    ours = [f"{path.parent.name}/{path.name}:{line}" for path, line in frames if "confide" in path.parts]
    return ConfideError("error.internal", kind=type(error).__name__, place=ours[-1] if ours else "-")


def help_page() -> str:
    """Return the page of `confide --help`."""
    options = {"--language en|zh": "language", "--version": "version", "-h, --help": "help"}
    usage = f"confide {say('cli.metavar.command')} [{say('cli.metavar.folder')}] [--json]"
    lines = [say("cli.heading.usage") + usage, "", f"  {say('cli.help')}", ""]
    lines += [say("cli.heading.commands"), *(f"  {name:<10} {say(f'cli.{name}.short')}" for name in COMMANDS)]
    lines += ["", say("cli.heading.options")]
    lines += [f"  {option:<18} {say(f'cli.option.{key}')}" for option, key in options.items()]
    return "\n".join(lines) + "\n"


def explain(error: ConfideError, *, as_json: bool) -> int:
    """Say what is wrong and what to do, in JSON where JSON was asked for; return the exit code."""
    if as_json:
        import json

        sys.stdout.write(json.dumps(error.to_json(), ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(say("cli.error", sentence=error) + "\n" + say("cli.hint", hint=error.hint) + "\n")
    return error.exit_code
