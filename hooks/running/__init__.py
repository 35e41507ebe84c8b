"""Runs the snippets and the labs, each once, and keeps what they give."""
