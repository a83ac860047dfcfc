"""Rasa beside our own engine: its project, its own Python environment, its server."""
