"""Systemd timer on the controller that runs the checks regularly."""
