"""The description of the API as a page to read: no script, nothing from other hosts."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

TEMPLATES = Path(__file__).parent / "templates"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    environment.filters["pretty"] = lambda value: json.dumps(value, ensure_ascii=False, indent=2)
    return environment


def docs_page(document: dict[str, Any]) -> str:
    """HTML of an OpenAPI document."""
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            groups[operation["tags"][0]].append(_shown(document, path, method, operation))
    template = _environment().get_template("docs.html")
    return template.render(document=document, groups=groups)


def _shown(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    reference = body.get("$ref", "").rpartition("/")[2]
    return {
        "method": method.upper(),
        "path": path,
        "summary": operation.get("summary", ""),
        "text": operation.get("description", ""),
        "parameters": operation.get("parameters", []),
        "fields": document["components"]["schemas"].get(reference, {}).get("properties", {}),
        "statuses": sorted(operation["responses"]),
    }
