"""One click on a bulk message's URL on both Debians: it unsubscribes, and a look at it does not."""

import json
import re
import shlex
import ssl
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from deploys.host.bulk.inbox import Stream
from deploys.lab import state
from deploys.mail import paths
from deploys.mail.unsubscribe import Unsubscription
from tests.lab.labs import Raised
from tests.lab.mail_client import account, found, submitted
from tests.lab.runs import (
    LAB,
    MAIL_HOSTS,
    UNPROVED,
    deployed,
    on,
    pyinfra,
    restored,
    settled,
    undone,
)
from tests.lab.test_bounces import SECRET, UNIT, asked, asked_as_bulk, events, suppress
from tests.lab.test_bulk import arrived, domain, own_data, sent
from tests.lab.test_signing import both, signatures
from tests.lab.test_web import gone
from tests.lab.tls import HOSTNAMES, put
from tests.lab.verification import PART, report
from tests.lab.volume import results

SIGNING, RSPAMD = paths.DKIM_TABLE, "systemctl restart rspamd"
BOTH = pytest.mark.parametrize("name", MAIL_HOSTS)
ROOT_OF_PEBBLE = "/root/pebble.pem"
CLIENT = "/root/one-click.py"
# A mail program of somebody else: requests from the peer, with a verified certificate.
PROGRAM = f"""
import json, ssl, sys, urllib.error, urllib.request
trusted = ssl.create_default_context(cafile={ROOT_OF_PEBBLE!r})
for method, url, body, headers in json.loads(sys.argv[1]):
    data = body.encode() * (10_000_000 if body == "x" else 1) if body is not None else None
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=20, context=trusted)
    except urllib.error.HTTPError as error:
        answer = error
    except urllib.error.URLError as error:
        print(json.dumps([0, "", str(error)]))
        continue
    print(json.dumps([answer.status, answer.headers.get("Set-Cookie", ""), answer.read().decode()]))
"""
# A client that never sends the body that it promises, and one that asks as fast as it can.
SLOW = f"""
import socket, ssl, sys
trusted = ssl.create_default_context(cafile={ROOT_OF_PEBBLE!r})
host, path = sys.argv[1:]
with socket.create_connection((host, 443), 60) as plain:
    with trusted.wrap_socket(plain, server_hostname=host) as client:
        head = f"POST {{path}} HTTP/1.1\\r\\nHost: {{host}}\\r\\nContent-Length: 26\\r\\n\\r\\nList"
        client.sendall(head.encode())
        print(client.recv(1000).decode()[:12] or "closed")
"""
GREEDY = f"""
import collections, http.client, ssl, sys
trusted = ssl.create_default_context(cafile={ROOT_OF_PEBBLE!r})
client = http.client.HTTPSConnection(sys.argv[1], timeout=20, context=trusted)
seen = collections.Counter()
for _ in range(400):
    client.request("GET", sys.argv[2])
    answer = client.getresponse()
    answer.read()
    seen[answer.status] += 1
print(*sorted(seen))
"""
Request = tuple[str, str, str | None, dict[str, str]]
RFC_8058 = ("List-Unsubscribe=One-Click", {"Content-Type": "application/x-www-form-urlencoded"})


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Mail hosts with a bulk stream, and with certificates that others can verify."""
    assert lab
    gone()
    on("mx1", f"ip address replace {LAB.lab.network4[41]}/26 dev eth0")
    put("peer", {ROOT_OF_PEBBLE: (root := _root()), CLIENT: PROGRAM})
    trusted = tmp_path_factory.mktemp("one-click") / "authorities.pem"
    trusted.write_text(state.keys(LAB.lab).authority() + root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OWN_HOST_DATA", _data(trusted))
        patch.setenv("BULK_SECRET", SECRET)
        done = pyinfra("deploys/site.py", "-y", *UNPROVED)
        assert done.returncode == 0, done.stdout
        yield
    restored()
    gone()


def _root() -> str:
    """Return the certificate of the lab's ACME authority."""
    context = ssl.create_default_context(cadata=state.keys(LAB.lab).authority())
    context.check_hostname = False  # it is asked by its address
    url = f"https://{LAB.address('ns')}:15000/roots/0"
    with urllib.request.urlopen(url, context=context, timeout=5) as reply:
        text: str = reply.read().decode()
    return text


def _data(trusted: Path) -> str:
    """Return the data of the hosts; with TLSA records a new certificate would wait."""
    web = {"mail_tls": "acme", "mail_dane": False, "mail_acme_ca_file": str(trusted)}
    return json.dumps({name: keys | web for name, keys in json.loads(own_data(bulk=True)).items()})


def clicked(*requests: Request) -> list[tuple[int, str, str]]:
    """Return status, cookie and text of each answer to requests from the peer."""
    command = f"python3 {CLIENT} {shlex.quote(json.dumps(requests))}"
    return [tuple(json.loads(line)) for line in on("peer", command).splitlines()]


def url(name: str, recipient: str, *, secret: str = SECRET) -> str:
    tokens = Stream(f"bounces.{domain(name)}", secret).tokens
    return f"{site(name)}/{tokens.token(Unsubscription(recipient, ''))}"


def site(name: str) -> str:
    return f"https://unsubscribe.{HOSTNAMES[name]}"


def somebody() -> str:
    return f"traveller+{uuid4().hex[:8]}@faraway.example"


def test_a_second_run_changes_nothing() -> None:
    said = deployed()

    assert said.count("No changes") == said.count("--> Starting operation") * len(MAIL_HOSTS)


@BOTH
def test_a_message_has_both_fields_signed_and_a_post_unsubscribes(name: str) -> None:
    recipient = somebody()
    (message,) = arrived(sent(name, recipient), 1)
    head = re.sub(r"\r?\n[ \t]+", " ", message.partition("\n\n")[0])
    links = re.search(r"List-Unsubscribe: <(https://\S+)>, <mailto:unsubscribe@\S+>", head)
    covered = [
        re.sub(r"\s", "", one).lower().split(":") for one in re.findall(r" h=([^;]+);", head)
    ]

    assert links, head
    assert links[1] == url(name, recipient)
    assert head.count("List-Unsubscribe-Post: List-Unsubscribe=One-Click") == 1
    assert signatures(message) == both(name, domain(name))
    assert len(covered) == len(both(name, domain(name)))
    assert all({"list-unsubscribe", "list-unsubscribe-post"} <= {*one} for one in covered)

    looks: list[Request] = [(one, links[1], None, {}) for one in ("GET", "HEAD") * 10]
    assert {(status, cookie) for status, cookie, _ in clicked(*looks)} == {(200, "")}
    assert asked_as_bulk(name, recipient).startswith("250")

    ((status, cookie, _), again) = clicked(*[("POST", links[1], *RFC_8058)] * 2)
    assert (status, cookie, again[0]) == (200, "", 200)
    assert re.match(r"550 5\.7\.1 .*\(unsubscribed\)", asked_as_bulk(name, recipient))
    assert asked(name, recipient).startswith("250")
    assert [one["kind"] for one in events(name, recipient)] == ["unsubscribe"]


@BOTH
def test_the_page_has_one_button_that_posts_to_the_same_address(name: str) -> None:
    ((status, _, text),) = clicked(("GET", url(name, somebody()), None, {}))

    assert status == 200
    assert text.count("<button") == text.count('<form method="post">') == 1


@BOTH
def test_ordinary_mail_has_neither_field(name: str) -> None:
    message = found("peer", "/var/mail/visitor", submitted(name))

    assert "List-Unsubscribe" not in message
    assert account(name) in message


@BOTH
def test_a_request_that_is_none_unsubscribes_nobody(name: str) -> None:
    recipient = somebody()
    link, foreign = url(name, recipient), url(name, recipient, secret="x" * 32)
    forged = f"{link[:-4]}AAAA"
    requests: dict[str, tuple[Request, int]] = {
        "forged token": (("POST", forged, *RFC_8058), 404),
        "token of another stream": (("POST", foreign, *RFC_8058), 404),
        "no token": (("POST", f"{site(name)}/", *RFC_8058), 404),
        "forged token, looked at": (("GET", forged, None, {}), 404),
        "OPTIONS": (("OPTIONS", link, None, {}), 405),
        "PUT": (("PUT", link, *RFC_8058), 405),
        "10 MB": (("POST", link, "x", {}), 413),
    }

    answers = clicked(*(request for request, _ in requests.values()))

    seen = dict(zip(requests, (status for status, _, _ in answers), strict=True))
    # nginx closes the connection of a body that is too large, which a client may notice first.
    assert seen.pop("10 MB") in (0, 413)
    assert seen == {one: status for one, (_, status) in requests.items() if one != "10 MB"}
    assert asked_as_bulk(name, recipient).startswith("250")


@BOTH
def test_any_body_and_content_type_will_do(name: str) -> None:
    recipient = somebody()

    ((status, _, _),) = clicked(("POST", url(name, recipient), "{}", {"Content-Type": "text/json"}))

    assert status == 200
    assert "(unsubscribed)" in asked_as_bulk(name, recipient)


@BOTH
def test_while_the_handler_is_stopped_a_request_is_answered_with_503(name: str) -> None:
    recipient = somebody()
    click: Request = ("POST", url(name, recipient), *RFC_8058)
    with undone(name, f"systemctl start {UNIT}"):
        on(name, f"systemctl stop {UNIT}")
        assert [status for status, _, _ in clicked(click)] == [503]

    for _ in range(100):  # the mail program tries again
        if clicked(click)[0][0] == 200:
            break
        time.sleep(0.2)
    assert "(unsubscribed)" in asked_as_bulk(name, recipient)


@BOTH
def test_only_the_web_server_and_the_handler_reach_the_socket(name: str) -> None:
    directory, socket = "/run/pyinfra-mail-bulk", "/run/pyinfra-mail-bulk/one-click.sock"

    assert on(name, f"stat -c '%a %U %G' {directory} {socket}").splitlines() == [
        "2710 pyinfra-mail-bulk www-data",
        "660 pyinfra-mail-bulk www-data",
    ]


@BOTH
def test_a_recipient_whom_the_operator_has_removed_unsubscribes_by_the_same_link(name: str) -> None:
    recipient = somebody()
    click: Request = ("POST", url(name, recipient), *RFC_8058)
    clicked(click)
    suppress("remove", f"suppress_address={recipient}", "suppress_reason=asked by phone")
    assert asked_as_bulk(name, recipient).startswith("250")

    clicked(click)

    assert "(unsubscribed)" in asked_as_bulk(name, recipient)


def findings(id_: str) -> list[dict[str, Any]]:
    pyinfra("deploys/verify.py", "-y", "--data", f"verify_only={id_}")
    return [one for one in report(PART)["findings"] if one["id"] == id_]


def test_the_check_clicks_for_a_recipient_of_its_own_and_leaves_no_suppression() -> None:
    good = findings("bulk.one_click")
    with undone("mx1", f"systemctl start {UNIT}"):
        on("mx1", f"systemctl stop {UNIT}")
        bad = findings("bulk.one_click")

    assert {one["severity"] for one in good} == {"ok"}, good
    assert {one["host"] for one in bad if one["severity"] == "error"} == {"mx1"}, bad
    rows = "SELECT count(*) FROM suppression WHERE recipient LIKE 'unsubscribe-test@%'"
    for name in MAIL_HOSTS:
        command = f"import sqlite3; print(*sqlite3.connect('/var/lib/pyinfra-mail-bulk/bulk.sqlite').execute(\"{rows}\").fetchone())"  # noqa: E501
        assert on(name, f"python3 -c {shlex.quote(command)}").strip() == "0"


def test_the_check_of_the_fields_reads_a_message_of_the_stream() -> None:
    before = {name: results(name) for name in MAIL_HOSTS}
    good = findings("bulk.unsubscribe")
    with undone("mx1", f"mv {SIGNING}.kept {SIGNING}; {RSPAMD}"):
        on("mx1", f"cp -a {SIGNING} {SIGNING}.kept")
        on("mx1", f"echo 'sign_headers = \"from:to:subject\";' >>{SIGNING}; {RSPAMD}")
        settled("mx1", "ss -Hxl | grep -q milter.sock")
        bad = findings("bulk.unsubscribe")
    settled("mx1", "ss -Hxl | grep -q milter.sock")

    assert {(one["host"], one["severity"]) for one in good} == {("mx1", "ok"), ("mx2", "ok")}, good
    assert all("List-Unsubscribe-Post, covered by" in one["saw"] for one in good)
    assert {(one["host"], one["severity"]) for one in bad} == {("mx1", "error"), ("mx2", "ok")}, bad
    assert {name: results(name) for name in MAIL_HOSTS} == before  # no mail of a customer


def alone(program: str, name: str, recipient: str) -> str:
    """Return the output of a program on the peer that asks for the link of a recipient."""
    host, _, path = url(name, recipient).removeprefix("https://").partition("/")
    return on("peer", f"python3 -c {shlex.quote(program)} {host} /{path}").strip()


@BOTH
def test_a_body_that_does_not_come_ends_the_connection_and_unsubscribes_nobody(name: str) -> None:
    recipient = somebody()

    assert alone(SLOW, name, recipient) in ("HTTP/1.1 408", "closed")

    assert asked_as_bulk(name, recipient).startswith("250")


@BOTH
def test_a_client_that_asks_too_often_is_slowed_and_harms_nobody(name: str) -> None:
    recipient = somebody()

    assert alone(GREEDY, name, recipient) == "200 429"

    assert asked_as_bulk(name, recipient).startswith("250")
