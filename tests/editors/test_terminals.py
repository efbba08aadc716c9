"""Neovim, Emacs with eglot, and Vim with ALE, set up as their pages say, each working in a real terminal."""

from __future__ import annotations

import pytest

from tests.editors.workplace import COLUMN, DRIVERS, MENDED, ROW, SAVED, SAYS, Workplace, blocks, program


def neovim(workplace: Workplace) -> list[str]:
    configuration, enabling, fix_on_save, _ = blocks("neovim", "lua")
    folder = workplace.home / ".config" / "nvim"
    workplace.write(folder / "lsp" / "optlint.lua", configuration)
    workplace.write(folder / "init.lua", enabling, fix_on_save)
    return [program("nvim"), "--headless", "-n", "-S", str(DRIVERS / "neovim.lua")]


def emacs(workplace: Workplace) -> list[str]:
    workplace.write(workplace.home / ".emacs.d" / "init.el", *blocks("emacs", "elisp"))
    return [program("emacs"), "-nw", "train.py", "-l", str(DRIVERS / "emacs.el")]


def emacs_with_pylsp(workplace: Workplace) -> list[str]:
    _, fix_on_save = blocks("emacs", "elisp")
    workplace.write(workplace.home / ".emacs.d" / "init.el", *blocks("pylsp", "elisp"), fix_on_save)
    (workplace.optlint.parent / "pylsp").symlink_to(program("pylsp"))
    workplace.optlint.unlink()
    return [program("emacs"), "-nw", "train.py", "-l", str(DRIVERS / "emacs.el")]


def vim(workplace: Workplace) -> list[str]:
    linter, *settings = blocks("vim", "vim")
    workplace.write(workplace.home / ".vim" / "ale_linters" / "python" / "optlint.vim", linter)
    workplace.write(workplace.home / ".vimrc", "source $VIMRUNTIME/defaults.vim", "packadd! ale", *settings)
    return [program("vim"), "-n", "train.py", "-S", str(DRIVERS / "vim.vim")]


ON_REQUEST = [pytest.param(set_up, marks=pytest.mark.editor) for set_up in (emacs, emacs_with_pylsp, vim)]


@pytest.mark.parametrize("set_up", [neovim, *ON_REQUEST])
def test_shows_mends_and_mends_on_save(set_up, tmp_path):
    workplace = Workplace(tmp_path)
    noted = workplace.drive(*set_up(workplace))
    (shown,) = noted["shown"]
    assert (shown["row"], shown["column"]) == (ROW, COLUMN)
    assert "OPT101" in f"{shown.get('code')} {shown['text']}"
    assert SAYS in shown["text"]
    assert set_up is not neovim or "OPT101 reused-parameter-iterator" in noted["hover"]
    assert noted["fixed"] == written(MENDED)
    assert noted["left"] == []
    assert [line for line in noted["saved"] if line] == written(SAVED)
    assert (workplace.project / "train.py").read_text() == SAVED


def written(text: str) -> list[str]:
    """The lines that are not empty."""
    return [line for line in text.splitlines() if line]
