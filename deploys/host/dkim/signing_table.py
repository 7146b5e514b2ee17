"""Signing table of rspamd: the DKIM keys that sign for each domain."""

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass

from ...mail.paths import DKIM_TABLE
from ..model.state import Existing

_DOMAINS = re.compile(r"^domain = (\{.*?^\});$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class SigningKey:
    """A private key that signs, and the selector of its record."""

    selector: str
    path: str

    @property
    def algorithm(self) -> str:
        """Return the algorithm, which is the end of the selector."""
        return self.selector.rpartition("-")[2]


SigningTable = Mapping[str, tuple[SigningKey, ...]]


def existing_table(existing: Existing) -> SigningTable:
    """Return the table in rspamd's file on the host."""
    file = existing.services["rspamd"].files.get(DKIM_TABLE)
    text = b64decode(file.content).decode("utf-8", "replace") if file else ""
    found = _DOMAINS.search(text)
    domains = json.loads(found[1]) if found else {}
    return {
        domain: tuple(SigningKey(**key) for key in value["selectors"])
        for domain, value in domains.items()
        if "selectors" in value
    }


def as_ucl(table: SigningTable) -> dict[str, dict[str, list[dict[str, str]]]]:
    """Return a table in the shape of rspamd's setting `domain`."""
    return {
        domain: {"selectors": [{"selector": key.selector, "path": key.path} for key in keys]}
        for domain, keys in table.items()
    }
