"""Which files are meant.

- `files`: what the user named, and what lies in the folders named.
- `walk`: going through a folder.
"""
