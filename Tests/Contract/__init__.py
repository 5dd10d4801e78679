"""Holds a running site against its OpenAPI document and against the examples of the README."""
