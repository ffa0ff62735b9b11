"""The part of JSON Schema 2020-12 that docs/api/openapi.yaml uses. An unknown keyword is an error,
so that the contract cannot say what nobody checks."""

import re

KNOWN = {"$ref", "type", "enum", "const", "properties", "required", "additionalProperties", "items", "minItems",
         "maxItems", "minimum", "maximum", "maxLength", "pattern", "anyOf", "description"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def has_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def resolve(root, reference):
    at = root
    for part in reference.removeprefix("#/").split("/"):
        at = at[part]
    return at


def check(root, schema, value, where="$"):
    """A list of what does not fit; empty: it fits."""
    unknown = set(schema) - KNOWN
    if unknown:
        raise ValueError(f"{where}: the checker does not know {unknown}")
    if "$ref" in schema:
        return check(root, resolve(root, schema["$ref"]), value, where)
    if "anyOf" in schema:
        tries = [check(root, one, value, where) for one in schema["anyOf"]]
        return [] if any(not faults for faults in tries) else tries[0] + [f"{where}: fits none of anyOf"]
    if "enum" in schema:
        return [] if value in schema["enum"] else [f"{where}: {value!r} is none of {schema['enum']}"]
    faults = []
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(has_type(value, name) for name in names):
            return [f"{where}: {value!r} is no {names}"]
    if isinstance(value, dict):
        faults += check_object(root, schema, value, where)
    elif isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            faults.append(f"{where}: {len(value)} items")
        for i, item in enumerate(value):
            faults += check(root, schema.get("items", {}), item, f"{where}[{i}]")
    elif isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            faults.append(f"{where}: {value!r} does not match {schema['pattern']}")
        if len(value) > schema.get("maxLength", len(value)):
            faults.append(f"{where}: too long")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            faults.append(f"{where}: {value} is out of range")
    return faults


def check_object(root, schema, value, where):
    properties = schema.get("properties", {})
    faults = [f"{where}: {name} is missing" for name in schema.get("required", []) if name not in value]
    others = schema.get("additionalProperties", True)
    for name, member in value.items():
        if name in properties:
            faults += check(root, properties[name], member, f"{where}.{name}")
        elif others is False:
            faults.append(f"{where}: {name} is not in the contract")
        elif isinstance(others, dict):
            faults += check(root, others, member, f"{where}.{name}")
    return faults
