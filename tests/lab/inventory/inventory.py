import json
import os
from typing import Any

from deploys.lab.inventory import hosts
from deploys.mail.settings.secret import env
from tests.lab.labs import NAME


def _read(found: dict[str, Any]) -> Any:
    """Return a dictionary, or the reference that one with the key env stands for."""
    return env(found["env"]) if found.keys() == {"env"} else found


# What a test lets the operator write for one host, as JSON: {"mx1": {"mail_accounts": {}}}.
OWN = json.loads(os.environ.get("OWN_HOST_DATA", "{}"), object_hook=_read)

mail = [(name, {**data, **OWN.get(name, {})}) for name, data in hosts(NAME, "mail")]
witnesses = hosts(NAME, "peer")
ns = hosts(NAME, "ns")
resolver = hosts(NAME, "resolver")
