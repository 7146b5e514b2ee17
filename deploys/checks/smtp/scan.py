"""A TLS scan of several ports, in one process with a time limit."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from tempfile import TemporaryFile

from pydantic import ValidationError
from sslyze import ServerScanResultAsJson

from . import scanner
from .scanner import SERVERS, Server

_LONGEST = 1 << 26  # octets of results; one server has some hundred thousand


def scanned(servers: Sequence[Server], limit: float) -> Mapping[Server, ServerScanResultAsJson]:
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
        with suppress(ValidationError):  # the last line may be incomplete
            result = ServerScanResultAsJson.model_validate_json(line)
            at = result.server_location
            results[at.hostname, str(at.ip_address), at.port] = result
    by_place = {(server.name, server.address, server.port): server for server in servers}
    return {by_place[place]: result for place, result in results.items() if place in by_place}
