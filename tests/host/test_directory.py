"""A directory of mailboxes on a host: the files of Postfix and Dovecot, and who may read them."""

from typing import Any

import pytest

from deploys.host.model.desired import File
from deploys.host.services import dovecot, postfix, postfix_directory, postfix_preflight
from deploys.host.services.plan_input import plan_input
from deploys.host.services.smtp_steps import unknown
from deploys.mail.settings.secret import command
from tests.conftest import Golden
from tests.host.found import bare, settings
from tests.host.test_templates import HASH, VERSIONS

SECRET = "open sesame"
DIRECTORY: dict[str, Any] = {
    "mail_directory": {
        "class": "postgresql",
        "host": "db.harbor.example",
        "database": "mail",
        "user": "reader",
        "password": command("echo", SECRET),
    },
    "mail_mailboxes": {"probe@harbor.example": {"password": HASH}},
    "mail_relay_domains": {"pier.example": {"to": "[192.0.2.7]:25", "recipients": ["postmaster"]}},
}
OF_DIRECTORY = "/directory"


def own_files(release: str) -> dict[str, File]:
    """Return the files of the directory on a release of Debian, by path."""
    host = settings(**DIRECTORY)
    inputs = plan_input(host, bare(release, host))
    every = (*postfix.service(host, inputs).files, *dovecot.service(host, inputs).files)
    return {one.path: one for one in every if OF_DIRECTORY in one.path}


@pytest.mark.parametrize("release", ["12", "13"])
def test_the_directory_is_asked_as_the_golden_files_say(release: str, golden: Golden) -> None:
    for path, file in own_files(release).items():
        of_release = f"/{release}" if path.startswith("/etc/dovecot/") else ""
        golden(f"directory{of_release}{path}", file.content)


@pytest.mark.parametrize("version", VERSIONS)
def test_postfix_is_configured_as_the_golden_file_says(version: str, golden: Golden) -> None:
    rendered = postfix.render(settings(**DIRECTORY), VERSIONS[version], "main.cf")

    golden(f"{version}/directory/main.cf", rendered)


@pytest.mark.parametrize("release", ["12", "13"])
def test_only_the_daemons_read_the_questions_and_the_password(release: str) -> None:
    for path, file in own_files(release).items():
        reader = "postfix" if path.startswith("/etc/postfix/") else "dovecot"

        assert not file.mode & 0o007, path
        if path == "/etc/dovecot/directory_password":
            assert (file.owner, file.mode) == (reader, 0o600)
            assert file.content == f"*:*:*:*:{SECRET}\n"
        else:
            assert (file.owner, file.group) == ("root", reader), path
        assert file.secret is (SECRET in file.content)
        assert SECRET not in repr(file)


def test_each_release_asks_in_its_own_language() -> None:
    assert "/etc/dovecot/directory-sql.conf" in own_files("12")
    assert "/etc/dovecot/directory-sql.conf" not in own_files("13")


def test_own_certificates_vouch_for_the_directory() -> None:
    host = settings(**DIRECTORY)
    assert host.directory
    trusting = host.directory.model_copy(update={"ca": "CERTIFICATES"})
    of_own = host.model_copy(update={"directory": trusting})
    found = {one.path: one.content for one in postfix_directory.files(of_own)}

    assert found["/etc/postfix/directory_ca.pem"] == "CERTIFICATES"
    assert "sslrootcert=/etc/postfix/directory_ca.pem" in found["/etc/postfix/directory_aliases"]


def test_every_table_is_asked_before_the_switch() -> None:
    host = settings(**DIRECTORY)
    inputs = plan_input(host, bare("12", host))
    nobody = f"nobody-{'x' * 12}"

    assert [*postfix.service(host, inputs).directory.items()] == [
        ("/etc/postfix/directory_aliases", f"{nobody}@harbor.example"),
        ("/etc/postfix/directory_mailboxes", f"{nobody}@harbor.example"),
        ("/etc/postfix/directory_senders", f"{nobody}@harbor.example"),
        ("/etc/postfix/directory_relayed", f"{nobody}@pier.example"),
    ]


def test_the_preflight_does_not_need_the_directory() -> None:
    host = settings(**DIRECTORY)
    (relayed,) = (one for one in postfix_preflight.probes(host) if "pier" in one.name)

    assert unknown(host).endswith("@mx1.harbor.example")
    assert any(step.expect == postfix_preflight.UNASKED for step in relayed.steps)
    inputs = plan_input(host, bare("12", host))
    tests = dovecot.service(host, inputs).preflight
    assert tests
    assert ("mount", "--bind", "/dev/null", "/etc/dovecot/directory.conf") in tests.start
