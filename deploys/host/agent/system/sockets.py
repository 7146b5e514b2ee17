"""UNIX sockets of services."""

import socket

SECONDS = 1.0  # for one try


def answers(path: str) -> bool:
    """Tell whether a process answers; an earlier one may have left its socket behind."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(SECONDS)
        return not client.connect_ex(path)
