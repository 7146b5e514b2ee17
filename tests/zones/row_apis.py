"""APIs of providers with one row for each value, for their real classes."""

import json
from typing import Any

import requests

from tests.zones.configurations import Api
from tests.zones.fleets import HARBOR
from tests.zones.stand_ins import body_of

Row = dict[str, Any]
HOST_TYPES = ("ALIAS", "CNAME", "MX", "NS", "PTR")  # stored without the final dot
OK = 200


class RowApi(Api):
    """An API with rows of one zone; `name_key` and `value_key` are its own words."""

    name_key, value_key = "name", "content"

    def __init__(self, rows: list[Row]) -> None:
        super().__init__(lambda _: (404, {}))
        self.rows: dict[int, Row] = {}
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> Row:
        """Store a row as the API returns it, and return it."""
        row = {**row, "id": max(self.rows, default=0) + 1}
        if row["type"] in HOST_TYPES and row[self.value_key] != ".":
            row[self.value_key] = row[self.value_key].rstrip(".")
        self.rows[row["id"]] = row
        return row

    def held(self) -> dict[tuple[str, str], Any]:
        """Return the rows as they are stored, without their numbers."""
        found: dict[tuple[str, str], list[str]] = {}
        for row in self.rows.values():
            shown = json.dumps({k: v for k, v in row.items() if k != "id"}, sort_keys=True)
            found.setdefault((self.full_name(row), row["type"]), []).append(shown)
        return {key: sorted(rows) for key, rows in found.items()}

    def full_name(self, row: Row) -> str:
        """Return the full name of a row."""
        name = row[self.name_key]
        return HARBOR if name in ("", "@") else f"{name}.{HARBOR}"

    def respond(self, request: requests.PreparedRequest) -> tuple[int, Any]:
        """List, create, replace or delete rows."""
        path = str(request.url).partition("?")[0]
        number = path.rpartition("records/")[2]
        if not path.endswith("records") and not number.isdigit():
            return OK, self.zone(path)
        if request.method == "GET":
            return OK, self.listed([{**row} for row in self.rows.values()])
        if request.method == "DELETE":
            return OK, self.rows.pop(int(number)) and None
        body = json.loads(body_of(request))
        if request.method == "PUT":
            self.rows.pop(int(number))
        return OK, self.listed([self.add(body)])

    def zone(self, path: str) -> Any:
        """Return what the API says of the zone, or of all zones."""
        raise NotImplementedError

    def listed(self, rows: list[Row]) -> Any:
        """Return rows as the API returns them."""
        raise NotImplementedError


class DigitalOceanApi(RowApi):
    """DigitalOcean's API, which has `@` for the zone."""

    value_key = "data"

    def add(self, row: Row) -> Row:
        """Store a row; the target of a service has no final dot."""
        if row["type"] == "SRV" and row["data"] != ".":
            row = {**row, "data": row["data"].rstrip(".")}
        return super().add(row)

    def zone(self, path: str) -> Any:
        """Return the domain, or all of them."""
        domain = {"name": HARBOR}
        return {"domains": [domain], "links": {}} if path.endswith("domains") else domain

    def listed(self, rows: list[Row]) -> Any:
        """Return one page."""
        return {"domain_records": rows, "links": {}}


class DnsimpleApi(RowApi):
    """DNSimple's API."""

    def zone(self, path: str) -> Any:
        """Return the zone, or all of them."""
        zone = {"name": HARBOR}
        pages = {"total_pages": 1}
        return {"data": [zone], "pagination": pages} if path.endswith("zones") else {"data": zone}

    def listed(self, rows: list[Row]) -> Any:
        """Return one page."""
        return {"data": rows, "pagination": {"total_pages": 1}}


class CloudflareApi(RowApi):
    """Cloudflare's API, which has full names, and structured values beside their text."""

    def add(self, row: Row) -> Row:
        """Store a row; the target of a service has no final dot."""
        data = dict(row.get("data", {}))
        if row["type"] == "SRV" and data["target"] != ".":
            data["target"] = data["target"].rstrip(".")
        extra = {"data": data, "content": row.get("content", str(data))} if data else {}
        return super().add({"proxied": False, **row, **extra})

    def full_name(self, row: Row) -> str:
        """Return the name as it is."""
        return str(row["name"])

    def zone(self, path: str) -> Any:
        """Return all zones."""
        zone = {
            "id": "z",
            "name": HARBOR,
            "plan": {"legacy_id": "free"},
            "name_servers": ["ada.cloudflare.example"],
        }
        return self._result([zone]) | {"path": path}

    def listed(self, rows: list[Row]) -> Any:
        """Return one page."""
        return self._result(rows)

    def _result(self, found: list[Row]) -> Row:
        return {"result": found, "result_info": {"count": len(found), "per_page": 500}}
