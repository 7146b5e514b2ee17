"""A name server small enough to be wrong on purpose: it shares no code with what asks it."""

import socket
import struct
from contextlib import AbstractContextManager
from ipaddress import ip_address
from threading import Thread
from types import TracebackType
from typing import Self

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "MX": 15, "TXT": 16, "AAAA": 28}
RESPONSE, AUTHORITATIVE, RECURSION_DESIRED = 0x8000, 0x0400, 0x0100  # RFC 1035 section 4.1.1


def a(address: str) -> bytes:
    return ip_address(address).packed


def domain(name: str) -> bytes:
    labels = (label.encode() for label in name.split("."))
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def mx(preference: int, exchange: str) -> bytes:
    return struct.pack("!H", preference) + domain(exchange)


def txt(*strings: str) -> bytes:
    return b"".join(bytes([len(string)]) + string.encode() for string in strings)


class Responder(AbstractContextManager["Responder"]):
    """Answers over UDP at a loopback address with `answers`, or not at all while `silent`."""

    def __init__(self, address: str, port: int = 0) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.address, self.port = self.socket.getsockname()
        self.answers: dict[tuple[str, str], list[bytes]] = {}
        self.silent = False
        self.flags = RESPONSE | AUTHORITATIVE
        self.rcode = 0
        self.asked: list[tuple[str, bool]] = []
        self.thread = Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (self.address, self.port))
        self.thread.join(5)
        self.socket.close()

    def _serve(self) -> None:
        while True:
            query, sender = self.socket.recvfrom(4096)
            if not query:
                return
            if not self.silent:
                self.socket.sendto(self._answer(query), sender)

    def _answer(self, query: bytes) -> bytes:
        number, flags = struct.unpack("!HH", query[:4])
        end = query.index(b"\0", 12) + 5
        name, record_type = _name(query[12:]), struct.unpack("!H", query[end - 4 : end - 2])[0]
        self.asked.append((name, bool(flags & RECURSION_DESIRED)))
        held = {(known, TYPES[kind]): values for (known, kind), values in self.answers.items()}
        values = held.get((name, record_type), [])
        head = struct.pack("!HHHHHH", number, self.flags | self.rcode, 1, len(values), 0, 0)
        body = (  # 0xC00C points to the name in the question
            struct.pack("!HHHIH", 0xC00C, record_type, 1, 60, len(value)) + value
            for value in values
        )
        return head + query[12:end] + b"".join(body)


def _name(wire: bytes) -> str:
    labels = []
    while wire[0]:
        labels.append(wire[1 : 1 + wire[0]].decode())
        wire = wire[1 + wire[0] :]
    return ".".join(labels)
