"""Holds the examples of the README and of the OpenAPI document against a running site."""
