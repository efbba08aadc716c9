"""The picture of a report: a page with a treemap of all parameters, drawn from the dictionary of the JSON report.

`tiles` and `causes` say what there is to see, `sentence`, `words`, `frames` and `sections` put it into words, `page`
puts the page together. `scripts/`, `style.css` and `page.html` go into it as they are; `vendor/` is not ours.
"""

from __future__ import annotations

from optlint.output.picture.page import framed, page
from optlint.output.picture.sentence import sentences

__all__ = ["framed", "page", "sentences"]
