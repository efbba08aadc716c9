"""The command line: which command is meant, its arguments, and the exit code."""

from __future__ import annotations

import os
import sys

import optlint
from optlint.settings.config import ConfigError
from optlint.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType
    from typing import NoReturn

INTERRUPTED = 130
USAGE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is the contract's."""
    words = list(sys.argv[1:] if argv is None else argv)
    command = _command(words[0]) if words else None
    if command and hasattr(command, "main"):  # it runs someone's program, whose exceptions are its own
        program_code: int = command.main(words[1:])
        return program_code
    try:
        code = _run_command(command, words) if command else _run(words)
        sys.stdout.flush()
    except BrokenPipeError:
        _close_quietly()
        return 1
    except KeyboardInterrupt:
        _leave_at_once(INTERRUPTED)
    except ConfigError as error:
        return complain(str(error))
    except Exception as error:
        return _crashed(error)
    return code


def complain(message: str) -> int:
    """Tell on stderr why nothing could be done; the exit code for that."""
    print(f"optlint: {message}", file=sys.stderr)
    return USAGE


def _crashed(error: Exception) -> int:
    """Something of ours failed: what to attach to a report, and nothing that looks like the user's fault."""
    from traceback import format_exception

    lines = "".join(format_exception(error)).replace("Traceback (most recent call last):", "where:")
    return complain(f"optlint itself failed, please report this with what follows: {error!r}\n{lines.rstrip()}")


def _run(words: list[str]) -> int:
    """What there is to say without a command."""
    word = words[0] if words else "--help"
    if word in ("--version", "-V"):
        print(f"optlint {__version__}")
        return 0
    if word == "help" and words[1:]:
        return main([words[1], "--help"])
    if word in ("--help", "-h", "help"):
        print(_help(), file=sys.stdout if words else sys.stderr)
        return 0 if words else USAGE
    return complain(_unknown(word))


def _run_command(command: ModuleType, words: list[str]) -> int:
    from optlint.arguments import UsageError, help_page, parse

    try:
        arguments = parse(words[1:], command.OPTIONS)
        if arguments.has("--help"):
            print(help_page(command.USAGE, command.__doc__ or "", command.OPTIONS))
            return 0
        code: int = command.run(arguments)
    except UsageError as error:
        return complain(f"{error}\nusage: {command.USAGE}")
    return code


def _command(word: str) -> ModuleType | None:
    name = f"optlint.commands.{word}"
    if not word.isidentifier() or word.startswith("_"):
        return None
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        return None
    return sys.modules[name]


def _words() -> Iterable[str]:
    from pkgutil import iter_modules

    from optlint import commands

    return sorted(found.name for found in iter_modules(commands.__path__) if not found.name.startswith("_"))


def _help() -> str:
    from optlint.arguments import Option, help_page, in_two_columns

    about = f"{optlint.__doc__}".partition("\n")[0]
    commands = in_two_columns([(word, _about(word)) for word in _words()])
    options = [Option(("--version", "-V"), "show which optlint this is")]
    page = help_page("optlint COMMAND ...", about, options)
    return f"{page}\n\ncommands:\n{commands}\n\n`optlint COMMAND --help` tells more about a command."


def _about(word: str) -> str:
    from importlib import import_module

    return (import_module(f"optlint.commands.{word}").__doc__ or "").partition("\n")[0]


def _unknown(word: str) -> str:
    from optlint.settings.selection import suggestion

    if os.path.exists(word):
        return f"there is no command `{word}`, did you mean `optlint check {word}`?"
    return f"there is no command `{word}`{suggestion(word, _words())}"


def _close_quietly() -> None:
    """Whoever read our output has gone: let Python's own flush at exit go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _leave_at_once(code: int) -> NoReturn:
    """A parser may still be at work in its thread, and cannot be asked to stop."""
    sys.stderr.flush()
    os._exit(code)
