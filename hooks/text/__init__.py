"""Turns the pages as authors write them into plain Markdown; knows no generator."""
