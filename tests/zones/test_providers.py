"""Each provider with a short name: it loads, reads its keys, and supports these types."""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from deploys.mail.errors import MailError
from deploys.zones.providers import docs
from deploys.zones.providers.catalogue import PROVIDERS
from deploys.zones.providers.http import sessions
from deploys.zones.providers.loader import load
from deploys.zones.providers.provider import Provider
from tests.zones.configurations import KEY, KEYS, account, api, configured, given

MAIL_TYPES = {"A", "AAAA", "CAA", "CNAME", "MX", "PTR", "SRV", "TLSA", "TXT"}
OPTIONAL = {("googlecloud", "project"), ("hetzner", "backend"), ("googlecloud", "credentials_file")}
MISSING = [
    (name, key) for name, keys in KEYS.items() for key in keys if (name, key) not in OPTIONAL
]
BY_HAND = "manual"  # needs no package and has no keys
CANNOT_HOLD = {
    "azure": {"TLSA"},
    "cloudflare": set(),
    "desec": set(),
    "digitalocean": {"PTR", "TLSA"},
    "dnsimple": {"TLSA"},
    "gandi": set(),
    "googlecloud": {"TLSA"},
    "hetzner": set(),
    "ns1": set(),
    "ovh": {"TLSA"},
    "powerdns": set(),
    "rfc2136": set(),
    "route53": {"TLSA"},
}


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch)


def email_of(google: Provider) -> Any:
    client = google.octodns.gcloud_client
    return client._credentials.service_account_email  # noqa: SLF001 - it shows it nowhere else


def refused(configuration: Mapping[str, Any]) -> str:
    with pytest.raises(MailError) as error:
        load(configuration)
    sentence = str(error.value)
    assert "\n" not in sentence
    assert KEY not in sentence
    return sentence


def test_every_short_name_is_in_these_tables() -> None:
    assert set(KEYS) == set(CANNOT_HOLD) == set(PROVIDERS) - {BY_HAND}


def test_every_short_name_is_an_extra_of_the_package() -> None:
    lines = (Path(__file__).parents[2] / "pyproject.toml").read_text().splitlines()
    extras = {line.partition(" = ")[0] for line in lines if " = [" in line and "octodns-" in line}

    assert extras == set(PROVIDERS) - {BY_HAND}


def test_the_documents_have_the_table_of_the_code() -> None:
    text = (Path(__file__).parents[2] / "docs/providers.md").read_text()

    assert text == docs.page(text), "run python -m deploys.zones.providers.docs"
    assert text.count("\n| `") == len(KEYS)


@pytest.mark.parametrize("name", KEYS)
def test_a_provider_loads_from_octodns_own_keys_and_shows_no_secret(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        provider = load(configured(name))

    path = f"{type(provider.octodns).__module__}.{type(provider.octodns).__name__}"
    assert path.startswith(PROVIDERS[name].path.partition(".")[0])
    assert path.endswith(PROVIDERS[name].path.partition(".")[2])
    assert provider.name.partition(" at ")[0] == name
    assert KEY not in repr(provider)
    assert "PRIVATE KEY" not in repr(provider)
    assert KEY not in caplog.text


@pytest.mark.parametrize("name", KEYS)
def test_a_further_instance_reads_the_same_configuration_and_shares_the_connections(
    name: str,
) -> None:
    provider = load(configured(name))
    assert provider.another
    other = provider.another()

    assert type(other).__name__ == type(provider.octodns).__name__
    assert other is not provider.octodns
    pairs = zip(sessions(provider.octodns), sessions(other), strict=True)
    assert all(first.adapters is second.adapters for first, second in pairs)


@pytest.mark.parametrize(("name", "key"), MISSING)
def test_a_missing_key_is_named(name: str, key: str) -> None:
    rest = {other: value for other, value in configured(name).items() if other != key}

    assert f"{PROVIDERS[name].path} needs {key}; add it to mail_dns" in refused(rest)


def test_google_without_a_key_or_a_default_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)

    assert "default credentials were not found" in refused({"class": "googlecloud"})


@pytest.mark.parametrize("name", KEYS)
def test_an_unknown_key_is_named(name: str) -> None:
    assert f"{PROVIDERS[name].path} has no key tokne; correct it" in refused(
        configured(name, tokne="x")
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "JSONDecodeError"),
        (json.dumps(account(private_key=f"-----BEGIN {KEY}")), "ValueError"),
        (json.dumps({"private_key": KEY}), "client_email"),
    ],
)
def test_a_broken_account_of_google_is_refused_without_showing_it(
    text: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_ACCOUNT", text)

    assert words in refused(configured("googlecloud"))


def test_an_account_of_google_is_read_from_a_file_that_is_then_removed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)

    assert email_of(load(configured("googlecloud"))) == "mail@harbor.example"
    assert list(tmp_path.iterdir()) == []


def test_an_account_of_google_may_be_a_file_of_the_operator(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    path.write_text(json.dumps(account()))
    provider = load(configured("googlecloud", credentials_file=str(path)))

    assert email_of(provider) == "mail@harbor.example"
    assert path.exists()


@pytest.mark.parametrize("name", KEYS)
def test_the_types_that_a_provider_does_not_support(name: str) -> None:
    assert MAIL_TYPES - set(load(configured(name)).octodns.SUPPORTS) == CANNOT_HOLD[name]


REFUSAL = {"errors": [{"message": "no"}], "error": {"code": "unauthorized", "message": "no"}}
SHOWN = {  # where the secret itself is not sent but used
    "azure": "harbor.example/v2.0",
    "googlecloud": "assertion=",
    "ovh": "/auth/time",
}


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("name", sorted(set(KEYS) - {"rfc2136", "route53"}))
def test_a_token_without_rights_is_shown_to_the_api_and_to_nobody_else(
    name: str, status: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shown_to = api(monkeypatch, lambda _: (status, REFUSAL))
    provider = load(configured(name))

    def look() -> None:
        provider.zone_names("harbor.example")
        provider.read("harbor.example")

    with pytest.raises(MailError, match="refuses our credentials; correct the key or") as error:
        look()
    assert KEY not in str(error.value)
    assert SHOWN.get(name, KEY) in shown_to.shown
    assert capfd.readouterr() == ("", "")
