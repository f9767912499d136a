"""Make the JSON schema of `study.toml` from the dataclasses that read it.

Guarantee: the schema and the reader cannot differ in keys, types or what is required.
"""

import types
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from confide.types import Json

_PLAIN = {str: "string", float: "number", int: "integer", bool: "boolean"}


def document(kind: type) -> Json:
    """Return the schema of a whole file as a document of its own, as `confide schema` prints it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "study.toml"} | schema_of(
        kind
    )


def schema_of(kind: type) -> Json:
    """Return the JSON schema (2020-12) of a section, or of a whole study file."""
    hints = get_type_hints(kind)
    properties, required = {}, []
    for field in fields(kind):
        if not field.init or field.metadata.get("inner"):
            continue
        inner = _of_type(hints[field.name])
        if "doc" in field.metadata:
            inner["description"] = field.metadata["doc"]
        if field.default is MISSING and field.default_factory is MISSING:
            required.append(field.name)
        elif field.default not in (MISSING, None, ()):
            inner["default"] = list(field.default) if isinstance(field.default, tuple) else field.default
        properties[field.name] = inner
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}


def _of_type(hint: Any) -> Json:
    origin, arguments = get_origin(hint), get_args(hint)
    if is_dataclass(hint):
        return schema_of(hint)  # type: ignore[arg-type]
    if origin in (Union, types.UnionType):
        choices = [_of_type(choice) for choice in arguments if choice is not type(None)]
        return choices[0] if len(choices) == 1 else {"anyOf": choices}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _of_type(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of_type(arguments[1])}
    return {"type": _PLAIN[hint]}
