"""What exists: one look at everything that a plan compares, changing nothing."""

import base64
import grp
import hashlib
import os
import pwd
import stat
import time
from pathlib import Path
from typing import Any

from .dkim import history, public_key
from .services.loaded import LOADED, built_from, loaded, others, owned
from .system.processes import listener, master_of
from .system.shell import run
from .tls.certificates import account, look


def existing(request: dict[str, Any]) -> dict[str, Any]:
    """Return what the queries of the request find on this host."""
    queries = request["queries"]
    certificates = [one for query in queries for one in query["certificates"]]
    units = _units([unit for query in queries for unit in query["units"]])
    return {
        "system": _system(),
        "packages": _packages(sorted({name for query in queries for name in query["packages"]})),
        "listeners": {str(port): listener(port) for query in queries for port in query["ports"]},
        "services": {query["name"]: _service(query, units) for query in queries},
        "certificates": {one["path"]: look(one) for one in certificates},
        "acme_account": next(filter(None, {account(one["directory"]) for one in certificates}), ""),
        "others": others({query["name"] for query in queries}),
        "keys": {path: public_key(path) for query in queries for path in query["keys"]},
        "histories": {path: history(path) for query in queries for path in query["histories"]},
        "clock": time.time(),
    }


def _service(query: dict[str, Any], units: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return the files, tables, units and the loaded digest of one service."""
    pids = {name: unit["MainPID"] for name, unit in units.items()}
    master = master_of({**query, "pids": pids})
    return {
        "files": {path: _file(path, secret=path in query["secrets"]) for path in query["files"]},
        "tables": {path: built_from(query["name"], path) for path in query["tables"]},
        "owned": owned(query["name"]),
        "units": {name: units[name] for name in query["units"] if name in units},
        "pid": master[0] if master else None,
        "loaded": loaded(query, master),
        "interrupted": (LOADED / f"{query['name']}.switching").exists(),
    }


def _system() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text().splitlines()
    pairs = dict(line.split("=", 1) for line in lines if "=" in line)
    return {
        key: pairs.get(key.upper(), "").strip('"') for key in ("id", "version_id", "pretty_name")
    }


def _packages(names: list[str]) -> dict[str, str | None]:
    shown = run(
        "dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status}\n", *names
    ).stdout
    found = [line.split() for line in shown.splitlines()]
    versions = {line[0]: line[1] for line in found if line[-1] == "installed"}
    return {name: versions.get(name) for name in names}


def _file(path: str, *, secret: bool) -> dict[str, Any] | None:
    try:
        status = os.lstat(path)
        content = Path(path).read_bytes()
    except OSError:
        return None
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "content": "" if secret else base64.b64encode(content[:65536]).decode(),
        "mode": stat.S_IMODE(status.st_mode),
        "owner": _name(pwd.getpwuid, status.st_uid),
        "group": _name(grp.getgrgid, status.st_gid),
    }


def _name(lookup: Any, number: int) -> str:  # noqa: ANN401 - pwd and grp answer alike
    try:
        return str(lookup(number)[0])
    except KeyError:
        return str(number)


def _units(names: list[str]) -> dict[str, dict[str, str]]:
    properties = "Id,LoadState,ActiveState,UnitFileState,MainPID"
    shown = run("systemctl", "show", "-p", properties, *names).stdout
    blocks = [
        dict(line.split("=", 1) for line in block.splitlines()) for block in shown.split("\n\n")
    ]
    return {block["Id"]: block for block in blocks if block.get("LoadState") != "not-found"}
