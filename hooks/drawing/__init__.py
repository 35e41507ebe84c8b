"""How figures and code look."""
