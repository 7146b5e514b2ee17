"""How each provider with a short name is configured, and APIs that they can be given to."""

import json
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse

from deploys.mail.settings.secret import env

KEY = "b3Blbi1zZXNhbWU="  # base64, as TSIG has it
SECRET = env("TEST_KEY")
TOKEN = {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}
LOGIN = "https://login.microsoftonline.com/harbor.example"

KEYS: dict[str, dict[str, Any]] = {
    "azure": {
        "sub_id": "s",
        "resource_group": "mail",
        "directory_id": "harbor.example",
        "client_id": "c",
        "key": SECRET,
    },
    "cloudflare": {"token": SECRET},
    "desec": {"token": SECRET},
    "digitalocean": {"token": SECRET},
    "dnsimple": {"token": SECRET, "account": 42},
    "gandi": {"token": SECRET},
    "googlecloud": {"project": "mail", "credentials_file": env("TEST_ACCOUNT")},
    "hetzner": {"token": SECRET, "backend": "hcloud"},
    "ns1": {"api_key": SECRET},
    "ovh": {
        "endpoint": "ovh-eu",
        "application_key": "a",
        "application_secret": SECRET,
        "consumer_key": SECRET,
    },
    "powerdns": {"host": "203.0.113.2", "api_key": SECRET},
    "rfc2136": {"host": "203.0.113.4", "key_name": "mail.", "key_secret": SECRET},
    "route53": {"access_key_id": "a", "secret_access_key": SECRET},
}


def account(**changes: str) -> dict[str, str]:
    """A service account as Google issues it."""
    return {
        "type": "service_account",
        "client_email": "mail@harbor.example",
        "token_uri": "https://oauth2.googleapis.com/token",
        "private_key": _private_key(),
    } | changes


@cache
def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the secrets that the configurations refer to."""
    monkeypatch.setenv("TEST_KEY", KEY)
    monkeypatch.setenv("TEST_ACCOUNT", json.dumps(account()))


def configured(name: str, **changes: Any) -> dict[str, Any]:
    return {"class": name, **KEYS[name], **changes}


class Api(BaseAdapter):
    """An API at any address, whose answers are a function; it keeps the requests."""

    def __init__(self, answer: Callable[[str], tuple[int, Any]]) -> None:
        super().__init__()
        self.answer = answer
        self.shown = ""

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        self.shown += f"{request.url} {request.headers} {request.body!r}"
        status, body = self.respond(request)
        headers = {"Content-Type": "application/json"}
        content = BytesIO(json.dumps(body).encode())
        raw = HTTPResponse(content, headers, status, preload_content=False)
        return HTTPAdapter().build_response(request, raw)

    def respond(self, request: requests.PreparedRequest) -> tuple[int, Any]:
        """Return the status and the body of the answer to a request."""
        return self.answer(str(request.url))

    def close(self) -> None:
        """Do nothing: no connection is open."""


def credentials(url: str) -> Any:
    """Return the answer of a service that a class asks before its API; None at the API itself."""
    if "openid-configuration" in url:
        return {
            "authorization_endpoint": f"{LOGIN}/authorize",
            "token_endpoint": f"{LOGIN}/oauth2/v2.0/token",
            "issuer": LOGIN,
        }
    if "discovery/instance" in url:
        return {"tenant_discovery_endpoint": f"{LOGIN}/v2.0/.well-known/openid-configuration"}
    if "oauth2" in url:
        return TOKEN
    return 1_700_000_000 if "auth/time" in url else None


def api(monkeypatch: pytest.MonkeyPatch, answer: Callable[[str], tuple[int, Any]]) -> Api:
    """Replace every server that `requests` reaches by an API."""
    return reached(monkeypatch, Api(answer))


def reached(monkeypatch: pytest.MonkeyPatch, made: Api) -> Api:
    """Replace every server that `requests` reaches by an API that keeps a state."""
    monkeypatch.setattr(requests.Session, "get_adapter", lambda *_, **__: made)
    return made
