"""The program: its configuration is a file in JSON, named on the command line."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ..programs.readiness import tell_ready
from ..programs.socketmap import Lookup, serve
from .counts import Counts
from .log import follow
from .membership import Membership
from .plan_day import moment
from .tables import PACED, RECEIVERS, Tables
from .volume import Volume
from .warmup import Warmup, opened, plans_of

SAVE_SECONDS = 15
VOLUME_SECONDS = 2


async def main(values: Mapping[str, Any]) -> None:
    """Answer, and read the log, until systemd says stop."""
    volume = Volume(Path(values["volume"]), time.time())
    plans = plans_of(values["warmup"])
    warmup = Warmup(opened(Path(values["volume"])), plans) if plans else None
    state, slowed = Path(values["state"]), Path(values["slowed"])
    tables = Tables(Membership(values["groups"]), state, slowed, warmup, values["rest"])
    tables.load()
    counts = Counts(tables, volume, values["addresses"], relayed=values["relayed"])
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    # Postfix runs as another user, and the answers are no secret.
    before = os.umask(0o111)
    maps = {name: lookup(tables, name) for name in (RECEIVERS, PACED)}
    server = await asyncio.start_unix_server(partial(serve, maps), values["socket"])
    os.umask(before)
    tell_ready()
    log = follow(lambda: (*values["log"], volume.after), counts.note)
    tasks = [asyncio.create_task(one) for one in (log, keep(tables), keep_volume(volume, tables))]
    ended = asyncio.create_task(stop.wait())
    await asyncio.wait([ended, *tasks], return_when=asyncio.FIRST_COMPLETED)
    server.close()  # Python 3.12 would wait for connections, and Postfix keeps its own open
    tables.save()
    save_counts(volume, tables)
    for task in tasks:
        if task.done():
            task.result()  # it never ends but by an error, and systemd starts the program again
        task.cancel()


def lookup(tables: Tables, name: str) -> Lookup:
    """Return the lookup of a table."""
    return lambda key: tables.answer(name, key, time.time())


async def keep(tables: Tables) -> None:
    """Let slowed groups recover, and save the state."""
    while True:
        await asyncio.sleep(SAVE_SECONDS)
        tables.move(time.time())
        tables.save()


async def keep_volume(volume: Volume, tables: Tables) -> None:
    """Save what is counted, and let Postfix ask again if that changes its answers."""
    while True:
        await asyncio.sleep(VOLUME_SECONDS)
        save_counts(volume, tables)
        tables.renew(time.time())


def save_counts(volume: Volume, tables: Tables) -> None:
    """Write what is counted."""
    volume.save()
    if tables.warmup:
        tables.warmup.save(moment(time.time()))


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
