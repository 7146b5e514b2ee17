"""A host's plan: from what exists and what is desired to what changes."""

import base64
import hashlib
from dataclasses import asdict, replace
from typing import Any

import pytest

from deploys.host.model.desired import Service, SystemUser
from deploys.host.model.plan import certification, configuration, departure, preparation
from deploys.host.model.state import Existing
from deploys.host.model.wire import decode
from deploys.host.services import postfix, registry
from deploys.host.services.plan_input import plan_input
from deploys.mail.caa import LETS_ENCRYPT
from tests.host.found import as_desired, bare, served, settings
from tests.host.test_postfix_bulk import stream

OLD, DIRECTORY = "https://old.example", LETS_ENCRYPT
HOST = "mx1.harbor.example"
PATH = "/etc/ssl/private/pyinfra-mail/mx1.harbor.example.pem"
NEXT = "/etc/ssl/private/pyinfra-mail/next/mx1.harbor.example.pem"
ONE, TWO, THREE, FOUR = (f"{number}a" * 32 for number in range(4))
ONE_KIND = "not every kind of key has one"
RENEWED = {"current": False, "issued": [THREE], "source_days": 89}


def desired(release: str = "12", **own: Any) -> Service:
    chosen = settings(**own)
    return postfix.service(chosen, plan_input(chosen, bare(release, chosen)))


def with_certificate(service: Service, **found: Any) -> Existing:
    existing = asdict(as_desired(service))
    existing["certificates"] = {PATH: served(service.certificates[0], **found)}
    return decode(Existing, existing)


def changes(service: Service, existing: Existing) -> list[str]:
    return [
        str(change)
        for change in (*preparation([service], existing), *configuration(service, existing))
    ]


@pytest.mark.parametrize(
    ("release", "unit"), [("12", "postfix@-.service"), ("13", "postfix.service")]
)
def test_a_fresh_host_gets_everything(release: str, unit: str) -> None:
    assert changes(desired(release), bare(release)) == [
        "install postfix",
        "install postfix-lmdb",
        "install iproute2",
        "install python3-cryptography",
        f"create {PATH} (self-signed)",
        f"create {NEXT} (the next keys, which stay on the host)",
        "create /etc/postfix/main.cf",
        "create /etc/postfix/master.cf",
        "create /etc/postfix/bounce.cf",
        "create /etc/postfix/openssl.cnf",
        "create /etc/systemd/system/postfix.service.d/pyinfra-mail.conf",
        "create /etc/systemd/system/postfix@-.service.d/pyinfra-mail.conf",
        "create /usr/local/lib/tmpfiles.d/pyinfra-mail.conf",
        "create /etc/postfix/aliases",
        "create /etc/postfix/virtual",
        "build /etc/postfix/aliases.lmdb",
        "build /etc/postfix/virtual.lmdb",
        "enable postfix.service",
        f"start {unit}",
    ]


@pytest.mark.parametrize("exists", [True, False])
def test_the_user_of_a_service_is_made_once(*, exists: bool) -> None:
    service = replace(desired(), system_users=(SystemUser("reports", "/var/lib/reports"),))
    existing = replace(as_desired(service), users={"root": True, "reports": exists})

    made = [] if exists else ["create reports (a user of the system, without a login)"]
    assert changes(service, existing) == made


def test_a_unit_that_is_active_without_its_main_process_is_started() -> None:
    service = desired("12")

    assert changes(service, as_desired(service, "12", pid=None, loaded=None)) == [
        "start postfix@-.service"
    ]


def test_a_service_that_runs_and_does_not_answer_is_restarted() -> None:
    silent = ["/run/fail2ban/fail2ban.sock"]

    assert changes(desired(), as_desired(desired(), silent=silent)) == [
        "restart postfix@-.service (no process answers at the socket /run/fail2ban/fail2ban.sock)"
    ]


def test_a_package_of_several_services_is_installed_once() -> None:
    asked = stream()
    found = registry.services(asked, plan_input(asked, bare(own=asked)))
    shared = [name for one in found for name in one.query.packages]

    plan = [str(one) for one in preparation(found, bare(own=asked)) if one.verb == "install"]

    assert shared.count("postfix") == 2
    assert plan == [f"install {name}" for name in dict.fromkeys(shared)]


@pytest.mark.parametrize("release", ["12", "13"])
def test_a_host_as_desired_gets_nothing(release: str) -> None:
    service = desired(release)

    assert changes(service, as_desired(service, release)) == []


@pytest.mark.parametrize("own", [{}, {"mail_tls": "files", "mail_tls_files": {HOST: ["/mx1.pem"]}}])
def test_a_host_that_cannot_read_its_certificates_gets_the_package_and_nothing_else(
    own: dict[str, Any],
) -> None:
    service = desired(**own)
    state = asdict(with_certificate(service, kinds=[], served=[], next=[], readable=False))
    state["packages"]["python3-cryptography"] = None

    assert changes(service, decode(Existing, state)) == ["install python3-cryptography"]
    assert list(certification([service], decode(Existing, state))) == []


def test_a_file_edited_by_hand_is_replaced_and_its_diff_is_shown() -> None:
    service = desired()
    edited = service.files[0].content.replace(
        "disable_vrfy_command = yes", "disable_vrfy_command = no"
    )
    files = asdict(as_desired(service).services["postfix"])["files"]
    files["/etc/postfix/main.cf"]["sha256"] = hashlib.sha256(edited.encode()).hexdigest()
    files["/etc/postfix/main.cf"]["content"] = base64.b64encode(edited.encode()).decode()

    (change,) = configuration(service, as_desired(service, files=files))

    assert str(change) == "update /etc/postfix/main.cf"
    assert "-disable_vrfy_command = no" in change.diff()
    assert "+disable_vrfy_command = yes" in change.diff()


def test_another_mode_is_changed_back() -> None:
    service = desired()
    files = asdict(as_desired(service).services["postfix"])["files"]
    files["/etc/postfix/virtual"]["mode"] = 0o666

    assert changes(service, as_desired(service, files=files)) == [
        "update /etc/postfix/virtual (root:root 666)"
    ]


@pytest.mark.parametrize(
    ("found", "change"),
    [
        ({"loaded": "something else"}, "load postfix@-.service"),
        ({"loaded": None}, "load postfix@-.service"),
        (
            {"loaded": None, "interrupted": True},
            "load postfix@-.service (an earlier run was interrupted)",
        ),
    ],
)
def test_a_configuration_that_was_never_loaded_is_loaded(
    found: dict[str, Any], change: str
) -> None:
    service = desired()

    assert changes(service, as_desired(service, **found)) == [change]


def test_a_stopped_service_is_started() -> None:
    service = desired()
    stopped = {
        "postfix.service": {"ActiveState": "active", "UnitFileState": "enabled"},
        "postfix@-.service": {"ActiveState": "failed", "UnitFileState": "enabled"},
    }

    assert changes(service, as_desired(service, units=stopped)) == ["start postfix@-.service"]


def test_a_table_built_from_another_source_is_built_again() -> None:
    service = desired()
    tables = {service.tables[0].path: service.tables[0].file().sha256, service.tables[1].path: None}

    assert changes(service, as_desired(service, tables=tables)) == [
        "build /etc/postfix/virtual.lmdb"
    ]


def test_a_file_of_ours_that_is_no_longer_wanted_is_removed() -> None:
    service = desired()
    owned = [*(file.path for file in service.set), "/etc/postfix/transport"]

    assert changes(service, as_desired(service, owned=owned)) == ["remove /etc/postfix/transport"]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({"covered": False}, "it is not for this name"),
        ({"days": 29}, "expires within 30 days"),
        ({"early": True}, "it is not valid yet"),
        ({"kinds": ["ecdsa"]}, "its keys are ecdsa"),
        ({"self_signed": False}, "mail_tls is 'self-signed'"),
    ],
)
def test_a_certificate_that_is_not_valid_is_replaced(found: dict[str, object], why: str) -> None:
    service = desired()
    existing = with_certificate(service, **found)

    (change,) = preparation([service], existing)

    assert str(change) == f"replace {PATH} ({why})"


@pytest.mark.parametrize(
    ("found", "change"),
    [
        ({}, None),
        ({"days": 5}, None),  # certbot's timer renews it
        ({"self_signed": True}, f"issue {PATH} (by {DIRECTORY})"),
        ({"directory": "https://old.example"}, f"issue {PATH} (by {DIRECTORY}, previously {OLD})"),
        ({"days": -1}, f"issue {PATH} (by {DIRECTORY}, because the one in use is not valid)"),
        ({"covered": False}, f"issue {PATH} (by {DIRECTORY}, because the one in use is not valid)"),
        ({"current": False}, f"take {PATH} (renewed)"),
        ({"complete": False}, f"issue {PATH} (by {DIRECTORY}, because {ONE_KIND})"),
        # Issued, and its key is not known to all senders yet: nothing to ask anybody for.
        ({"self_signed": True, "current": False, "issued": [THREE], "waits": "until 10:00"}, None),
        ({"self_signed": True, "current": False, "issued": [THREE]}, f"take {PATH} (renewed)"),
    ],
)
def test_a_certificate_that_is_due_is_issued_by_the_ca(
    found: dict[str, Any], change: str | None
) -> None:
    service = desired(mail_tls="acme")
    existing = with_certificate(service, **found)

    assert list(preparation([service], existing)) == []
    assert [str(one) for one in certification([service], existing)] == ([change] if change else [])


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ({}, None),
        ({"days": 30}, None),
        ({"days": 29}, ", because the one in use expires in 29 days"),
        ({"days": 29, **RENEWED, "waits": "until 10:00"}, None),
        ({"challenge": "http"}, ", by another challenge"),
        ({"challenge": "", "directory": ""}, ""),
        # The first issue: one order has ended without a challenge.
        ({"complete": False}, f", because {ONE_KIND}"),
        # The same in a renewal: the other kind is the old one.
        (
            {"days": 20, **RENEWED, "source_days": 20},
            ", because the one of a key expires in 20 days",
        ),
    ],
)
def test_a_certificate_by_dns_is_renewed_by_a_run(found: dict[str, Any], why: str | None) -> None:
    service = desired(mail_tls="acme", mail_acme_challenge="dns")
    existing = with_certificate(service, **found)

    changes = [str(one) for one in certification([service], existing)]
    assert changes == ([] if why is None else [f"issue {PATH} (by {DIRECTORY}{why})"])


@pytest.mark.parametrize(
    ("orders", "found", "change"),
    [
        ([HOST], RENEWED, f"issue {PATH} (by {DIRECTORY}, because an order waits)"),
        (["mail.harbor.example"], RENEWED, f"take {PATH} (renewed)"),
        # Both orders have ended without a challenge.
        ([], RENEWED, f"take {PATH} (renewed)"),
        ([], {}, None),
    ],
)
def test_a_certificate_whose_order_waits_is_issued(
    orders: list[str], found: dict[str, Any], change: str | None
) -> None:
    """A CA asks for no challenge while it knows the proof of an earlier order."""
    service = desired(mail_tls="acme", mail_acme_challenge="dns")
    existing = replace(
        with_certificate(service, **found), challenges=dict.fromkeys(orders, ("value",))
    )

    assert [str(one) for one in certification([service], existing)] == ([change] if change else [])


def test_new_files_of_the_operator_are_taken_over() -> None:
    files = {"mx1.harbor.example": ["/root/key.pem", "/root/chain.pem"]}
    service = desired(mail_tls="files", mail_tls_files=files)

    (change,) = preparation([service], with_certificate(service, current=False))

    assert str(change) == f"take {PATH} (from /root/key.pem, /root/chain.pem)"
    assert list(preparation([service], with_certificate(service))) == []


@pytest.mark.parametrize(("waits", "verbs"), [("", ["take"]), ("until 10:00", [])])
def test_files_with_another_key_are_taken_over_after_its_record_is_published(
    waits: str, verbs: list[str]
) -> None:
    files = {"mx1.harbor.example": ["/root/key.pem", "/root/chain.pem"]}
    service = desired(mail_tls="files", mail_tls_files=files)
    existing = with_certificate(service, current=False, issued=[THREE], waits=waits)

    assert list(preparation([service], existing)) == []
    assert [change.verb for change in certification([service], existing)] == verbs


@pytest.mark.parametrize(
    ("found", "subjects"),
    [
        ({"served": [ONE], "next": [TWO]}, []),
        ({"served": [ONE], "next": []}, [NEXT]),
        ({"served": [ONE], "next": [ONE]}, [NEXT]),  # a run was cut off after a change of keys
        ({"served": [ONE], "issued": [TWO], "next": [TWO, THREE]}, [NEXT]),
    ],
)
def test_there_are_always_next_keys(found: dict[str, Any], subjects: list[str]) -> None:
    service = desired()

    changes = preparation([service], with_certificate(service, **found))

    assert [change.subject for change in changes] == subjects


def test_there_are_no_next_keys_without_dane_or_with_files_of_the_operator() -> None:
    files = {"mx1.harbor.example": "/root/own.pem"}

    for own in ({"mail_dane": False}, {"mail_tls": "files", "mail_tls_files": files}):
        service = desired(**own)
        assert list(preparation([service], with_certificate(service))) == []


@pytest.mark.parametrize("tls", ["self-signed", "acme"])
def test_keys_rotate_when_the_setting_says_now(tls: str) -> None:
    service = desired(mail_tls=tls, mail_tls_rotate="now")

    (change,) = certification([service], with_certificate(service))

    assert str(change) == f"rotate {NEXT} (the next keys replace those in use)"


def test_keys_without_a_certificate_of_the_ca_do_not_rotate() -> None:
    service = desired(mail_tls="acme", mail_tls_rotate="now")
    existing = with_certificate(service, self_signed=True, directory="")

    assert [one.verb for one in certification([service], existing)] == ["issue"]


@pytest.mark.parametrize(
    ("refusal", "names"),
    [
        ("preflight: bad value: mynetworks = x", ["mail_postfix_main['mynetworks']"]),
        (
            "preflight: open /etc/none.pem: No such file",
            ["mail_postfix_main['smtpd_tls_chain_files']"],
        ),
        ("preflight: check smtp/inet", ["mail_postfix_master['smtp/inet']"]),
        ("preflight: postfix/smtp[7]: warning: connect to private/bounce", []),
        ("preflight: rspamd has no key", []),
        ("probe: mail at 203.0.113.11: no answer", []),
        ("validate: postconf: fatal: line 9", []),
        ("load: unbound.service does not start: error", ["mail_unbound['server']", "nets"]),
        (
            "load: postfix.service does not start",
            ["mynetworks", "smtpd_tls_chain_files", "smtp/inet"],
        ),
    ],
)
def test_a_refusal_names_the_settings_that_it_is_about_or_none(
    refusal: str, names: list[str]
) -> None:
    own = settings(
        mail_postfix_main={"mynetworks": "192.0.2.0/24", "smtpd_tls_chain_files": "/etc/none.pem"},
        mail_postfix_master={"smtp/inet": "n - y - 20 smtpd"},
        mail_unbound={"server": {"nets": 1}},
    )

    said = registry.own_settings_in(own, refusal)

    assert [name for name in names if name not in said] == []
    assert said.count("[") == len(names)
    only = settings(mail_postfix_main={"soft_bounce": True})
    assert registry.own_settings_in(only, refusal) == "mail_postfix_main['soft_bounce']"


def test_a_refusal_about_a_relay_is_about_no_other_setting() -> None:
    own = settings(mail_postfix_main={"soft_bounce": True})
    refusal = "validate: mail_relay.@harbor.example: relay.example at port 587 refuses the login"

    assert registry.own_settings_in(own, refusal) == ""


def test_services_of_an_earlier_role_are_stopped() -> None:
    found = replace(bare(), others={"milter": "milter.service"})

    given = plan_input(settings(), found)

    assert registry.obsolete(settings(), given) == {"milter": "milter.service"}
    assert str(departure("milter.service")) == "stop milter.service (no longer needed)"
