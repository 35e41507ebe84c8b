"""The YAML files that pages quote: read with line numbers, and checked."""

import yaml

from .source import Fault


class _Lines(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
    """Gives each mapping the line on which it begins."""

    def construct_mapping(self, node, deep=False):
        return super().construct_mapping(node, deep) | {"line": node.start_mark.line + 1}


def load(path, text, kind):
    """What a YAML text holds, each mapping with its line.

    kind: list or dict, what the file must be. Raises Fault.
    """
    try:
        found = yaml.load(text, _Lines)
    except yaml.MarkedYAMLError as error:
        raise Fault(path, error.problem_mark.line + 1, error.problem) from None
    if not isinstance(found, kind) or not found:
        what = {list: "a list: - ...", dict: "groups: name:"}[kind]
        raise Fault(path, 1, f"the file must hold {what}")
    return found


def check(path, items, kind, key, needed, optional):
    """Raises Fault if an item lacks a field, has another, or stands here twice.

    kind: what an item is called. key: the field that names it.
    """
    known = set()
    line = 1
    for item in items:
        if not isinstance(item, dict):
            raise Fault(path, line, f"below here stands {item!r}, which is not a {kind}")
        line = item["line"]
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
        raise Fault(path, line, problem)
