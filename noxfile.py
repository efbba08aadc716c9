"""The tests on every Python and on old and new PyTorch: `nox`, or `nox -s source-3.12` for one of them.

What is given after `--` is run in place of all tests: `nox -s "run(torch-2.1)" -- tests/audit/test_broken.py`.
"""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "venv"
nox.options.sessions = ("source", "run")
WITHOUT_TORCH = ("tests/unit", "tests/cases", "tests/e2e", "tests/properties", "tests/lsp", "rules")
WITH_TORCH = ("tests/audit", "tests/cases", "rules")
TABLES = ("tests/unit/test_torch_layers.py", "tests/unit/test_torch_tensors.py")  # what the newest PyTorch has
QUICK = ("rules", *(f"tests/audit/test_{name}.py" for name in "broken compile healthy lifecycle timeline".split()))
OLD = "python_version < '3.12'"  # what PyTorch 2.1 is made for
OLDEST = (f"torch==2.1.0; {OLD}", f"numpy<2; {OLD}", "torch==2.6.0; python_version >= '3.12'")
NEEDED = nox.project.load_toml("pyproject.toml")["project"]["optional-dependencies"]["test"]
TOOLS = tuple(tool for tool in NEEDED if not tool.startswith(("optlint", "torch")))


@nox.session(python=["3.10", "3.11", "3.12", "3.13"])
def source(session: nox.Session) -> None:
    """The linter, where PyTorch is not installed: pages and cases are linted, and not run."""
    session.install("-e", ".[lsp]", *TOOLS)
    session.run("pytest", "-n", "2", *(session.posargs or WITHOUT_TORCH))


@nox.session
@nox.parametrize(
    "python, torch, numpy",
    [
        nox.param("3.10", "torch==2.1.0", "numpy<2", id="torch-2.1"),
        nox.param("3.12", "torch==2.6.0", "numpy", id="torch-2.6"),
        nox.param("3.13", "torch", "numpy", id="torch-newest"),
    ],
)
def run(session: nox.Session, torch: str, numpy: str) -> None:
    """The audit, and what the pages say of PyTorch; on Linux its releases bring gigabytes of libraries for GPUs."""
    session.install("-e", ".", *TOOLS, torch, numpy)
    tables = TABLES if torch == "torch" else ()
    session.run("pytest", "-n", "2", *(session.posargs or (*WITH_TORCH, *tables)))


@nox.session
def oldest(session: nox.Session) -> None:
    """What CI has time for: the rule pages and most of the audit on an old PyTorch, with the Python that is there."""
    session.install("-e", ".", *TOOLS, *OLDEST)
    session.run("pytest", "-n", "2", *(session.posargs or QUICK))
