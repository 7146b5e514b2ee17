"""What every test of the checks has."""

import logging
from collections.abc import Iterator

import pytest

from deploys.mail.settings import accounts


@pytest.fixture(autouse=True, scope="session")
def _hashes() -> Iterator[None]:
    """Hash passwords of accounts cheaply; how hosts get them is tested with the settings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "MEMORY", 64)
        patch.setattr(accounts, "PASSES", 1)
        yield


@pytest.fixture(autouse=True, scope="session")
def _quiet() -> None:
    """Hide aiosmtpd's tracebacks of broken handshakes, of which a scan makes some hundred."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
