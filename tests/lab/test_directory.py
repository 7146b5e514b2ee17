"""A directory in PostgreSQL 15 and 17: mail, logins, and what happens while it is away or wrong."""

import imaplib
import json
import re
import smtplib
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from deploys.mail.settings.accounts import password_hash
from deploys.mail.settings.secret import command
from tests.host.pairs import EC, certificate, key
from tests.lab.labs import ROOT, Raised
from tests.lab.mail_client import VISITOR, any_certificate, connected, found, rcpt
from tests.lab.runs import LAB, MAIL_HOSTS, OTHER, deployed, on, pyinfra, refused, restored, settled
from tests.lab.tls import both, put
from tests.lab.verification import PART, report

BOTH = pytest.mark.parametrize("name", MAIL_HOSTS)
DOMAINS = {name: address.partition("@")[2] for name, address in MAIL_HOSTS.items()}
SERVERS = {"mx1": "peer", "mx2": "ns"}  # Debian 13 and 12
NAMES = {name: LAB.host(server).hostname for name, server in SERVERS.items()}
# Not of the lab's authority: libpq cannot use a certificate that is signed with Ed25519.
SERVED = certificate(EC, *NAMES.values(), issuer="subject")
EXPIRED = certificate(EC, *NAMES.values(), days=-1, issuer="subject")
WORD, SECRET = "sesame and poppy", "pa:ss\\word 'of' the directory"
BOX_WORD = {"password": {"env": "BOX_PASSWORD"}}
SQL = re.findall(r"```sql\n(.*?)```", (ROOT / "docs/directory.md").read_text(), re.DOTALL)
INSTALL = """
export DEBIAN_FRONTEND=noninteractive
test -d /usr/lib/postgresql || { apt-get -qq update && apt-get -qq install -y -o \
    Dpkg::Options::=--force-unsafe-io --no-install-recommends postgresql; } >/root/postgresql 2>&1
cd /etc/postgresql/*/main
cat >conf.d/directory.conf <<'END'
listen_addresses = '*'
ssl_cert_file = '/etc/postgresql/directory.pem'
ssl_key_file = '/etc/postgresql/directory.key'
END
chown postgres /etc/postgresql/directory.*
chmod 0600 /etc/postgresql/directory.key
for network in NETWORKS; do
    line="hostssl mail mail $network scram-sha-256"
    grep -qF "$line" pg_hba.conf || echo "$line" >>pg_hba.conf
done
systemctl restart postgresql
cd /
su postgres -c 'psql -q' <<'END'
DROP DATABASE IF EXISTS mail WITH (FORCE);
DROP ROLE IF EXISTS mail;
CREATE DATABASE mail;
END
"""
ROWS = """
UPDATE mail_mailboxes SET password = 'HASH';
INSERT INTO mail_mailboxes VALUES
  ('small@DOMAIN', 'HASH', 1048576, true), ('gone@DOMAIN', 'HASH', NULL, false);
INSERT INTO mail_aliases VALUES
  ('o''brien@DOMAIN', 'dora@DOMAIN'), ('wrong@DOMAIN', 'no address@at all'),
  ('far@DOMAIN', 'VISITOR');
INSERT INTO mail_mailboxes
  SELECT 'user' || number || '@DOMAIN', '{ARGON2ID}x', NULL, true
  FROM generate_series(1, 100000) AS number;
ANALYZE;
"""
RESTART = "systemctl restart postgresql"
QUEUES = "/var/spool/postfix/maildrop /var/spool/postfix/deferred"
AGAIN = "systemctl reload postfix"  # Postfix asks a directory that has failed again after a minute
OWN: dict[str, Any] = {
    name: {
        "mail_directory": {
            "class": "postgresql",
            "host": NAMES[name],
            "database": "mail",
            "user": "mail",
            "password": {"env": "DIRECTORY_PASSWORD"},
        },
        "mail_mailboxes": {f"probe@{domain}": BOX_WORD},
        "mail_aliases": {"captain": "root", "office": f"dora@{domain}"},
        "mail_filter": False,  # mail comes from senders who do not exist
        "mail_ban_seconds": 0,
    }
    for name, domain in DOMAINS.items()
}
# What goes wrong, what undoes it, the reason that is told, and its fix.
FAULTS = {
    "a wrong password": (
        f"""su postgres -c "psql -q -c \\"ALTER ROLE mail PASSWORD 'other'\\""; {RESTART}""",
        'password authentication failed for user "mail"',
        "correct mail_directory.user and mail_directory.password",
    ),
    "an expired certificate": (
        f"cp /etc/postgresql/expired.pem /etc/postgresql/directory.pem; {RESTART}",
        "SSL error: certificate verify failed",
        "renew the certificate of the server if it has expired",
    ),
    "a missing table": (
        "su postgres -c 'psql -q mail -c \"ALTER TABLE mail_aliases RENAME TO other\"'",
        'relation "mail_aliases" does not exist',
        "make the tables as docs/directory.md has them",
    ),
}


def database(name: str, statements: str) -> None:
    """Run statements in the directory of a host."""
    domain = DOMAINS[name]
    hashed = password_hash(command("echo", WORD), "dora", domain)
    replaced = {"example.org": domain, "DOMAIN": domain, "HASH": hashed, "VISITOR": VISITOR}
    for word, value in replaced.items():
        statements = statements.replace(word, value)
    put(SERVERS[name], {"/root/statements.sql": statements})
    on(SERVERS[name], "su postgres -c 'psql -q -v ON_ERROR_STOP=1 mail' </root/statements.sql")


def prepared(name: str) -> None:
    """Put the directory of a host back as it should be, and let Postfix ask it at once."""
    server = SERVERS[name]
    files = {"directory.pem": SERVED, "directory.key": key(EC), "expired.pem": EXPIRED}
    put(server, {f"/etc/postgresql/{one}": text for one, text in files.items()})
    on(server, INSTALL.replace("NETWORKS", f"{LAB.lab.network4} {LAB.lab.network6}"))
    quoted = SECRET.replace("'", "''")
    database(name, "".join(SQL) + ROWS + f"ALTER ROLE mail PASSWORD '{quoted}';")


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Mail hosts with a directory each; without them at the end."""
    assert lab
    authority = tmp_path_factory.mktemp("directory") / "ca.pem"
    authority.write_text(SERVED + EXPIRED)
    for own in OWN.values():
        own["mail_directory"]["ca"] = str(authority)
    both(prepared)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOX_PASSWORD", WORD)
        patch.setenv("DIRECTORY_PASSWORD", SECRET)
        patch.setenv("OWN_HOST_DATA", json.dumps(OWN))
        said = deployed()
        assert SECRET not in said
        yield
    restored()
    for name, server in SERVERS.items():
        on(server, "systemctl disable --now postgresql; rm -rf /etc/postgresql/*.pem")
        on(name, "postsuper -d ALL; rm -rf /var/vmail/*")


def answer(name: str, recipient: str, sender: str = VISITOR) -> str:
    """Return the reply to a recipient."""
    with smtplib.SMTP(LAB.address(name), timeout=60) as smtp:
        smtp.ehlo()
        return rcpt(smtp, sender, f"{recipient}@{DOMAINS[name]}")


def sent(name: str, local: str, sender: str = VISITOR) -> str:
    """Send a message from outside and return its id."""
    token, recipient = uuid4().hex, f"{local}@{DOMAINS[name]}"
    with smtplib.SMTP(LAB.address(name), timeout=60) as smtp:
        text = f"From: {VISITOR}\r\nTo: {recipient}\r\nSubject: {token}\r\n\r\nAhoy.\r\n"
        smtp.sendmail(sender, recipient, text)
    return token


def opened(name: str, local: str) -> imaplib.IMAP4_SSL:
    """Open a mailbox of a host."""
    client = imaplib.IMAP4_SSL(LAB.address(name), ssl_context=any_certificate(), timeout=90)
    client.login(f"{local}@{DOMAINS[name]}", WORD)
    client.select()
    return client


def received(name: str, token: str, local: str = "dora") -> None:
    """Wait until a mailbox has a message, read by IMAP."""
    for _ in range(300):
        client = opened(name, local)
        numbers = client.search(None, "SUBJECT", token)[1][0]
        client.shutdown()
        if numbers:
            return
        time.sleep(0.2)
    raise AssertionError(f"the mailbox {local} of {name} has no message {token}")


def test_the_second_run_changes_nothing() -> None:
    said = deployed()

    assert said.count("No changes") == said.count("--> Starting operation") * len(MAIL_HOSTS)


@BOTH
def test_mail_gets_into_a_mailbox_of_the_directory(name: str) -> None:
    for local in ("dora", "DORA", "dora+news", "d.smith", "team", "o'brien", "office"):
        received(name, sent(name, local))
    received(name, sent(name, "probe"), "probe")


@BOTH
def test_an_alias_of_the_directory_forwards(name: str) -> None:
    token = sent(name, "far")

    assert "SRS0=" in found("peer", "/var/mail/visitor", token)


@BOTH
def test_recipients_are_known_at_rcpt(name: str) -> None:
    for local in ("nobody", "gone", "x'y", "dora.x"):
        assert answer(name, local).startswith("550 5.1.1"), local
    assert answer(name, "user100000").startswith("250")


@BOTH
def test_mail_for_a_target_that_is_no_address_waits(name: str) -> None:
    sent(name, "wrong")

    settled(name, "postqueue -p | grep 'the directory has no valid target for this alias'")
    on(name, "postsuper -d ALL")


@BOTH
def test_a_mailbox_sends_with_its_own_addresses_alone(name: str) -> None:
    domain = DOMAINS[name]
    with connected(name) as smtp:
        smtp.login(f"dora@{domain}", WORD)
        for own in ("dora", "d.smith", "o'brien"):
            assert rcpt(smtp, f"{own}@{domain}").startswith("250"), own
        for other in ("small", "user1", "office", "probe", "nobody"):
            assert rcpt(smtp, f"{other}@{domain}").startswith("553 5.7.1"), other
    for local in ("gone", "nobody"):
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            opened(name, local)


@BOTH
def test_a_full_mailbox_of_the_directory_is_refused_at_rcpt(name: str) -> None:
    text = f"From: {VISITOR}\r\nSubject: large\r\n\r\n{'x' * 900 + chr(10)}".replace("\n", "\r\n")
    big = text + ("y" * 900 + "\r\n") * 1100
    with smtplib.SMTP(LAB.address(name), timeout=60) as smtp:
        smtp.sendmail(VISITOR, f"small@{DOMAINS[name]}", big)
    settled(name, f"doveadm quota get -u small@{DOMAINS[name]} | grep STORAGE.*9[0-9]")
    with smtplib.SMTP(LAB.address(name), timeout=60) as smtp:
        smtp.ehlo()
        smtp.mail(VISITOR, ["SIZE=900000"])
        code, said = smtp.rcpt(f"small@{DOMAINS[name]}")

    assert (code, said[:5]) == (552, b"5.2.2")


@BOTH
def test_the_password_is_where_its_reader_needs_it_alone(name: str) -> None:
    escaped = SECRET.replace("\\", "\\\\").replace(":", "\\:")
    put(name, {"/run/looked-for": f"{escaped}\n{SECRET}\n"})
    look = (
        "grep -rlFf /run/looked-for --exclude-dir=.pyinfra-mail /etc /var/log /run/log 2>/dev/null"
    )
    files = on(name, f"{look} | sort || true").split()
    modes = on(name, f"stat -c '%a %U %G' {' '.join(files)}").splitlines()

    assert dict(zip(files, modes, strict=True)) == {
        "/etc/dovecot/directory_password": "600 dovecot root",
        "/etc/postfix/directory_aliases": "640 root postfix",
        "/etc/postfix/directory_mailboxes": "640 root postfix",
        "/etc/postfix/directory_senders": "640 root postfix",
    }
    assert on(name, "journalctl -q -o cat | grep -cFf /run/looked-for || true").strip() == "0"
    seen = on(name, "for one in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$one; echo; done")
    assert SECRET not in seen


def checked() -> dict[str, str]:
    """Return what host.directory says of each host, with its fix."""
    pyinfra("deploys/verify.py", "-y", "--data", "verify_only=host.directory")
    return {
        one["host"]: f"{one['severity']}: {one['saw']}; {one.get('fix', '')}"
        for one in report(PART)["findings"]
        if one["id"] == "host.directory"
    }


def test_mail_waits_while_the_directory_is_away() -> None:
    assert all(said.startswith("ok: ") for said in checked().values())
    both(lambda name: on(SERVERS[name], "systemctl stop postgresql"))
    try:
        both(lambda name: on(name, AGAIN))
        for local in ("dora", "nobody", "o'brien"):
            assert not accepted(local)
        for name in MAIL_HOSTS:
            received(name, sent(name, "probe"), "probe")
        for name, said in checked().items():
            assert said.startswith(f"error: {name}: {NAMES[name]} does not answer Postfix: ")
            assert "Connection refused" in said
            assert "see that PostgreSQL runs there" in said
        assert "mail_directory does not answer" in refused(*OTHER)
        # Mail that Postfix has accepted waits; Dovecot comes back by itself if it starts now.
        tokens = {name: send_on(name) for name in MAIL_HOSTS}
        both(lambda name: on(name, "systemctl restart dovecot"))
        for name in MAIL_HOSTS:
            on(name, f"find {QUEUES} -type f | grep -q .")
    finally:
        both(lambda name: on(SERVERS[name], "systemctl start postgresql"))
    for name in MAIL_HOSTS:
        settled(name, f"timeout 5 doveadm user dora@{DOMAINS[name]}")
        on(name, f"{AGAIN}; postqueue -f")
        received(name, tokens[name])
        assert "MAILER-DAEMON" not in on(name, "postqueue -p")
    both_back()


def send_on(name: str) -> str:
    """Send a message of a program of the host to a mailbox of the directory."""
    token, recipient = uuid4().hex, f"dora@{DOMAINS[name]}"
    on(name, f"printf 'Subject: {token}\\n\\nAhoy.\\n' | sendmail -i -f {VISITOR} {recipient}")
    return token


def both_answers(local: str) -> dict[str, str]:
    """Return the reply of each host to a recipient."""
    return both(lambda name: answer(name, local))


def accepted(local: str) -> list[str]:
    """Return the replies to a recipient that do not ask its sender to come back."""
    return [one for one in both_answers(local).values() if not one.startswith("451 4.3.0")]


def both_back() -> None:
    """Wait until both hosts know the directory's recipients again."""
    both(lambda name: on(name, AGAIN))
    for _ in range(100):
        if all(said.startswith("250") for said in both_answers("dora").values()):
            return
        time.sleep(0.5)
    raise AssertionError(both_answers("dora"))


def test_a_directory_that_is_slow_defers() -> None:
    lock = "BEGIN; LOCK TABLE mail_mailboxes; SELECT pg_sleep(40);"
    run = f"su postgres -c 'psql -q mail -c \"{lock}\"' >/dev/null 2>&1 &"
    both(lambda name: on(SERVERS[name], run))
    both(lambda name: on(name, AGAIN))
    try:
        assert not accepted("dora")
    finally:
        both(lambda name: on(SERVERS[name], RESTART))
    both_back()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_directory_that_is_wrong_defers_and_is_told(fault: str) -> None:
    breaks, why, fix = FAULTS[fault]
    both(lambda name: on(SERVERS[name], breaks))
    try:
        both(lambda name: on(name, AGAIN))
        for local in ("d.smith", "nobody"):
            assert not accepted(local)
        for said in checked().values():
            assert said.startswith("error: ")
            assert why in said
            assert f"; {fix}" in said
        told = refused(*OTHER)
        assert why in told
        assert fix in " ".join(told.split())
        assert SECRET not in told
    finally:
        both(prepared)
    both_back()
