"""Tables and next hops that the operator names: those that are not there are refused by name."""

import subprocess
from typing import Any

import pytest

from deploys.host.agent.services import next_hop
from deploys.host.agent.system.shell import Refused
from deploys.host.model.desired import Service
from deploys.host.services import null_client, own_tables, postfix
from deploys.host.services.plan_input import plan_input
from tests.host.found import bare, client, settings


def described(**data: Any) -> Service:
    own = settings(**data)
    return postfix.service(own, plan_input(own, bare("13", own)))


@pytest.mark.parametrize(
    ("keys", "tables"),
    [
        (
            {"mail_postfix_main": {"transport_maps": "lmdb:/etc/postfix/transport"}},
            [
                "transport_maps={directory}/transport.lmdb",
                "{directory}",
                "lmdb:{directory}/transport",
            ],
        ),
        (
            {"mail_postfix_main": {"header_checks": "regexp:/srv/a, pcre:/srv/b"}},
            ["header_checks=/srv/a", "header_checks=/srv/b"],
        ),
        (
            {
                "mail_postfix_master": {
                    "bulk/unix": "- - y - - smtp -o smtp_tls_policy_maps=hash:/srv/policy"
                }
            },
            ["bulk/unix=/srv/policy.db"],
        ),
        ({"mail_postfix_main": {"mail_spool_directory": "/srv/mail/"}}, ["/srv/mail/"]),
        ({"mail_postfix_main": {"transport_maps": "inline:{a.example=smtp:}"}}, []),
        ({"mail_postfix_main": {"local_recipient_maps": "proxy:unix:passwd.byname"}}, []),
        ({}, []),
    ],
)
def test_each_table_in_a_file_must_exist(keys: dict[str, Any], tables: list[str]) -> None:
    commands = list(own_tables.validators(settings(**keys)))

    assert [word for argv in commands for word in argv[4:]] == tables


@pytest.mark.parametrize("present", [True, False])
def test_a_table_that_is_missing_is_named_with_its_parameter(
    present: bool,  # noqa: FBT001
    tmp_path: Any,
) -> None:
    file = tmp_path / "checks"
    if present:
        file.touch()
    (argv,) = own_tables.validators(settings(mail_postfix_main={"header_checks": f"regexp:{file}"}))

    done = subprocess.run(
        [word.format(directory="/nowhere") for word in argv],
        capture_output=True,
        text=True,
        check=False,
    )

    told = f"header_checks names the table {file}, which does not exist\n"
    assert done.stderr == ("" if present else told)


def test_the_next_hop_of_all_mail_is_looked_up_if_the_operator_has_chosen_it() -> None:
    assert described().next_hops == {}
    assert described(mail_postfix_main={"relayhost": "[$mydomain]:587"}).next_hops == {
        "relayhost": "[harbor.example]:587"
    }
    own = client(mail_postfix_main={"relayhost": "[smtp.far.example]:465"})
    service = null_client.service(own, plan_input(own, bare("13", own)))
    assert service.next_hops == {"relayhost": "[smtp.far.example]:465"}


# What posttls-finger of 3.7 and 3.10 prints, and whether the next hop exists.
ANSWERS = (
    (
        (
            "posttls-finger: Failed to establish session to smtp.far.example via "
            "smtp.far.example: Host or domain name not found. Name service error for "
            "name=smtp.far.example type=AAAA: "
            "Host not found"
        ),
        False,
    ),
    (
        (
            "posttls-finger: Failed to establish session to far.example via far.example: "
            "Host or domain name not found. Name service error for name=far.example type=MX: "
            "Host not found, try again"
        ),
        True,
    ),
    ("posttls-finger: connect to smtp.far.example[192.0.2.5]:587: Connection timed out", True),
    ("posttls-finger: Verified TLS connection established", True),
)


@pytest.mark.parametrize(("printed", "exists"), ANSWERS)
def test_a_next_hop_is_refused_only_if_it_does_not_exist(
    printed: str,
    exists: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = described(mail_postfix_main={"relayhost": "[smtp.far.example]:587"})
    done = subprocess.CompletedProcess[str]((), 1, "", f"{printed}\n")
    monkeypatch.setattr(next_hop, "run", lambda *_, **__: done)

    if exists:
        next_hop.require_next_hops(service)
        return
    with pytest.raises(Refused, match=r"relayhost is \[smtp\.far\.example\]:587, which does not"):
        next_hop.require_next_hops(service)
