import json
import os

from deploys.lab.inventory import hosts

# What a test lets the operator write for one host, as JSON: {"mx1": {"mail_accounts": {}}}.
OWN = json.loads(os.environ.get("OWN_HOST_DATA", "{}"))

mail = [(name, {**data, **OWN.get(name, {})}) for name, data in hosts("tests", "mail")]
witnesses = hosts("tests", "peer")
ns = hosts("tests", "ns")
resolver = hosts("tests", "resolver")
