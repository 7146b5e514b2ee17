"""A scan of TLS at several ports, in one process that is ended when its time is over."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from tempfile import TemporaryFile

from pydantic import ValidationError
from sslyze import ServerScanResultAsJson

from . import scanner
from .scanner import SERVERS, Server

_LONGEST = 1 << 26  # octets of results, of which a server takes some hundred thousand


def scanned(servers: Sequence[Server], limit: float) -> Mapping[Server, ServerScanResultAsJson]:
    """Return what was found at each server whose scan was done within so many seconds."""
    # What a process has written to a file is there, however it is ended.
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
        with suppress(ValidationError):  # the line at which it was ended
            result = ServerScanResultAsJson.model_validate_json(line)
            at = result.server_location
            results[at.hostname, str(at.ip_address), at.port] = result
    by_place = {(server.name, server.address, server.port): server for server in servers}
    return {by_place[place]: result for place, result in results.items() if place in by_place}
