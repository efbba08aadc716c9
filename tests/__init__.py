"""The tests of optlint."""
