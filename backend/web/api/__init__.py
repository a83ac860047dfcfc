"""The HTTP API v1 for other systems: `/api/v1`, described by its own OpenAPI document.

Every refusal is a problem document (RFC 9457, `problem.py`). `app.py` puts the parts together.
"""
