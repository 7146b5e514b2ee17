"""Route 53's API on loopback, as moto serves it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from unittest.mock import patch

from botocore.loaders import JSONFileLoader
from moto.core.responses import ActionResult
from moto.route53.models import ChangeList
from moto.route53.responses import Route53
from moto.server import ThreadedMotoServer


@contextmanager
def route53() -> Iterator[str]:
    """Serve the API, and return its URL."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    # Each session of Amazon's library reads the same 10 MB of JSON.
    read = cache(JSONFileLoader().load_file)
    with (
        patch.object(JSONFileLoader, "load_file", lambda _, path: read(path)),
        patch.object(Route53, "list_health_checks", _whole_list),
        # Amazon lets one create again what one has deleted; moto remembers that it was there.
        patch.object(ChangeList, "__contains__", lambda *_: False),
    ):
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


def _whole_list(_: Route53) -> ActionResult:
    """Add to moto's answer, as Amazon's has it, that there is no second page."""
    return ActionResult({"HealthChecks": [], "IsTruncated": False})
