"""Run somebody else's program in this process, as if Python itself had been started with it."""

from __future__ import annotations

import os
import sys
from importlib.machinery import BuiltinImporter, SourceFileLoader, SourcelessFileLoader
from types import ModuleType

from optlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, TracebackType
    from typing import Any

OWN_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Program(NamedTuple):
    """A script, folder or zip file, or with `module` the name of a module, and its arguments."""

    target: str
    arguments: tuple[str, ...] = ()
    module: bool = False


def execute(program: Program) -> None:
    """Run `program` as `__main__`; whatever ends it (SystemExit too) comes through as it was raised."""
    sys.modules["__main__"] = _fresh_main()
    sys.argv[:] = [program.target, *program.arguments]
    sys.orig_argv[1:] = [*(["-m"] if program.module else []), *sys.argv]
    try:
        _start(program)
    except SystemExit:
        raise
    except BaseException:
        sys.excepthook = _TrimmedHook(sys.excepthook)
        raise


def _fresh_main() -> ModuleType:
    """A `__main__` as Python makes it at start-up."""
    main = ModuleType("__main__")
    main.__loader__ = BuiltinImporter  # as at start-up
    main.__dict__["__builtins__"] = sys.modules["builtins"]
    if sys.version_info < (3, 14):
        main.__annotations__ = {}
    return main


def _start(program: Program) -> None:
    if program.module:
        sys.argv[0] = "-m"
        _set_first_path(os.getcwd())
        _run_as_module(program.target, alter_argv=True)
        return
    path = os.path.abspath(program.target)
    if _holds_main(path):
        _set_first_path(path, even_if_safe=True)
        _run_as_module("__main__", alter_argv=False)
        return
    _set_first_path(os.path.dirname(os.path.realpath(path)))
    _run_file(path)


def _set_first_path(folder: str, *, even_if_safe: bool = False) -> None:
    """Put `folder` where Python puts a program's own folder, in place of ours."""
    if not getattr(sys.flags, "safe_path", False):
        sys.path[0] = folder
    elif even_if_safe:
        sys.path.insert(0, folder)


def _run_as_module(name: str, *, alter_argv: bool) -> None:
    """What `python -m` itself calls, so that even the `<frozen runpy>` lines of a traceback are the same."""
    import runpy

    runpy._run_module_as_main(name, alter_argv)  # type: ignore[attr-defined]


def _holds_main(path: str) -> bool:
    """Whether it is a folder or a zip file, of which Python runs the `__main__.py` inside."""
    if os.path.isdir(path):
        return True
    from zipimport import ZipImportError, zipimporter

    try:
        zipimporter(path)
    except ZipImportError:
        return False
    return True


def _run_file(path: str) -> None:
    compiled = path.endswith(".pyc")
    loader = (SourcelessFileLoader if compiled else SourceFileLoader)("__main__", path)
    code = loader.get_code("__main__") if compiled else _compile(path)
    variables: dict[str, Any] = sys.modules["__main__"].__dict__
    variables.update(__file__=path, __loader__=loader)
    if sys.version_info < (3, 15):
        variables["__cached__"] = None
    if code is not None:
        exec(code, variables)


def _compile(path: str) -> CodeType:
    with open(path, "rb") as file:
        return compile(file.read(), path, "exec", dont_inherit=True)


class _TrimmedHook:
    """The `sys.excepthook` of the program, shown tracebacks without frames of ours.

    Python only borrows the hook that it calls and the traceback that it gives, so neither may go: the hook
    stays installed and keeps the traceback.
    """

    def __init__(self, hook: Any) -> None:
        self.hook = hook
        self.kept: TracebackType | None = None

    def __call__(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.kept = trace
        trimmed = without_own_frames(_below_execute(trace))
        for cause in _with_causes(error.with_traceback(trimmed)):
            cause.__traceback__ = without_own_frames(cause.__traceback__)
        sys.last_traceback = trimmed
        self.hook(kind, error, trimmed)


def _below_execute(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the program's first frame on."""
    below = trace
    while below is not None and below.tb_frame.f_code is not execute.__code__:
        below = below.tb_next
    return trace if below is None else below


def without_own_frames(trace: TracebackType | None) -> TracebackType | None:
    """The same traceback without the frames of this package's hooks and patches."""
    first = here = _skip_own(trace)
    while here is not None:
        here.tb_next = _skip_own(here.tb_next)
        here = here.tb_next
    return first


def _skip_own(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(OWN_FOLDER):
        trace = trace.tb_next
    return trace


def _with_causes(error: BaseException) -> list[BaseException]:
    """The exception, and all that it grew from or holds."""
    found: dict[int, BaseException] = {}
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in found:
            found[id(one)] = one
            waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
    return list(found.values())
