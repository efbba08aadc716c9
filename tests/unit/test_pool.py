"""How files are shared among processes."""

from __future__ import annotations

import pytest

from optlint.batch.pool import FEWEST, chunked
from optlint.discovery.found import SourceFile
from optlint.settings.config import Config


@pytest.mark.parametrize("jobs", [1, 2, 7])
@pytest.mark.parametrize("number", [0, 1, FEWEST, 100, 1234])
def test_every_file_is_in_one_piece_in_order(number, jobs):
    files = [SourceFile(f"{index}.py", Config()) for index in range(number)]
    assert [file for piece in chunked(files, jobs) for file in piece] == files


def test_neighbours_stay_together_and_the_end_is_shared_out_finely():
    files = [SourceFile(f"{index}.py", Config()) for index in range(1000)]
    sizes = [len(piece) for piece in chunked(files, 2)]
    assert sizes[:3] == [500, 250, 125]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-2] == FEWEST
