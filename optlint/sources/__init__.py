"""One source file: its bytes, its text, its tree, where things stand in it, and writing it back.

- `decoding`: bytes -> text; `lexing`: strings and comments told from code; `limits`: what is too deep to parse.
- `source`: text -> libcst module; `spans`: where its nodes stand; `stack`: work that nests deeply.
- `notebook`: the cells as one source; `magics`: what only IPython understands; `json_places`: cells within the JSON.
- `document`: a file that can be changed; `edits`: changing a text; `writing`: replacing a file at once.
- `regular`: files that somebody else names, and that may be pipes.
- `excerpts`: the lines that a report shows.
"""
