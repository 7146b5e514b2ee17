"""A TLS scan of several ports, in one process with a time limit."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from types import SimpleNamespace

from . import scanner
from .scanner import SERVERS, ScannedServer

Scan = SimpleNamespace  # its fields are those of sslyze's ServerScanResultAsJson

_LONGEST = 1 << 26  # octets of results; one server has some hundred thousand


def scanned(servers: Sequence[ScannedServer], limit: float) -> Mapping[ScannedServer, Scan]:
    """Return the result of each server whose scan ended within `limit` seconds."""
    # A file keeps what the process has written when it is killed.
    with TemporaryFile() as found:
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                (sys.executable, str(scanner.__file__)),
                input=SERVERS.dump_json(tuple(servers)),
                stdout=found,
                stderr=subprocess.DEVNULL,
                timeout=limit,
                check=False,
            )
        found.seek(0)
        lines = found.read(_LONGEST).splitlines()
    results = {}
    for line in lines:
        with suppress(json.JSONDecodeError):  # the last line may be incomplete
            result = json.loads(line, object_hook=lambda fields: Scan(**fields))
            at = result.server_location
            results[at.hostname, at.ip_address, at.port] = result
    by_place = {(server.name, server.address, server.port): server for server in servers}
    return {by_place[place]: result for place, result in results.items() if place in by_place}
