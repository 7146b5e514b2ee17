"""A host that only sends: what its programs say reaches a reader, or waits until it can."""

import json
import ssl
import time
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import Message
from email.policy import default
from uuid import uuid4

import pytest

from deploys.lab.inventory import password
from tests.lab.labs import Done, Raised
from tests.lab.runs import HERE, LAB, UNPROVED, on, pyinfra, undone
from tests.lab.strict_server import STRICT, settled, strict_server

INVENTORY = "tests/lab/client/inventory.py"
LOGIN, READER = "captain@harbor.example", "postmaster@harbor.example"
WRONG = "not the password"
PATH = "client -> visitor@faraway.example"
SEND = "sendmail -i -FCronDaemon root"


@dataclass(frozen=True)
class Client:
    """The lab's client, with what it trusts and the password it shall have."""

    trusts: str
    secret: str

    def deploy(self, *arguments: str, trusts: str | None = None, secret: str = "") -> Done:
        """Configure it."""
        return pyinfra(
            "deploys/hosts.py",
            "-y",
            *arguments,
            inventory=INVENTORY,
            CLIENT_TRUSTS=self.trusts if trusts is None else trusts,
            CLIENT_PASSWORD=secret or self.secret,
        )

    def deployed(self, trusts: str | None = None, secret: str = "") -> None:
        """Configure it; fail the test where the run fails."""
        done = self.deploy(trusts=trusts, secret=secret)
        assert done.returncode == 0, done.stdout


@pytest.fixture(scope="module")
def client(lab: Raised, tmp_path_factory: pytest.TempPathFactory) -> Client:
    """Give the client a submission host whose name it finds, and trust in its certificate."""
    done = pyinfra("deploys/site.py", "-y", *UNPROVED, "--limit", "mx1")
    assert "Activate" in done.stdout
    trusted = tmp_path_factory.mktemp("client") / "mx1.pem"
    trusted.write_text(ssl.get_server_certificate((LAB.address("mx1"), 465), timeout=10))
    return Client(str(trusted), password(lab.lab).resolve())


@pytest.fixture
def configured(client: Client) -> Client:
    client.deployed()
    return client


@pytest.fixture
def token(configured: Client) -> str:
    """Return a word to find a message by that a configured client sends."""
    assert configured
    return uuid4().hex


def send(token: str) -> None:
    on("client", f"printf 'To: root\\nSubject: {token}\\n\\nHello.\\n' | {SEND}")


def arrived(token: str) -> Message | None:
    """Return the message in root's mailbox that a word is in, waiting a while for it."""
    for _ in range(300):
        mailbox = on("mx1", "cat /var/mail/root 2>/dev/null || true")
        for text in mailbox.split("\nFrom "):
            if token in text:
                return message_from_string(text.partition("\n")[2])
        time.sleep(0.2)
    return None


def waiting(reason: str) -> bool:
    """Return whether the queue says so of a message, waiting a while for it."""
    for _ in range(300):
        if reason in on("client", "postqueue -p"):
            return True
        time.sleep(0.2)
    return False


def test_what_cron_has_to_say_is_in_roots_mailbox_and_says_who_it_is_from(token: str) -> None:
    job = "/etc/cron.d/job"
    with undone("client", f"rm -f {job}"):
        on("client", f"echo '@reboot root echo {token}' >{job}; rm -f /run/crond.reboot")
        on("client", "systemctl restart cron")
        message = arrived(token)

    assert message
    assert message["From"] == f"{LOGIN} (Cron Daemon)"
    assert message["To"] == READER
    assert message["Subject"] == f"Cron <root@app> echo {token}"
    assert message["Return-Path"] == f"<{LOGIN}>"


def test_what_is_beyond_ascii_reaches_a_server_that_takes_ascii_only(token: str) -> None:
    text = f"Subject: Größe {token}\\n\\nläuft {'x' * 2000}\\n"
    with strict_server(str(LAB.lab.network4[1])) as strict:
        on("client", f"printf '{text}' | sendmail -i '{STRICT}'")
        settled(strict, 1)

    message = message_from_bytes(strict.messages[0], policy=default)
    assert message["Subject"] == f"Größe {token}"
    assert message.get_content().rstrip() == f"läuft {'x' * 2000}"


def test_while_the_server_is_away_mail_waits_and_then_arrives(token: str) -> None:
    with undone("mx1", "systemctl start postfix@-"):
        on("mx1", "systemctl stop postfix@-")
        send(token)
        assert waiting("Connection refused")

    on("client", "postqueue -f")
    assert arrived(token)


def test_with_a_wrong_password_mail_waits_and_the_queue_says_why(
    configured: Client, token: str
) -> None:
    configured.deployed(secret=WRONG)
    send(token)
    assert waiting("SASL authentication failed")

    configured.deployed()
    on("client", "postqueue -f")
    assert arrived(token)


def test_a_server_that_cannot_prove_its_name_gets_neither_mail_nor_password(
    configured: Client, token: str
) -> None:
    configured.deployed(trusts="")
    send(token)

    assert waiting("Server certificate not verified")
    on("client", "postsuper -d ALL")


def verified(configured: Client) -> tuple[int, list[str]]:
    """Verify the client, and return the exit status and what was seen of its message."""
    done = pyinfra(
        "deploys/verify.py",
        "-y",
        *("--data", "verify_only=delivery.arrived"),
        inventory=INVENTORY,
        CLIENT_TRUSTS=configured.trusts,
        CLIENT_PASSWORD=configured.secret,
        CLIENT_WITNESS="yes",
    )
    found = json.loads((HERE / "reports" / "client" / "part" / "report.json").read_text())
    saw = [one["saw"] for one in found["findings"] if one["id"] == "delivery.arrived"]
    return done.returncode, saw


def test_its_message_goes_through_the_relay_and_is_found(configured: Client) -> None:
    assert verified(configured) == (0, [f"{PATH}: found in /var/mail/visitor on peer"])


def test_a_client_that_keeps_its_mail_fails_the_proof(configured: Client) -> None:
    configured.deployed(trusts="")
    with undone("client", "postsuper -d ALL"):
        status, (saw,) = verified(configured)

    assert status == 1
    assert saw.startswith(f"{PATH}: not in /var/mail/visitor on peer; it waits on client: ")
    assert "Server certificate not verified" in saw


def test_nothing_but_the_loopback_is_listened_on(configured: Client) -> None:
    del configured
    listeners = on("client", "ss -Hltn 'sport != :22' | awk '{ print $4 }'").split()

    assert sorted(listeners) == ["127.0.0.1:25", "[::1]:25"]


def test_mail_for_somebody_who_would_be_local_is_not_delivered_here(token: str) -> None:
    on("client", f"printf 'Subject: {token}\\n\\nHello.\\n' | sendmail -i daemon@localhost")

    assert arrived(token)
    assert on("client", "ls /var/mail | wc -l") == "0"


def test_a_second_run_changes_nothing(configured: Client) -> None:
    done = configured.deploy()

    assert done.stdout.count("No changes") == 3, done.stdout


def test_the_password_is_seen_by_root_alone(configured: Client) -> None:
    configured.deployed(secret=WRONG)

    done = configured.deploy("--diff", "-vvv")

    assert "update /etc/postfix/relay_password" in done.stdout
    assert WRONG not in done.stdout
    assert configured.secret not in done.stdout
    for path in ("relay_password", "relay_password.lmdb"):
        assert on("client", f"stat -c '%a %U' /etc/postfix/{path}") == "600 root"
    assert configured.secret not in on("client", "journalctl --no-pager")


def test_an_own_setting_that_does_not_work_is_refused_by_name(configured: Client) -> None:
    before = on("client", "sha256sum /etc/postfix/main.cf")

    done = configured.deploy("--data", 'mail_postfix_main={"smtp_sasl_auth_enabel": "yes"}')

    assert done.returncode == 1
    assert "mail_postfix_main['smtp_sasl_auth_enabel']" in done.stdout
    assert on("client", "sha256sum /etc/postfix/main.cf") == before
