"""SMTP dialogues with a server on loopback: its certificate, its name, and logins."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploys.host.agent.services.dialogue import ask
from deploys.host.agent.system.shell import Refused
from deploys.host.model.desired import Dialogue, Step
from tests.host.login_server import login_server
from tests.host.pairs import EC, certificate, key

PASSWORD = "of the preflight"


class Mailbox:
    """Takes every message."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.messages.append(envelope.content)
        return "250 2.0.0 Ok"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(params=[(), ("PLAIN",)], ids=["all mechanisms", "LOGIN only"])
def port(request: pytest.FixtureRequest, mailbox: Mailbox, tmp_path: Path) -> Iterator[int]:
    """The port of a server with a certificate for `mx1.harbor.example`."""
    file = tmp_path / "good.pem"
    file.write_text(key(EC) + certificate(EC, "mx1.harbor.example"))
    with login_server(mailbox, file, PASSWORD, request.param) as number:
        yield number


def hold(port: int, *steps: Step, password: str = PASSWORD) -> None:
    ask("preflight", Dialogue("mail", "look", steps, port=port), password=password)


def encrypted(folder: Path, name: str = "mx1.harbor.example") -> Step:
    return Step(certificate=str(folder / "good.pem"), name=name)


LOGIN = Step(login="captain@harbor.example", expect="^235")


def test_an_account_logs_in_and_sends_the_message_of_the_step(
    port: int, mailbox: Mailbox, tmp_path: Path
) -> None:
    hold(
        port,
        encrypted(tmp_path),
        Step("EHLO", "^250"),
        LOGIN,
        Step("MAIL FROM:<captain@harbor.example>", "^250"),
        Step("RCPT TO:<postmaster@harbor.example>", "^250"),
        Step("DATA", "^250", message="Subject: one\r\n\r\nbody\r\n"),
    )

    assert mailbox.messages == [b"Subject: one\r\n\r\nbody\r\n"]


def test_a_password_that_is_refused_is_reported_without_it(port: int, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"^mail: 'AUTH' was answered '535 5\.7\.8.*'; look$") as said:
        hold(port, encrypted(tmp_path), Step("EHLO", "^250"), LOGIN, password="secret words")

    assert "secret words" not in str(said.value)


def test_a_certificate_for_another_name_is_refused(port: int, tmp_path: Path) -> None:
    sentence = r"^mail: the certificate in .*good\.pem is not for mx2\.harbor\.example; look$"
    with pytest.raises(Refused, match=sentence):
        hold(port, encrypted(tmp_path, "mx2.harbor.example"))


class Screen:
    """Tells clients to come back, so many times."""

    def __init__(self, times: int) -> None:
        self.answers = ["450 4.3.2 Service currently unavailable"] * times

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: object
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.pop() if self.answers else "250 2.1.5 Ok"


@pytest.mark.parametrize(("times", "last"), [(0, "250"), (1, "250"), (2, "450 4.3.2")])
def test_a_client_that_postscreen_tells_to_come_back_comes_back_once(
    times: int, last: str, tmp_path: Path
) -> None:
    file = tmp_path / "good.pem"
    file.write_text(key(EC) + certificate(EC, "mx1.harbor.example"))
    with login_server(Screen(times), file, PASSWORD, ()) as number:
        hold(
            number,
            encrypted(tmp_path),
            Step("EHLO", "^250"),
            LOGIN,
            Step("MAIL FROM:<captain@harbor.example>", "^250"),
            Step("RCPT TO:<postmaster@harbor.example>", f"^{last} "),
        )
