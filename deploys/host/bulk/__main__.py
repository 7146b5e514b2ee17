"""
Entry point of the handler, which systemd starts with the path of its configuration.

In a preflight, which has no network, the word `alone` follows: a file takes the database's place.
"""

import asyncio
import logging
import sys
from pathlib import Path

from .program import Handler, configuration

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
for name in ("mail.log", "flufl.bounce"):  # every command, and every format that is tried
    logging.getLogger(name).setLevel(logging.WARNING)
wanted = configuration(Path(sys.argv[1]), alone=sys.argv[2:] == ["alone"])
asyncio.run(Handler(wanted).run())
