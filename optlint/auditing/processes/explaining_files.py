"""`optlint explain`: somebody's own function builds model and optimizer; what they tell is shown without training."""

from __future__ import annotations

import os
import sys

from optlint.auditing.processes.program import without_own_frames
from optlint.auditing.processes.report_files import obstacle, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType
    from typing import Any

    from optlint.auditing.memory.summaries import AuditFacts


class _NotBuiltError(Exception):
    """There is nothing to explain; the text says why."""


def main(filename: str, function: str, reports: Sequence[str] = ()) -> int:
    """Print the table and write the reports; 2 if the function cannot be called or gives no optimizer."""
    try:
        for complaint in filter(None, map(obstacle, reports)):
            raise _NotBuiltError(complaint)
        facts = _facts(filename, function)
    except _NotBuiltError as error:
        print(f"optlint explain: {error}", file=sys.stderr)
        return 2
    for path in reports:
        write(path, facts)
    print(_text(facts))
    return 0


def _text(facts: AuditFacts) -> str:
    from optlint.auditing.reports.report import facts_as_json
    from optlint.auditing.reports.tables import facts_as_text
    from optlint.output.picture import sentences

    return f"{facts_as_text(facts)}\n\n{sentences(facts_as_json(facts))}"


def _facts(filename: str, function: str) -> AuditFacts:
    if not os.path.isfile(filename):
        raise _NotBuiltError(f"{filename}: there is no such file")
    try:
        import torch  # noqa: F401
    except ModuleNotFoundError:
        raise _NotBuiltError("PyTorch is not installed here, and without it nothing can be built") from None
    from optlint.auditing.processes.built import facts_of_built

    build = getattr(_called(lambda: _load(filename)), function, None)
    if not callable(build):
        raise _NotBuiltError(f"{filename}: there is no function `{function}`")
    facts: AuditFacts | None = _called(lambda: facts_of_built(build))
    if facts is None:
        raise _NotBuiltError(f"`{function}` returned no optimizer; it is to return the model and its optimizer")
    return facts


def _called(call: Callable[[], Any]) -> Any:
    """What the call returns; an exception of the user's code is shown as theirs."""
    try:
        return call()
    except Exception as error:
        from traceback import print_exception

        print_exception(type(error), error, without_own_frames(error.__traceback__))
        raise _NotBuiltError("the model and its optimizer could not be built") from None


def _load(filename: str) -> ModuleType:
    """The file as a module that is not `__main__`, with its folder first on the path, as in a run."""
    from importlib.util import module_from_spec, spec_from_file_location

    path = os.path.abspath(filename)
    name = os.path.splitext(os.path.basename(path))[0]
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise _NotBuiltError(f"{filename}: this is no Python file")
    sys.path.insert(0, os.path.dirname(path))
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
