"""Asking a web site over HTTPS at an address: whatever certificate it shows, and its answer."""

import http.client
import socket
import ssl

LONGEST = 65536  # octets; no answer of ours is longer


def answer(
    name: str, address: tuple[str, int], line: str, context: ssl.SSLContext, seconds: float
) -> tuple[bytes | None, str]:
    """Send a request line; return the certificate, and the answer's status, type and body."""
    method, path = line.split(" ")
    connection = http.client.HTTPSConnection(name, context=context, timeout=seconds)
    plain = socket.create_connection(address, seconds)
    with plain, context.wrap_socket(plain, server_hostname=name) as connection.sock:
        shown = connection.sock.getpeercert(binary_form=True)
        connection.request(method, path)
        reply = connection.getresponse()
        body = reply.read(LONGEST).decode("utf-8", "replace")
        return shown, f"{reply.status} {reply.headers.get_content_type()}\n{body}"
