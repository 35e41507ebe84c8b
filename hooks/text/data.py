"""YAML that pages quote or that stands above a page: read with line numbers, and checked against schema.yml."""

from functools import lru_cache
from pathlib import Path

import yaml
from fastjsonschema import JsonSchemaValueException, compile

from .source import Fault


class Mapping(dict):
    """A mapping of a YAML file, and the line on which it begins."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    def mapping(self, node):
        keys = [key.value for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(problem=f"{key} stands here twice", problem_mark=node.start_mark)
        found = Mapping(self.construct_mapping(node, deep=True))
        found.line = node.start_mark.line + 1
        return found


_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.mapping)
SCHEMAS = yaml.load(Path(__file__).with_name("schema.yml").read_text("utf-8"), _Loader)
CHECKS = {kind: compile(schema) for kind, schema in SCHEMAS.items()}


@lru_cache(100)
def load(path, text, kind):
    """What a YAML text holds, as the schema of its kind has it. Raises Fault."""
    try:
        found = yaml.load(text, _Loader)
        CHECKS[kind](found, name_prefix=kind)
    except yaml.MarkedYAMLError as error:
        raise Fault(path, error.problem_mark.line + 1, error.problem) from None
    except JsonSchemaValueException as error:
        node = yaml.compose(text)
        for step in error.path[1:]:  # it splits the name of a page at its dot: no such step
            if isinstance(node, yaml.SequenceNode):
                node = node.value[int(step)]
            else:
                node = {key.value: value for key, value in node.value}.get(step, node)
        line = node.start_mark.line + 1 if node else 1
        raise Fault(path, line, error.definition.get("description", error.message)) from None
    return found


def index(path, items, key):
    """{name: item}; key: the field that holds the name. Raises Fault at a name that stands twice."""
    found = {}
    for item in items:
        if found.setdefault(item[key], item) is not item:
            raise Fault(path, item.line, f"{item[key]} stands here twice")
    return found
