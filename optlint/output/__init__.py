"""Diagnostics to text: one module a format, nothing else."""
