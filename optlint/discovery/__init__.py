"""Which files are meant.

- `found`: what is asked for, and what is found.
- `files`: what the user named, and what lies in the folders named.
- `walk`: going through a folder.
- `stamps`: whether a file has changed.
"""
