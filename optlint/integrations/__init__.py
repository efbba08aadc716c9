"""The audit inside other programs' loops; each module here imports the one that it is named after."""
