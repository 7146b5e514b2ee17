"""Results of bulk mail as a host has counted them, by receiver and outcome."""

import json
import time
from collections import Counter
from shlex import quote

from deploys.mail import paths
from tests.lab.runs import on

OUTCOMES = ("delivered", "deferred", "bounced")
PROGRAM = """
import json, sqlite3, sys
with sqlite3.connect(sys.argv[1]) as volume:
    rows = volume.execute("SELECT receiver, delivered, deferred, bounced FROM volume")
    print(json.dumps(rows.fetchall()))
"""
Results = Counter[tuple[str, str]]


def results(name: str) -> Results:
    """Return the results that a host has counted so far."""
    found: Results = Counter()
    for receiver, *numbers in json.loads(on(name, f"python3 -c {quote(PROGRAM)} {paths.VOLUME}")):
        for outcome, number in zip(OUTCOMES, numbers, strict=True):
            found[receiver, outcome] += number
    return found


def since(name: str, before: Results, least: Results) -> Results:
    """Return the results after those of before, once there are as many as `least` of each."""
    for _ in range(600):
        found = results(name)
        found.subtract(before)
        if found >= least:
            break
        time.sleep(0.1)
    return found
