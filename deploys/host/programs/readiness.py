"""Readiness of a program, told to systemd (sd_notify(3)) for a unit of `Type=notify`."""

import os
import socket


def tell_ready() -> None:
    """Tell systemd that every socket of the program is there, if systemd has started it."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if path:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
            client.sendto(b"READY=1", f"\0{path[1:]}" if path[0] == "@" else path)
