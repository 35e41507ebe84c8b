"""The YAML files that pages quote: read with line numbers, and checked."""

import yaml


class DataError(Exception):
    """A file of data is wrong: (line, message)."""


class _Lines(yaml.SafeLoader):
    """Gives each mapping the line on which it begins."""

    def construct_mapping(self, node, deep=False):
        return super().construct_mapping(node, deep) | {"line": node.start_mark.line + 1}


def load(text):
    """What a YAML text holds, each mapping with its line; may raise DataError."""
    try:
        return yaml.load(text, _Lines)
    except yaml.MarkedYAMLError as error:
        raise DataError(error.problem_mark.line + 1, error.problem) from None


def check(items, kind, key, needed, optional):
    """Raises DataError if an item lacks a field, has another, or stands here twice.

    kind: what an item is called. key: the field that names it.
    """
    known = set()
    for item in items:
        name = item.get(key, f"a {kind}")
        if missing := needed - item.keys():
            problem = f"{name} has no {', '.join(sorted(missing))}"
        elif unknown := item.keys() - needed - optional - {"line"}:
            problem = f"{name} has what no {kind} has: {', '.join(sorted(unknown))}"
        elif name in known:
            problem = f"{name} stands here twice"
        else:
            known.add(name)
            continue
        raise DataError(item["line"], problem)
