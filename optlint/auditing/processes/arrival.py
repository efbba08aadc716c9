"""Call back once a module has been imported by somebody else, without importing it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


def when_imported(name: str, callback: Callable[[], None]) -> Callable[[], None]:
    """Call `callback` once `name` is imported, at once if it is; the function returned calls that off."""
    if name in sys.modules:
        callback()
        return lambda: None
    lookout = _Lookout(name, callback)
    sys.meta_path.insert(0, lookout)
    return lookout.leave


def call_off_all() -> None:
    """Nobody is called back any more, as where `optlint run` is itself a child of a watched program."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Lookout)]


class _Lookout:
    """A finder that finds nothing itself: it only lends the loader of one module another last line."""

    def __init__(self, name: str, callback: Callable[[], None]) -> None:
        self.name = name
        self.callback = callback

    def leave(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's own spec, of which only the loader is wrapped."""
        if name != self.name:
            return None
        spec = _spec_of_others(self, name)
        if spec is not None and spec.loader is not None:
            self.leave()
            spec.loader = _Loader(spec.loader, self)  # type: ignore[assignment]
        return spec


def _spec_of_others(lookout: _Lookout, name: str) -> ModuleSpec | None:
    others = (finder for finder in sys.meta_path if finder is not lookout and hasattr(finder, "find_spec"))
    return next((spec for finder in others if (spec := finder.find_spec(name, None)) is not None), None)


class _Loader:
    """The module's own loader, which it gets back before its first line runs."""

    def __init__(self, loader: Any, lookout: _Lookout) -> None:
        self.loader = loader
        self.lookout = lookout

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the module's own loader does it."""
        made: ModuleType | None = self.loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        """Run the module as if we were not here, then call back; an import that fails may be tried again."""
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        try:
            self.loader.exec_module(module)
        except BaseException:
            sys.meta_path.insert(0, self.lookout)
            raise
        self.lookout.callback()
