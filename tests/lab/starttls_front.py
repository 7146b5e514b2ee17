"""
Speaks TLS in front of a mail server, and remembers in TLS what came before it (CVE-2011-0411).

Started with the port to listen on, the port of the server, and a file with a key and certificate.
"""

import socket
import ssl
import sys
import threading
import time
from contextlib import suppress

REPLIES = {"EHLO": b"250-front\r\n250 STARTTLS", "QUIT": b"221 2.0.0 Bye"}


def main() -> None:
    """Serve everybody who comes, once whoever has the port lets go of it."""
    port, behind, certificate = sys.argv[1:]
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with listening(int(port)) as server:
        while True:
            client, _ = server.accept()
            threading.Thread(target=serve, args=(client, context, int(behind))).start()


def listening(port: int) -> socket.socket:
    """Listen on every address, over IPv4 and IPv6."""
    for _ in range(100):
        with suppress(OSError):
            return socket.create_server(
                ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=100
            )
        time.sleep(0.1)
    raise SystemExit(f"port {port} is another's")


def serve(client: socket.socket, context: ssl.SSLContext, behind: int) -> None:
    """Speak with one client."""
    with suppress(OSError), client:
        kept = until_tls(client)
        if kept is None:
            return
        with (
            context.wrap_socket(client, server_side=True) as inside,
            socket.create_connection(("127.0.0.1", behind)) as server,
        ):
            server.recv(1024)  # its greeting, which the client has had
            server.sendall(kept)
            threading.Thread(target=pass_on, args=(server, inside), daemon=True).start()
            pass_on(inside, server)


def until_tls(client: socket.socket) -> bytes | None:
    """Return what came together with STARTTLS, nothing if the client hangs up before."""
    client.sendall(b"220 front ESMTP\r\n")
    kept = b""
    while more := client.recv(1024):
        kept += more
        while b"\n" in kept:
            line, kept = kept.split(b"\n", 1)
            verb = line[:8].strip().upper().decode(errors="replace")
            if verb == "STARTTLS":
                client.sendall(b"220 2.0.0 Ready to start TLS\r\n")
                return kept
            client.sendall(REPLIES.get(verb[:4], b"530 5.7.0 Must issue STARTTLS") + b"\r\n")
    return None


def pass_on(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what one side says to the other, until it hangs up."""
    with suppress(OSError):
        while more := source.recv(65536):
            sink.sendall(more)
        sink.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    main()
