"""The tests on every Python and on old and new PyTorch: `nox`, or `nox -s source-3.12` for one of them."""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "venv"
WITHOUT_TORCH = ("tests/unit", "tests/cases", "tests/e2e", "tests/properties", "tests/lsp", "rules")
TOOLS = ("hypothesis", "jsonschema", "pytest", "pytest-xdist", "pre-commit", "prek", "packaging")


@nox.session(python=["3.10", "3.11", "3.12", "3.13"])
def source(session: nox.Session) -> None:
    """The linter, where PyTorch is not installed: pages and cases are linted, and not run."""
    session.install("-e", ".[lsp]", *TOOLS)
    session.run("pytest", "-n", "2", *WITHOUT_TORCH, *session.posargs)


@nox.session(python="3.11")
@nox.parametrize("torch", ["2.1.2", "2.6.0", "2.13.0"])
def run(session: nox.Session, torch: str) -> None:
    """Everything with one release of PyTorch; older ones bring gigabytes of libraries for GPUs."""
    old = ["numpy<2"] if torch < "2.3" else []
    session.install("-e", ".[lsp]", *TOOLS, f"torch=={torch}", *old)
    session.run("pytest", "-n", "2", *session.posargs)
