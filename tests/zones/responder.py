"""A name server small enough to be wrong on purpose: it shares no code with what asks it."""

import socket
import struct
from contextlib import AbstractContextManager
from ipaddress import ip_address
from threading import Thread
from typing import Self

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
TYPES |= {"SRV": 33, "TLSA": 52}
# RFC 1035 section 4.1.1
RESPONSE, AUTHORITATIVE, TRUNCATED, RECURSION_DESIRED = 0x8000, 0x0400, 0x0200, 0x0100


def a(address: str) -> bytes:
    return ip_address(address).packed


def domain(name: str) -> bytes:
    labels = (label.encode() for label in name.split("."))
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def mx(preference: int, exchange: str) -> bytes:
    return struct.pack("!H", preference) + domain(exchange)


def soa(zone: str) -> bytes:
    return (
        domain(f"ns.{zone}") + domain(f"hostmaster.{zone}") + struct.pack("!5L", 1, 60, 60, 60, 60)
    )


def txt(*strings: str) -> bytes:
    return b"".join(bytes([len(string)]) + string.encode() for string in strings)


def record(name: str, kind: str, ttl: int, value: bytes) -> bytes:
    return domain(name) + struct.pack("!HHLH", TYPES[kind], 1, ttl, len(value)) + value


def _bound(address: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Return a socket for UDP and one for TCP at the same port, which has to be free for both."""
    for _ in range(20):
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind((address, port))
        try:
            return datagrams, socket.create_server(datagrams.getsockname())
        except OSError:
            datagrams.close()
    raise OSError(f"no port of {address} is free for UDP and TCP")


class Responder(AbstractContextManager["Responder"]):
    """
    Answers at a loopback address with `answers`, or not at all while `silent`.

    Whatever is at or below one of its `cuts` it refers to that zone's servers; of all that it does
    not know it says so in the name of its `zone`. For its `aliases` it answers with a
    CNAME. While `truncating`, the answer is over TCP only.
    """

    def __init__(self, address: str, port: int = 0, zone: str = "") -> None:
        self.socket, self.listener = _bound(address, port)
        self.address, self.port = self.socket.getsockname()
        self.zone = zone
        self.answers: dict[tuple[str, str], list[bytes]] = {}
        self.cuts: dict[str, dict[str, str]] = {}  # by zone, the address of each server or ""
        self.aliases: dict[str, str] = {}
        self.silent = self.truncating = False
        self.unanswered: set[str] = set()  # names about which it is silent
        self.lost = 0  # datagrams that never arrive, from now on
        self.datagrams = 0
        self.nonsense = b""
        self.flags = RESPONSE | AUTHORITATIVE
        self.rcode = 0
        self.ttl = 60
        self.asked: list[tuple[str, bool]] = []
        self.over_tcp = 0
        self.threads = [Thread(target=work, daemon=True) for work in (self._serve, self._listen)]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (self.address, self.port))
        socket.create_connection((self.address, self.port)).close()
        for thread in self.threads:
            thread.join(5)
        self.socket.close()
        self.listener.close()

    def _serve(self) -> None:
        while True:
            query, sender = self.socket.recvfrom(4096)
            if not query:
                return
            self.datagrams += 1
            if self.lost:
                self.lost -= 1
            elif not self.silent and _name(query[12:]) not in self.unanswered:
                self._reply(query, sender)

    def _reply(self, query: bytes, sender: tuple[str, int]) -> None:
        answer = self._answer(query)
        if self.truncating:
            flags = struct.pack("!H", self.flags | TRUNCATED)
            answer = query[:2] + flags + query[4:6] + bytes(6) + query[12 : _end(query)]
        self.socket.sendto(self.nonsense or answer, sender)

    def _listen(self) -> None:
        while True:
            connection, _ = self.listener.accept()
            with connection:
                query = connection.recv(4096)[2:]
                if not query:
                    return
                self.over_tcp += 1
                answer = self._answer(query)
                connection.sendall(struct.pack("!H", len(answer)) + answer)

    def _answer(self, query: bytes) -> bytes:
        number, flags = struct.unpack("!HH", query[:4])
        end = _end(query)
        name, record_type = _name(query[12:]), struct.unpack("!H", query[end - 4 : end - 2])[0]
        self.asked.append((name, bool(flags & RECURSION_DESIRED)))
        held = {(known, TYPES[kind]): values for (known, kind), values in self.answers.items()}
        values = held.get((name, record_type), [])
        if name in self.aliases:
            values, record_type = [domain(self.aliases[name])], TYPES["CNAME"]
        cut = next((zone for zone in self.cuts if f".{name}".endswith(f".{zone}")), None)
        if cut is not None and not values:
            own, authority, additional = self.flags & ~AUTHORITATIVE, *self._referred(cut)
        else:
            own, authority, additional = self.flags, self._denied(values), []
        counts = (1, len(values), len(authority), len(additional))
        head = struct.pack("!HHHHHH", number, own | self.rcode, *counts)
        body = (  # 0xC00C points to the name in the question
            struct.pack("!HHHIH", 0xC00C, record_type, 1, self.ttl, len(value)) + value
            for value in values
        )
        return head + query[12:end] + b"".join([*body, *authority, *additional])

    def _denied(self, values: list[bytes]) -> list[bytes]:
        if values or not self.zone:
            return []
        return [record(self.zone, "SOA", self.ttl, soa(self.zone))]

    def _referred(self, cut: str) -> tuple[list[bytes], list[bytes]]:
        servers = self.cuts[cut]
        glue = {name: address for name, address in servers.items() if address}
        return (
            [record(cut, "NS", self.ttl, domain(name)) for name in servers],
            [record(name, "A", self.ttl, a(address)) for name, address in glue.items()],
        )


def _end(query: bytes) -> int:
    return query.index(b"\0", 12) + 5


def _name(wire: bytes) -> str:
    labels = []
    while wire[0]:
        labels.append(wire[1 : 1 + wire[0]].decode(errors="replace"))
        wire = wire[1 + wire[0] :]
    return ".".join(labels)
