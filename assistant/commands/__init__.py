"""The assistant on the command line."""
