"""Python imports this module at start-up, by name, from the folder that `optlint run` puts first on PYTHONPATH.

It has the process watched as its parent is, then gives way to the sitecustomize that would have been found
without it. Any Python may meet it, also one that cannot run the rest of this package.
"""

import os
import sys


def _leave_path(folder):
    # type: (str) -> None
    sys.path[:] = [one for one in sys.path if os.path.abspath(one) != folder]


def _watch(package_parent):
    # type: (str) -> None
    before = sys.path[:]
    try:
        sys.path.append(package_parent)
        from optlint.auditing.processes.children import follow

        follow()
    except Exception:  # whatever is wrong with us, the program must not notice
        pass
    finally:
        sys.path[:] = before


_here = os.path.dirname(os.path.abspath(__file__))
_leave_path(_here)
if sys.version_info >= (3, 10) and "OPTLINT_RUN" in os.environ:
    _watch(os.path.dirname(os.path.dirname(os.path.dirname(_here))))
del sys.modules[__name__]

# Not this module any more; where there is no other, Python passes over the ImportError.
import sitecustomize  # type: ignore[import-not-found]  # noqa: E402, F401
