"""A name server of one zone that takes updates of TXT records (RFC 2136), signed by one key."""

import socketserver
import struct
import threading
from contextlib import AbstractContextManager
from typing import Any, Self

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update


class UpdateServer(AbstractContextManager["UpdateServer"]):
    """
    Answers at a loopback address, over UDP and TCP at one port.

    The key may change names at or below `scope`. It answers questions with what it had `lag`
    questions ago, as a secondary does that has not heard of a change yet.
    """

    def __init__(self, zone: str, key: dns.tsig.Key, scope: str, lag: int = 0) -> None:
        self.zone, self.scope = dns.name.from_text(zone), dns.name.from_text(scope)
        self.values: dict[str, set[str]] = {}
        self.lag = lag
        self._key = key
        tcp, udp = self._handlers()
        self._tcp = socketserver.ThreadingTCPServer(("127.0.0.1", 0), tcp)
        self.port = int(self._tcp.server_address[1])
        self._udp = socketserver.ThreadingUDPServer(("127.0.0.1", self.port), udp)

    def __enter__(self) -> Self:
        for server in (self._tcp, self._udp):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in (self._tcp, self._udp):
            server.shutdown()
            server.server_close()

    def _handlers(self) -> tuple[Any, Any]:
        answer = self._answer

        class Stream(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                (length,) = struct.unpack("!H", self.rfile.read(2))
                wire = answer(self.rfile.read(length))
                self.wfile.write(struct.pack("!H", len(wire)) + wire)

        class Datagram(socketserver.DatagramRequestHandler):
            def handle(self) -> None:
                self.wfile.write(answer(self.rfile.read()))

        return Stream, Datagram

    def _answer(self, wire: bytes) -> bytes:
        try:
            query = dns.message.from_wire(wire, keyring=self._key)
        except dns.exception.DNSException:  # another key, or none that it knows
            query = dns.message.from_wire(wire, keyring=False)
            answer = dns.message.make_response(query)
            answer.set_rcode(dns.rcode.NOTAUTH)
            return answer.to_wire()
        answer = dns.message.make_response(query)
        if isinstance(query, dns.update.UpdateMessage):
            answer.set_rcode(self._change(query))
        else:
            answer.answer += self._found(query.question[0])
        return answer.to_wire()

    def _change(self, query: dns.update.UpdateMessage) -> dns.rcode.Rcode:
        for rrset in query.update:
            name, kind = rrset.name, rrset.rdtype
            if kind != dns.rdatatype.TXT or not query.had_tsig or not name.is_subdomain(self.scope):
                return dns.rcode.REFUSED
            texts = {rdata.strings[0].decode() for rdata in rrset}
            known = self.values.setdefault(name.to_text(omit_final_dot=True), set())
            if rrset.deleting == dns.rdataclass.NONE:
                known -= texts
            else:
                known |= texts
        return dns.rcode.NOERROR

    def _found(self, question: dns.rrset.RRset) -> list[dns.rrset.RRset]:
        name = question.name.to_text(omit_final_dot=True)
        if question.rdtype == dns.rdatatype.NS and question.name == self.zone:
            return [dns.rrset.from_text(question.name, 60, "IN", "NS", f"ns.{name}.")]
        self.lag -= 1
        values = self.values.get(name, set()) if self.lag < 0 else set()
        texts = (f'"{value}"' for value in sorted(values))
        return [dns.rrset.from_text(question.name, 60, "IN", "TXT", *texts)] if values else []
