"""Broken programs."""
