"""Programs of several ranks, and how to run them."""
