"""Requests to unsubscribe, as nginx hands them over to the running handler."""

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from deploys.host.bulk.inbox import Stream
from deploys.mail.unsubscribe import Unsubscription
from tests.host.bulk import samples
from tests.host.bulk.test_program import ANNA, STREAM, Program, bounce, started

NAME = "one-click.sock"
LIST = "news.example.org"


def token(recipient: str = ANNA, stream: Stream = STREAM) -> str:
    return stream.tokens.token(Unsubscription(recipient, LIST))


@pytest.fixture
def program() -> Iterator[Program]:
    yield from started()


def handed_over(program: Program, method: str, path: str) -> tuple[int, str]:
    """Return status and the rest of the answer to a request, as nginx asks."""
    fields = {"CONTENT_LENGTH": "0", "SCGI": "1", "REQUEST_METHOD": method, "DOCUMENT_URI": path}
    text = "".join(f"{name}\0{value}\0" for name, value in fields.items()).encode()
    answer = said(program, b"%d:%b," % (len(text), text))
    status, _, rest = answer.partition("\r\n")
    return int(status.split()[1]), rest


def said(program: Program, octets: bytes) -> str:
    with closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(20)
        client.connect(str(program.directory / NAME))
        client.sendall(octets)
        client.shutdown(socket.SHUT_WR)
        with client.makefile("rb") as stream:
            return stream.read().decode()


def suppression(program: Program) -> str:
    return program.lookup(f"suppression {ANNA}")


def test_a_post_unsubscribes_at_once_and_the_second_is_counted_no_more(program: Program) -> None:
    for _ in range(3):
        status, rest = handed_over(program, "POST", f"/{token()}")
        assert status == 200
        assert "You are unsubscribed" in rest
        assert not {"set-cookie", "location"} & {
            line.partition(":")[0].lower() for line in rest.splitlines()
        }

    assert f"(unsubscribed): unsubscribed from {LIST}" in suppression(program)
    assert program.events() == [("unsubscribe", ANNA)]
    (event,) = program.logged()
    assert (event["mailing_list"], event["suppressed"]) == (LIST, True)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_look_shows_one_button_and_changes_nothing(program: Program, method: str) -> None:
    for _ in range(50):
        status, rest = handed_over(program, method, f"/{token()}")
        assert status == 200
        assert rest.count("<button>") == rest.count('<form method="post">') == 1
        assert ANNA not in rest

    assert suppression(program) == "NOTFOUND "
    assert program.events() == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        f"/{token()[:-4]}AAAA",
        f"/{token(stream=Stream('bounces.example.org', 'y' * 32))}",
        f"/more/{token()}",
        f"/{token()}{'A' * 2000}",
        "/../../etc/passwd",
        "/\ufffd\u20ac",
    ],
    ids=["none", "empty", "forged", "another stream", "path", "long", "dots", "octets"],
)
def test_a_link_without_a_valid_token_is_answered_with_404(
    program: Program, method: str, path: str
) -> None:
    status, rest = handed_over(program, method, path)

    assert status == 404
    assert rest.endswith("This link to unsubscribe is not valid.\n")
    assert program.events() == []


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "post", ""])
def test_other_methods_are_refused(program: Program, method: str) -> None:
    status, rest = handed_over(program, method, f"/{token()}")

    assert status == 405
    assert "Allow: GET, HEAD, POST" in rest
    assert program.events() == []


@pytest.mark.parametrize("octets", [b"", b"GET / HTTP/1.1\r\n\r\n", b"99999999:", b"9:short"])
def test_what_is_no_request_of_nginx_harms_nobody(program: Program, octets: bytes) -> None:
    said(program, octets)

    assert handed_over(program, "POST", f"/{token()}")[0] == 200


def test_a_link_works_again_after_the_operator_has_removed_the_suppression(
    program: Program,
) -> None:
    handed_over(program, "POST", f"/{token()}")
    program.suppressions(verb="remove", recipients=[ANNA], reason="by phone")
    assert suppression(program) == "NOTFOUND "

    handed_over(program, "POST", f"/{token()}")

    assert "(unsubscribed)" in suppression(program)
    assert [kind for kind, _ in program.events()] == ["unsubscribe", "removed", "unsubscribe"]


@pytest.mark.parametrize("expires", [0, 4_000_000_000])
def test_a_wish_to_leave_outlasts_a_row_of_the_operator(program: Program, expires: int) -> None:
    row = {"recipient": ANNA, "kind": "manual", "reason": "by phone", "expires": expires}
    program.suppressions(verb="put", rows=[row])

    for _ in range(2):
        assert handed_over(program, "POST", f"/{token()}")[0] == 200

    (kept,) = program.suppressions(verb="list")
    assert (kept["kind"], kept["expires"]) == ("unsubscribe", 0)
    assert program.events() == [("unsubscribe", ANNA)]


def test_who_has_bounced_can_unsubscribe_too(program: Program) -> None:
    program.send(bounce())

    assert handed_over(program, "POST", f"/{token()}")[0] == 200

    assert "(unsubscribed)" in suppression(program)


def test_while_the_store_is_away_a_client_hears_to_try_again(program: Program) -> None:
    lock = sqlite3.connect(program.database, isolation_level=None)
    lock.execute("ALTER TABLE event RENAME TO away")
    status, rest = handed_over(program, "POST", f"/{token()}")
    lock.execute("ALTER TABLE away RENAME TO event")

    assert status == 503
    assert "Retry-After: 60" in rest
    assert handed_over(program, "POST", f"/{token()}")[0] == 200
    assert "(unsubscribed)" in suppression(program)


def test_with_digests_no_address_is_kept() -> None:
    for one in started(digests=True):
        handed_over(one, "POST", f"/{token()}")
        assert "(unsubscribed)" in suppression(one)
        assert ANNA.encode() not in one.database.read_bytes()


def test_a_complaint_with_the_links_of_a_message_names_its_recipient(program: Program) -> None:
    links = (
        f"<https://unsubscribe.mx1.example.org/{token()}>,\n"
        f" <mailto:unsubscribe@bounces.example.org?subject={token()}>"
    )

    program.send(samples.arf(links=links), "complaints@bounces.example.org")

    assert program.events() == [("complaint", ANNA)]
