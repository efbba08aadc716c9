"""`python -m optlint`, and the console script."""

from __future__ import annotations

import sys

from optlint.cli import main

if __name__ == "__main__":
    sys.exit(main())
