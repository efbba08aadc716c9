"""The page runner: every fenced python block of `rules/OPT*.md` and `tests/cases/**/*.md` is one test.

A block is linted, and what the linter says must be what the marks say: a mark without its diagnostic is
*missing*, a diagnostic without its mark is *noisy*, and so a line without marks asserts silence of all rules.
Rules that are off by default run on their own pages only.

Marks stand behind code, several on one line if need be, and are taken out before anything is linted or run:

    # error                                  the page's own code, any severity, message and column
    # error: [OPT202]                        this code
    # error: [OPT202 warning]                this code and severity
    # error: [OPT202] "part of the message"  this code, and the message contains the quoted text
    # audit                                  the same forms, for what the audit says of a `.run` block

A diagnostic belongs to the line on which its span starts. A page's own code comes from its name
(`OPT101-….md`) or its folder (`OPT101/….md`).

Attributes stand behind the language, as in ```` ```python {.run torch>=2.6} ````:

    .setup             no test: a preamble for all blocks below it on the page
    .run               also executed with torch, seeded, in a namespace of its own: its asserts must hold
    raises=ValueError  of a `.run` block: it must end with this exception
    .fixed             what `--fix` makes of the block above, as soon as its rule offers fixes: linted, and
                       executed if that block is `.run`
    .unsafe            of a `.fixed` block: the fixes are unsafe ones
    .notebook          linted as a notebook, whose cells begin at lines `# %%` (`# %% [markdown]` for text)
    file=utils.py      no test of its own: a sibling file of the next block without `file=` in this section;
                       both are linted together, and the marks of both must hold
    as=pkg/train.py    the name of a block beside such files (`main.py` if not given)
    torch>=2.6         executed with these versions of torch only (also `<=`, `<`, `>`, `==`)

A fence ```` ```toml {.config} ```` gives the keys of `[tool.optlint]` to the blocks below it in its section.
Blocks in other languages are prose. A test is called `page.md::heading::line`.
"""
