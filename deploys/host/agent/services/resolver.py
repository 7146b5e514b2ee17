"""Probe of a resolver: one question (RFC 1035 section 4) that it answers without asking others."""

import socket
import struct
import time

from ..system.shell import Refused
from .dialogue import SECONDS

PORT = 53
ID, RECURSION, REFUSED = 0x4D50, 0x0100, 5
LOCALHOST_A = b"\x09localhost\x00\x00\x01\x00\x01"  # RFC 6761 section 6.3: no server is asked
QUESTION = struct.pack(">6H", ID, RECURSION, 1, 0, 0, 0) + LOCALHOST_A


def require_answer(address: str, port: int = PORT, patience: float = SECONDS) -> None:
    """Ask until the resolver answers; raise Refused if it does not, or refuses this host."""
    deadline = time.monotonic() + patience
    while not (answer := _answer(address, port)):
        if time.monotonic() > deadline:
            raise Refused("probe", f"no answer from the resolver at {address}")
        time.sleep(0.05)
    if answer[3] & 0xF == REFUSED:
        why = f"the resolver at {address} refuses questions of this host; check access-control"
        raise Refused("probe", why)


def _answer(address: str, port: int) -> bytes:
    """Return an answer; nothing if none comes within a second."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(1)
        try:
            client.connect((address, port))
            client.send(QUESTION)
            return client.recv(512)
        except OSError:
            return b""
