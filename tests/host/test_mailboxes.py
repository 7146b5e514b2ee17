"""Mailboxes on a host: Dovecot's files against golden files, and Postfix's lists of recipients."""

import re
import subprocess
from pathlib import Path

import pytest

from deploys.host.model.plan import configuration
from deploys.host.services import dovecot, dovecot_dialogues, fail2ban, postfix
from deploys.host.services.plan_input import plan_input
from deploys.host.tls import certificates
from deploys.mail.paths import QUOTA_SOCKET
from tests.conftest import Golden
from tests.host.found import bare, settings
from tests.host.pairs import EC, RSA, certificate, key
from tests.host.test_templates import HASH, VERSIONS

ANNA, BERT = "anna@harbor.example", "bert@harbor.example"
SCRIPT = 'require "vacation";\nvacation "I am away.";'
MAILBOXES = {
    "mail_mailboxes": {
        ANNA: {"password": HASH, "aliases": ["sales@harbor.example"], "quota": "2G"},
        BERT: {"password": HASH, "sieve": SCRIPT},
    },
    "mail_managesieve": True,
    "mail_pop3": True,
    "mail_accounts": {"app@harbor.example": {"password": HASH}},
    "mail_aliases": {"app": "anna", "info": [ANNA, "bert@elsewhere.example"]},
    "mail_tls_names": ["mail.harbor.example"],
}


@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_dovecot_is_configured_as_the_golden_file_says(version: str, golden: Golden) -> None:
    numbers = tuple(map(int, version.split(".")))

    golden(f"mailboxes/{version}.conf", dovecot.configuration(settings(**MAILBOXES), numbers))


@pytest.mark.parametrize(
    ("version", "lines"),
    [
        ("2.3", "mail_location = sdbox:~/sdbox\n"),
        ("2.4", "mail_driver = sdbox\nmail_path = ~/sdbox\n"),
    ],
)
def test_the_format_of_mailboxes_is_the_only_difference(version: str, lines: str) -> None:
    numbers = tuple(map(int, version.split(".")))
    maildir, sdbox = (
        dovecot.configuration(settings(**MAILBOXES, mail_mailbox_format=one), numbers)
        for one in ("maildir", "sdbox")
    )

    assert lines in sdbox
    assert maildir == sdbox.replace("= sdbox", "= maildir").replace("~/sdbox", "~/Maildir")


def test_only_an_alias_of_one_mailbox_with_a_quota_is_as_full_as_it_is() -> None:
    limited = {
        **MAILBOXES,
        "mail_aliases": {
            "both": ["anna", "bert"],
            "crew": "sales",
            "mate": "bert",
            "@harbor.example": "anna",
            "captain": "root",
            "away": "anna@elsewhere.example",
        },
        "mail_accounts": {},
    }
    own = settings(**limited)
    files = {one.path: one.content for one in dovecot.mailbox_files(own, (2, 3))}

    fields = f"::::::userdb_user={ANNA} userdb_quota_rule=*:storage=2097152K"
    assert (
        files[dovecot.ALIASES] == f"crew@harbor.example:{fields}\nsales@harbor.example:{fields}\n"
    )
    without = settings(
        mail_mailboxes={ANNA: {"password": HASH, "aliases": ["sales@harbor.example"]}}
    )
    assert dovecot.ALIASES not in [one.path for one in dovecot.mailbox_files(without, (2, 3))]


@pytest.mark.parametrize("version", ["2.3", "2.4"])
def test_mailboxes_alone_need_a_small_configuration(version: str, golden: Golden) -> None:
    numbers = tuple(map(int, version.split(".")))
    own = settings(mail_mailboxes={ANNA: {"password": HASH}}, mail_imap_starttls=True)

    golden(f"mailboxes/{version}-plain.conf", dovecot.configuration(own, numbers))


@pytest.mark.parametrize(
    ("keys", "marks", "line"),
    [
        ({}, "+", ""),
        ({"mail_subaddress": False}, "", ""),
        ({"mail_postfix_main": {"recipient_delimiter": "+-"}}, "+-", "recipient_delimiter = +-"),
        ({"mail_postfix_main": {"recipient_delimiter": "-"}}, "-", "recipient_delimiter = -"),
    ],
)
@pytest.mark.parametrize("version", [(2, 3, 19), (2, 4, 1)])
def test_dovecot_knows_the_subaddresses_that_postfix_accepts(
    keys: dict[str, object], marks: str, line: str, version: tuple[int, ...]
) -> None:
    own = settings(**{**MAILBOXES, **keys})

    told = [one for one in dovecot.configuration(own, version).splitlines() if "delimiter" in one]
    asked = [
        step.send
        for dialogue in dovecot_dialogues.probes(own)
        for step in dialogue.steps
        if "probe@" in step.send
    ]
    assert told == [line][: bool(line)]
    assert asked == [f"RCPT TO:<{ANNA.replace('@', f'{mark}probe@')}>" for mark in marks]


def test_a_mailbox_must_not_show_the_mail_of_another() -> None:
    own = settings(**MAILBOXES)
    wanted = dovecot.service(own, plan_input(own, bare("13", own))).preflight

    assert wanted
    steps = {one.name: [step.send for step in one.steps] for one in wanted.dialogues}
    stored, text = steps["login of a mailbox"][-1].split("\r\n", 1)
    assert stored == f"1 APPEND INBOX {{{len(text)}+}}"
    (other,) = wanted.reads
    asked = other.steps[-1]
    assert f'1 LOGIN "{BERT}" "PASSWORD"' in [step.send for step in other.steps]
    assert text.strip() == f"Subject: {asked.send.split(chr(34))[1]}"
    assert re.search(asked.expect, "* 1 EXISTS\r\n* SEARCH\r\n1 OK done\r\n", re.DOTALL)
    assert not re.search(asked.expect, "* SEARCH 1\r\n1 OK done\r\n", re.DOTALL)
    one = settings(mail_mailboxes={ANNA: {"password": HASH}})
    assert [*dovecot_dialogues.others(one)] == []


def test_the_other_files_of_dovecot_are_as_the_golden_files_say(golden: Golden) -> None:
    own = settings(**MAILBOXES)
    service = dovecot.service(own, plan_input(own, bare("13", own)))

    for file in service.files:
        if file.path != dovecot.CONFIGURATION:
            golden(f"mailboxes/{Path(file.path).name}", file.content)
    assert [(one.name, one.home) for one in service.system_users] == [("vmail", "/var/vmail")]
    assert service.query.sockets == (dovecot.SOCKET, dovecot.LMTP, QUOTA_SOCKET)


@pytest.mark.parametrize(
    ("release", "options"),
    [
        ("12", "-o plugin/quota=count:mailbox:noenforcing -o stats_writer_socket_path="),
        ("13", "-o quota_enforce=no"),
    ],
)
def test_a_warning_needs_no_room_in_the_mailbox(release: str, options: str) -> None:
    own = settings(**MAILBOXES)
    files = dovecot.service(own, plan_input(own, bare(release, own))).files

    (warning,) = (file.content for file in files if file.path == dovecot.WARNING)
    assert f"/usr/lib/dovecot/dovecot-lda -e -f '<>' -d \"$2\" {options} <<END" in warning


@pytest.mark.parametrize("version", VERSIONS)
def test_postfix_is_configured_as_the_golden_file_says(version: str, golden: Golden) -> None:
    rendered = postfix.render(settings(**MAILBOXES), VERSIONS[version], "main.cf")

    golden(f"{version}/mailboxes/main.cf", rendered)


def test_the_jail_watches_both_logs(golden: Golden) -> None:
    own = settings(**MAILBOXES)

    golden("mailboxes/fail2ban-filter.conf", fail2ban.rules(own, "postfix.service"))
    assert "port = 465,587,993,995,4190\n" in fail2ban.jail(own, (1, 1))


def test_postfix_knows_every_recipient_and_where_its_mail_goes() -> None:
    tables = {table.path: table.entries for table in postfix.tables(settings(**MAILBOXES))}

    assert tables[postfix.MAILBOXES] == {one: one for one in (ANNA, BERT)}
    assert tables[postfix.VIRTUAL] == {
        ANNA: ANNA,
        BERT: BERT,
        "sales@harbor.example": ANNA,
        "app@harbor.example": ANNA,
        "info@harbor.example": f"{ANNA}, bert=elsewhere.example@forward.invalid",
        "postmaster@harbor.example": "root@mx1.harbor.example",
        "abuse@harbor.example": "root@mx1.harbor.example",
    }
    assert tables[postfix.SENDERS] == {
        ANNA: ANNA,
        BERT: BERT,
        "sales@harbor.example": ANNA,
        "app@harbor.example": "app@harbor.example",
    }


@pytest.mark.parametrize(
    ("version", "field"),
    [
        ((2, 3, 19), "quota_rule=*:storage=2097152K"),
        ((2, 4, 1), "quota_storage_size=2097152K userdb_quota_storage_grace=209715K"),
    ],
)
def test_a_quota_is_a_field_of_its_mailbox(version: tuple[int, ...], field: str) -> None:
    (logins, *_) = dovecot.mailbox_files(settings(**MAILBOXES), version)

    assert logins.content.splitlines() == [
        f"{ANNA}:{HASH}::::::userdb_{field}",
        f"{BERT}:{HASH}::::::",
    ]


@pytest.mark.parametrize(("reply", "code"), [("refuse", "552 5.2.2"), ("defer", "452 4.2.2")])
def test_a_full_mailbox_is_told_at_rcpt(reply: str, code: str) -> None:
    own = settings(**MAILBOXES, mail_quota_full=reply)

    assert f"quota_status_overquota = {code} " in dovecot.configuration(own, (2, 3))
    assert "quota-status" in own.postfix_value("smtpd_recipient_restrictions")
    assert own.postfix_value("mua_recipient_restrictions").startswith("check_policy_service {")


def test_the_hash_of_a_mailbox_is_never_printed() -> None:
    own = settings(**MAILBOXES)
    service = dovecot.service(own, plan_input(own, bare(own=own)))

    shown = "\n".join(
        line for change in configuration(service, bare(own=own)) for line in change.diff()
    )
    assert "$6$" in next(one.content for one in service.files if one.path == dovecot.MAILBOXES)
    assert "$6$" not in shown + repr(own) + repr(service)


def test_a_renewed_certificate_is_loaded_by_postfix_and_by_dovecot() -> None:
    found = {one.name: one.units for one in certificates.certificates(settings(**MAILBOXES))}

    assert found == dict.fromkeys(
        ("mx1.harbor.example", "mail.harbor.example"), ("postfix.service", "dovecot.service")
    )


@pytest.mark.parametrize(
    ("served", "parts"),
    [
        ("EC RSA", ("EC", "RSA")),
        ("RSA EC", ("RSA", "EC")),
        ("EC", ("EC", "EC")),
    ],
)
def test_each_key_gets_a_file_of_its_own(
    served: str, parts: tuple[str, str], tmp_path: Path
) -> None:
    texts = {name: key(of) + certificate(of) for name, of in (("EC", EC), ("RSA", RSA))}
    (tmp_path / "mx1.harbor.example.pem").write_text("".join(texts[one] for one in served.split()))
    own = settings()
    script = next(
        one.content for one in dovecot.mailbox_files(own, (2, 4, 1)) if one.path == dovecot.PREPARE
    )
    out = tmp_path / "out"
    for path, here in ((dovecot.CERTIFICATES, out), ("/etc/ssl/private/pyinfra-mail", tmp_path)):
        script = script.replace(path, str(here))

    for _ in range(2):  # at each reload
        subprocess.run(("sh", "-c", script), check=True)

    found = {path.name: path.read_text() for path in out.iterdir()}
    assert found == {
        f"mx1.harbor.example.{n}.pem": texts[one] for n, one in enumerate(parts, start=1)
    }
    assert {path.stat().st_mode & 0o777 for path in out.iterdir()} == {0o600}
