"""
Learner: hands rspamd the messages that users moved into Junk and out of it.

Dovecot writes each message into a directory, with its class as the end of the name. While rspamd or
its Redis is away, a message stays there and is tried again, for a day at most.
"""

import socket
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

CLASSES = ("spam", "ham")
TIMEOUT = 20.0  # seconds for one message
LONGEST = 86_400.0  # seconds that a message waits
OF_NO_USE = 400  # a message with nothing to learn from


class Controller(HTTPConnection):
    """A connection to rspamd's controller at a UNIX socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(TIMEOUT)
        self.sock.connect(self._path)


def learn(directory: Path, controller: str) -> int:
    """Have every message learned, those included that come meanwhile; return how many stay."""
    tried: set[str] = set()
    while new := [path for path in waiting(directory) if path.name not in tried]:
        for path in new:
            tried.add(path.name)
            if _is_over(path, controller):
                path.unlink(missing_ok=True)
    return len(waiting(directory))


def waiting(directory: Path) -> list[Path]:
    """Return the messages that wait, the oldest first; one that is being written is none."""
    return sorted(path for one in CLASSES for path in directory.glob(f"[!.]*.{one}"))


def _is_over(path: Path, controller: str) -> bool:
    """Tell whether a message was learned, is of no use or is too old."""
    too_old = time.time() - path.stat().st_mtime > LONGEST
    connection = Controller(controller)
    try:
        connection.request("POST", f"/learn{path.suffix[1:]}", path.read_bytes())
        return connection.getresponse().status <= OF_NO_USE or too_old
    except (OSError, HTTPException):
        return too_old
    finally:
        connection.close()


def main() -> None:
    """Learn what waits in a directory; end with status 1 if messages stay."""
    directory, controller = sys.argv[1:]
    if stay := learn(Path(directory), controller):
        sys.exit(f"{stay} messages are not learned yet, and are tried again")


if __name__ == "__main__":
    main()
