import json
import os

from deploys.lab.inventory import hosts
from tests.lab.labs import NAME

# What a test lets the operator write for one host, as JSON: {"mx1": {"mail_accounts": {}}}.
OWN = json.loads(os.environ.get("OWN_HOST_DATA", "{}"))

mail = [(name, {**data, **OWN.get(name, {})}) for name, data in hosts(NAME, "mail")]
witnesses = hosts(NAME, "peer")
ns = hosts(NAME, "ns")
resolver = hosts(NAME, "resolver")
