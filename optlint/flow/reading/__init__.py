"""How files become `ir`, the small language that the engine runs; the only package that knows libcst.

`texts` holds a parsed file and says where its nodes stand. `ir` is made from libcst by `lower`, `cst_expressions` and
`cst_words`, and from `ast` by `lower_ast`; `ast_places` puts the nodes of both in the same places. `nesting` walks
along statements alone, `ir.walk` all nodes. `outline` tells the top-level statements of a file apart
before any is parsed, `relevance` which of them are worth running, `names_read` which attributes and keys code asks for,
and `written` how expressions are spelt, for fixes.
"""
