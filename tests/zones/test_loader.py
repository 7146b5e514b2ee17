"""The provider of a mail_dns, and the errors of a wrong one."""

import logging
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from deploys.mail.errors import MailError
from deploys.mail.settings.secret import command, env, file
from deploys.zones.providers import http
from deploys.zones.providers.loader import load
from deploys.zones.providers.refusal import UnreachableError
from tests.zones.fleets import DNS, harbor, served

KEY = "open-sesame"
POWERDNS = {"class": "powerdns", "host": "127.0.0.1", "api_key": env("TEST_KEY")}


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", KEY)


def test_short_names_stand_for_octodns_classes() -> None:
    tsig = {"key_name": "mail.", "key_secret": env("TEST_KEY"), "key_algorithm": "hmac-sha256"}

    assert type(load(POWERDNS).octodns).__name__ == "PowerDnsProvider"
    rfc2136 = load({"class": "rfc2136", "host": "127.0.0.1", **tsig}).octodns
    assert type(rfc2136).__name__ == "Rfc2136Provider"
    assert rfc2136.key_secret == KEY


def test_any_other_provider_is_named_by_its_class() -> None:
    zones = served(harbor=harbor())

    assert load(DNS).octodns.zones is zones


def test_secrets_are_resolved_wherever_they_are_and_never_shown() -> None:
    served()
    provider = load(DNS | {"api_key": env("TEST_KEY")})

    assert provider.octodns.api_key == KEY
    assert KEY not in repr(provider)


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({}, "mail_dns: the class None is not known; write one of azure, cloudflare, des"),
        ({"class": "powerdsn"}, "the class 'powerdsn' is not known; did you mean 'powerdns'"),
        (
            {"class": "octodns_absent.AbsentProvider"},
            "the Python module octodns_absent, which is not installed; run: pip install 'octodns-a",
        ),
        ({"class": "octodns_powerdns.Nothing"}, "octodns_powerdns has no Nothing"),
        (
            {"class": "powerdns", "host": "h"},
            "octodns_powerdns.PowerDnsProvider needs api_key; add",
        ),
        ({"class": "powerdns"}, "needs host and api_key; add"),
        (POWERDNS | {"api_kee": 1}, "has no key api_kee; correct it in mail_dns or remove it"),
        (
            POWERDNS | {"port": "x"},
            "refuses its configuration (ValueError: invalid literal for int",
        ),
        (POWERDNS | {"api_key": env("TEST_UNSET")}, 'env("TEST_UNSET") is not set: export TEST_UN'),
        (POWERDNS | {"api_key": file("/absent")}, 'file("/absent") cannot be read'),
        (POWERDNS | {"api_key": command("false")}, 'command("false") cannot be read'),
    ],
)
def test_a_wrong_configuration_is_one_sentence(
    configuration: Mapping[str, Any], words: str
) -> None:
    with pytest.raises(MailError) as error:
        load(configuration)

    assert words in str(error.value)
    assert "\n" not in str(error.value)
    assert KEY not in str(error.value)


def test_a_missing_package_is_named_by_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(name=name)

    monkeypatch.setattr("deploys.zones.providers.loader.import_module", absent)

    with pytest.raises(MailError) as error:
        load(POWERDNS)

    assert str(error.value).endswith(
        "run: pip install 'pyinfra-mail[powerdns]', or in a clone scripts/setup --with powerdns"
    )


class Api(BaseHTTPRequestHandler):
    """An API that answers every request as the test sets, or not at all."""

    status, body, port, hang = 500, "", 0, Event()

    def do_GET(self) -> None:
        if self.status == 0:
            self.hang.wait(5)
            return
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body.encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[type[Api]]:
    class Own(Api):
        hang = Event()

    with ThreadingHTTPServer(("127.0.0.1", 0), Own) as server:
        Own.port = server.server_address[1]
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Own
        Own.hang.set()
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, "Unauthorized", "refuses our credentials; correct the key or token in mail_dns"),
        (403, "", "refuses our credentials"),
        (
            500,
            '{"error": "backend is gone"}',
            "answers with HTTP status 500: error: backend is gone",
        ),
        (429, "\n\nslow down\nplease", "answers with HTTP status 429: slow down"),
        (500, KEY, "answers with HTTP status 500: ***"),
        (200, "no json", "fails with JSONDecodeError"),
        (0, "", "does not answer in time"),
    ],
)
def test_an_answer_of_an_api_becomes_one_sentence(
    status: int, body: str, words: str, api: type[Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "RETRIES", 0)  # test_http.py tests the retries
    api.status, api.body = status, body
    provider = load(POWERDNS | {"port": api.port, "timeout": 0.5})

    for action in (lambda: provider.read("harbor.example"), lambda: provider.zone_names("x")):
        with pytest.raises(MailError) as error:
            action()
        assert f"powerdns at 127.0.0.1 {words}" in str(error.value)
        assert "\n" not in str(error.value)
        assert KEY not in str(error.value)


def test_a_provider_that_is_down_is_reported() -> None:
    with pytest.raises(
        UnreachableError,
        match=r"^harbor\.example: powerdns at 127\.0\.0\.1 cannot be reached \(Connection refused",
    ):
        load(POWERDNS | {"port": 9}).read("harbor.example")


def test_a_key_that_no_header_can_hold_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEST_KEY", f"{KEY}\nx")

    with pytest.raises(MailError) as error:
        load(POWERDNS).read("harbor.example")

    assert KEY not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_messages_of_octodns_are_shown_with_debug_only(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    served(harbor=harbor())
    provider = load(DNS | {"api_key": env("TEST_KEY")})
    with caplog.at_level(logging.DEBUG, logger="pyinfra"):
        provider.octodns.log.warning("the key is %s", KEY)

    assert [record.getMessage() for record in caplog.records] == ["octoDNS: the key is ***"]
    assert capfd.readouterr().err == ""
