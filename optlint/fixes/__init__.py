"""Mending what was found, and only where it helps.

- `remedies`: how checks build a fix; `fix`: applying fixes to a document until nothing more can be mended.
- `mending`: one file with its fixes applied; `diffing`: what that would change.
- `ignoring`: a suppression comment in place of a fix.
"""
