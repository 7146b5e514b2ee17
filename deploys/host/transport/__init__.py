"""Requests to a host's agent over SSH, and its answers."""
