"""Callers by script: what they say and when, through real sound, and whether the line did what it should."""
