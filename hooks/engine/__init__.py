"""Runs the snippets, and places what they give into pages; knows nothing of MkDocs."""
