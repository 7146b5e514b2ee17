"""The lab is what it says: whole, repeatable, shut, and gone without a trace."""

import os
import re
import signal
import smtplib
from base64 import b64encode
from collections.abc import Callable, Iterator
from email.message import Message
from ipaddress import IPv4Address
from mailbox import mbox
from pathlib import Path
from uuid import uuid4

import dkim
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.zone
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from deploys.host.agent.system.processes import Process
from deploys.lab import files, state, zones
from deploys.lab.definition import ACME, NETWORKS, Lab, LabError, named
from deploys.lab.images import FETCHED, Image, Mirrors
from deploys.lab.inventory import hosts
from deploys.lab.keys import Keys
from deploys.lab.machine import AptMirrors, Machine, Restricted, looked_up
from tests.lab.labs import FIRST_PROCESSES, NAME, Raised, first_process, podman, pyinfra, totals

MIRRORS = Mirrors("http://mirror.example.org/debian", "http://mirror.example.org/debian-security")
MACHINE = Machine(MIRRORS, {"mirror.example.org": (IPv4Address("192.0.2.80"),)}, restricted=False)
KEYS = Keys(b"seed")
LAB, RAISED = named("lab"), named(NAME)
OPERATIONS = 6
INVENTORY = "tests/lab/inventory/inventory.py"


# What a lab consists of.


def test_labs_that_may_be_up_together_share_no_address() -> None:
    networks = [network for both in NETWORKS.values() for network in both]

    for network in networks:
        others = [other for other in networks if other is not network]
        assert not any(
            network.overlaps(other) for other in others if other.version == network.version
        )


@pytest.mark.parametrize(
    "lab", [named("lab"), named("tests0"), named("tests15"), named("bench", 20)]
)
def test_both_addresses_of_a_host_end_in_the_same_digits(lab: Lab) -> None:
    for host in lab.hosts:
        last4 = str(lab.address4(host)).rpartition(".")[2]
        last6 = str(lab.address6(host)).rpartition(":")[2]

        assert last4 == last6 == str(host.number)
        assert lab.address4(host) in lab.network4
        assert lab.address6(host) in lab.network6


def test_the_bench_lab_has_as_many_mail_hosts_as_asked_for_on_either_debian() -> None:
    mail = named("bench", 3).of("mail")

    assert [host.hostname for host in mail] == [f"mx{n}.harbor{n}.example" for n in (1, 2, 3)]
    assert [host.suite for host in mail] == ["bookworm", "trixie", "bookworm"]
    assert [host.number for host in mail] == [101, 102, 103]


BAD = {
    "there is no lab 'labb': choose one of lab, spare, bench, tests0, tests1": ("labb", None),
    "lab_mail_hosts is 0: write a number from 1 to 154": ("bench", 0),
    "lab_mail_hosts is 200: write a number from 1 to 154": ("bench", 200),
    "lab_mail_hosts is for the bench lab: the lab 'lab' has two mail hosts": ("lab", 5),
}


@pytest.mark.parametrize("sentence", BAD)
def test_a_lab_that_cannot_be_is_refused_in_a_sentence(sentence: str) -> None:
    with pytest.raises(LabError, match=re.escape(sentence)):
        named(*BAD[sentence])


def test_keys_follow_from_the_seed_and_differ_by_owner() -> None:
    assert Keys(b"seed").ssh_private("mx1") == KEYS.ssh_private("mx1")
    assert Keys(b"other").ssh_private("mx1") != KEYS.ssh_private("mx1")
    assert KEYS.ssh_private("mx2") != KEYS.ssh_private("mx1")
    assert KEYS.zone_ds("harbor.example.") != KEYS.zone_ds("orchard.example.")


def test_the_labs_authority_signs_the_same_each_time_and_names_one_host() -> None:
    (authority,) = x509.load_pem_x509_certificates(KEYS.authority().encode())
    (host,) = x509.load_pem_x509_certificates(KEYS.tls_certificate(ACME).encode())
    names = host.extensions.get_extension_for_class(x509.SubjectAlternativeName).value

    host.verify_directly_issued_by(authority)
    assert names.get_values_for_type(x509.DNSName) == [ACME]
    assert KEYS.tls_certificate(ACME) == Keys(b"seed").tls_certificate(ACME)
    assert KEYS.authority() != Keys(b"other").authority()


def test_an_image_is_another_one_as_soon_as_its_recipe_is() -> None:
    tags = {
        image.tag
        for image in (
            Image("mail", "bookworm"),
            Image("mail", "trixie"),
            Image("ns", "bookworm"),
            Image("peer", "bookworm"),
        )
    }

    assert len(tags) == 4


def test_a_host_made_anew_has_every_package_of_mail_at_hand() -> None:
    assert {"certbot", "dovecot-core", "nginx", "postfix", "redis-server", "rspamd"} < set(FETCHED)


# What it takes from its machine.


def test_the_mirror_is_the_one_that_apt_uses() -> None:
    found = AptMirrors().process(
        [
            "Debian http://mirror.example.org/debian/",
            "Debian http://second.example.org/debian/",
            "Debian-Security https://mirror.example.org/debian-security/",
        ]
    )

    assert found.main == "http://mirror.example.org/debian"
    assert found.security == "https://mirror.example.org/debian-security"
    assert found.ports == (80, 443)


@pytest.mark.parametrize("output", [[], ["Debian mirror+file:/etc/apt/mirrors/debian.list"]])
def test_a_mirror_that_containers_cannot_use_is_none(output: list[str]) -> None:
    assert AptMirrors().process(output) == Mirrors()


RESTRICTED = {
    "all capabilities, one kind of cgroups": (["0x000001ffffffffff"], False),
    "no right to raise limits": (["0x000001fffeffffff"], True),
    "two kinds of cgroups": (["0x000001ffffffffff", "hybrid"], True),
}


@pytest.mark.parametrize("case", RESTRICTED)
def test_podmans_defaults_are_left_alone_where_they_work(case: str) -> None:
    output, restricted = RESTRICTED[case]

    assert Restricted().process(output) is restricted


# What its hosts are given.


def test_every_host_knows_where_the_mirror_is_and_asks_nobody() -> None:
    for host in LAB.hosts:
        given = files.of_host(LAB, host, KEYS, MACHINE)

        assert "192.0.2.80 mirror.example.org\n" in given["etc/hosts"]
        assert "to 192.0.2.80 ipproto 6 dport 80 " in given["etc/lab/stay-inside"]
    unbound = files.of_host(LAB, LAB.only("resolver"), KEYS, MACHINE)["etc/unbound/unbound.conf"]
    assert "forward" not in unbound


@pytest.mark.parametrize("domain", ["harbor.example", "orchard.example"])
def test_a_domain_under_deploy_starts_with_a_website_and_no_mail_record(domain: str) -> None:
    zone = dns.zone.from_text(zones.text(LAB, KEYS, f"{domain}."), f"{domain}.", relativize=False)

    assert zone.get_rdataset(f"{domain}.", "MX") is None
    assert zone.get_rdataset(f"{domain}.", "AAAA") is not None
    assert zone.get_rdataset(f"www.{domain}.", "CNAME") is not None
    assert zone.get_node(f"mx1.{domain}.") is zone.get_node(f"_dmarc.{domain}.") is None


def test_every_address_has_a_pointer_in_a_zone_of_its_own_network() -> None:
    reverse = [name for name in zones.names(LAB) if name.endswith(".arpa.")]
    text = "".join(zones.text(LAB, KEYS, name) for name in reverse)

    for host in LAB.hosts:
        for address in LAB.addresses(host):
            assert f"{address.reverse_pointer}. PTR {host.hostname}.\n" in text


def test_the_state_directory_is_private_and_holds_nothing_that_does_not_follow_from_the_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    state.sow(LAB)
    for path, text in state.desired(LAB, MACHINE).items():
        state.write(path, text.encode())

    assert state.changes(state.desired(LAB, MACHINE)) == {}
    assert state.directory("lab").stat().st_mode & 0o777 == 0o700
    for name in ("seed", "id_ecdsa", "api-key", "mailbox-password"):
        assert (state.directory("lab") / name).stat().st_mode & 0o077 == 0


# The lab itself.


def test_six_hosts_are_up_each_on_its_debian(lab: Raised) -> None:
    codenames = {
        host.name: lab.run(host.name, "sh", "-c", ". /etc/os-release; echo $VERSION_CODENAME")
        for host in lab.lab.hosts
    }

    assert codenames == {host.name: host.suite for host in lab.lab.hosts}
    assert len(codenames) == 6


def test_a_second_run_changes_nothing(lab: Raised) -> None:
    done = totals(lab.up())

    assert done == {"hosts": OPERATIONS, "success": 0, "error": 0, "no_change": OPERATIONS}


def stop(container: str) -> None:
    podman("stop", "--time", "0", container)


def kill_with_its_monitor(container: str) -> None:
    pids = podman("inspect", container, "--format", "{{.State.ConmonPid}} {{.State.Pid}}")
    for pid in map(int, pids.split()):
        os.kill(pid, signal.SIGKILL)
    assert podman("inspect", container, "--format", "{{.State.Status}}") == "running"


@pytest.mark.parametrize("end", [stop, kill_with_its_monitor])
def test_a_host_that_runs_no_more_is_made_anew_and_no_other(
    lab: Raised, end: Callable[[str], None]
) -> None:
    before = containers(lab)
    stopped = lab.lab.container(lab.host("resolver"))
    end(stopped)
    totals(lab.up())
    after = containers(lab)

    assert {name for name in after if after[name] != before[name]} == {stopped}


def test_a_host_can_boot_a_service_in_namespaces_of_its_own(lab: Raised) -> None:
    inside = "ip link set lo up && mount -t tmpfs none /mnt && echo $$"

    for name in ("mx1", "mx2"):
        unshare = ("unshare", "-n", "-m", "-p", "--fork", "--mount-proc")
        assert lab.run(name, *unshare, "sh", "-c", inside) == "1"


def ask(lab: Raised, name: str, kind: str) -> dns.message.Message:
    question = dns.message.make_query(name, kind, want_dnssec=True)
    return dns.query.udp(question, lab.address("resolver"), timeout=10)


SIGNED = {
    "the root": (".", "NS"),
    "a domain": ("harbor.example", "SOA"),
    "an alias": ("www.orchard.example", "AAAA"),
    "an alias on the second name server": ("www.atoll.example", "AAAA"),
    "the peer": ("mail.faraway.example", "A"),
    "an IPv4 address": (RAISED.address4(RAISED.only("ns")).reverse_pointer, "PTR"),
    "an IPv6 address": (RAISED.address6(RAISED.only("ns")).reverse_pointer, "PTR"),
}


@pytest.mark.parametrize(("name", "kind"), SIGNED.values(), ids=SIGNED)
def test_the_resolver_validates_what_is_in_the_lab(lab: Raised, name: str, kind: str) -> None:
    answer = ask(lab, name, kind)

    assert answer.rcode() == dns.rcode.NOERROR
    assert answer.answer
    assert answer.flags & dns.flags.AD


@pytest.mark.parametrize("name", ["gmail.com", "example.com", "example.org", "debian.org"])
def test_what_is_outside_does_not_exist_and_that_is_proved(lab: Raised, name: str) -> None:
    answer = ask(lab, name, "MX")

    assert answer.rcode() == dns.rcode.NXDOMAIN
    assert answer.flags & dns.flags.AD


def test_a_mirror_inside_the_labs_own_network_is_refused() -> None:
    with pytest.raises(LabError, match="choose another with --data lab_name=NAME"):
        looked_up("http://203.0.113.5/debian", LAB)


def test_a_mirror_that_nobody_knows_is_refused() -> None:
    with pytest.raises(LabError, match=r"mirror mirror\.invalid cannot be looked up"):
        looked_up("http://mirror.invalid/debian", LAB)


def test_a_host_has_no_resolver_but_the_labs(lab: Raised) -> None:
    for host in lab.lab.hosts:
        lines = lab.run(host.name, "grep", "^nameserver", "/etc/resolv.conf").splitlines()

        assert lines == [f"nameserver {lab.address('resolver')}"]


LEAVING = """
import socket, sys
kind, address, port = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
with socket.socket(family, getattr(socket, kind)) as way:
    way.settimeout(2)
    try:
        way.connect((address, int(port)))
    except PermissionError:
        print("shut")
    else:
        print("open")
"""
OUTSIDE = [
    ("SOCK_DGRAM", "192.0.2.53", "53"),
    ("SOCK_DGRAM", "2001:db8:ffff::53", "53"),
    ("SOCK_STREAM", "192.0.2.25", "25"),
    ("SOCK_STREAM", "192.0.2.25", "587"),
    ("SOCK_STREAM", "2001:db8:ffff::25", "25"),
]


@pytest.mark.parametrize("name", ["mx1", "mx2", "client", "peer", "ns", "resolver"])
def test_no_mail_and_no_question_finds_a_way_out(lab: Raised, name: str) -> None:
    for way in OUTSIDE:
        assert lab.run(name, "python3", "-c", LEAVING, *way) == "shut"


def test_packages_come_from_the_mirror(lab: Raised) -> None:
    for name in ("mx1", "mx2"):
        lab.run(name, "apt-get", "--quiet", "--error-on=any", "update")

        assert "Candidate: 3." in lab.run(name, "apt-cache", "policy", "postfix")


@pytest.fixture
def peer(lab: Raised) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP(lab.address("peer"), timeout=10) as smtp:
        smtp.ehlo("stranger.example")
        smtp.starttls()
        smtp.ehlo("stranger.example")
        yield smtp


RECIPIENTS = {
    "visitor@faraway.example": (250, ""),
    "postmaster@faraway.example": (250, ""),
    "abuse@faraway.example": (250, ""),
    "traveller@faraway.example": (250, ""),
    "nobody@faraway.example": (550, "5.1.1"),
    "postmaster@harbor.example": (550, "5.7.1"),
    "someone@gmail.com": (550, "5.7.1"),
}


@pytest.mark.parametrize("recipient", RECIPIENTS)
def test_the_peer_takes_mail_for_its_mailboxes_only(peer: smtplib.SMTP, recipient: str) -> None:
    peer.mail("someone@orchard.example")
    code, text = peer.rcpt(recipient)

    wanted, words = RECIPIENTS[recipient]
    assert code == wanted
    assert words in text.decode()


VERDICTS = {"harbor.example": "softfail", "faraway.example": "fail", "nic.example": "none"}


@pytest.mark.parametrize("domain", VERDICTS)
def test_the_peer_judges_what_it_takes(
    lab: Raised, peer: smtplib.SMTP, tmp_path: Path, domain: str
) -> None:
    token = uuid4().hex
    peer.sendmail(f"someone@{domain}", ["abuse@faraway.example"], f"Subject: {token}\r\n\r\n")

    verdict = str(received(lab, token, tmp_path)["Authentication-Results"])
    assert verdict.startswith("mail.faraway.example;")
    assert f"spf={VERDICTS[domain]} " in verdict


def test_the_peer_verifies_signatures(lab: Raised, peer: smtplib.SMTP, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    selector = f"s{uuid4().hex}"
    record = f'"v=DKIM1; p={b64encode(public).decode()}"'
    zone, name = "nic.example", f"{selector}._domainkey"
    lab.run("ns", "pdnsutil", "add-record", zone, name, "TXT", "60", record)
    lab.run("ns", "pdnsutil", "rectify-zone", zone)
    letters = {}
    for body in ("as it was signed", "as it was not"):
        message = f"From: a@{zone}\r\nSubject: {uuid4().hex}\r\n\r\nas it was signed\r\n".encode()
        signature = dkim.sign(message, selector.encode(), zone.encode(), private)
        sent = signature + message.replace(b"as it was signed", body.encode())
        peer.sendmail(f"a@{zone}", ["abuse@faraway.example"], sent)
        letters[body] = received(lab, message.split()[3].decode(), tmp_path)
    lab.run("ns", "pdnsutil", "delete-rrset", zone, name, "TXT")

    assert f"dkim=pass header.d={zone}" in str(
        letters["as it was signed"]["Authentication-Results"]
    )
    assert "dkim=fail" in str(letters["as it was not"]["Authentication-Results"])


def received(lab: Raised, subject: str, folder: Path) -> Message:
    """Return a message once it is in the peer's mailbox `abuse`."""
    wait = f"until grep -q {subject} /var/mail/abuse; do sleep 0.1; done"
    lab.run("peer", "timeout", "10", "sh", "-c", wait)
    (folder / "abuse").write_text(lab.run("peer", "cat", "/var/mail/abuse"))
    (message,) = (one for one in mbox(folder / "abuse") if one["Subject"] == subject)
    return message


@pytest.mark.parametrize("number", ["of another host", "of no process"])
def test_a_command_runs_in_its_host_when_the_process_that_was_its_first_has_ended(
    lab: Raised, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    other = first_process(lab.container("mx2"))
    pid = other.pid if number == "of another host" else 2**22  # the most that Linux gives, and one
    ended = Process(pid, other.started - 60)
    monkeypatch.setitem(FIRST_PROCESSES, lab.container("mx1"), ended)

    assert lab.run("mx1", "cat", "/etc/hostname") == "mx1"


# How pyinfra reaches it.


def test_hosts_are_known_by_the_keys_that_the_lab_made(lab: Raised) -> None:
    done = pyinfra(INVENTORY, "exec", "--", "true")

    named = [host for host in lab.lab.hosts if host.role != "client"]  # it has its own inventory
    assert totals(done)["success"] == len(named)


def test_a_host_with_another_key_is_refused(lab: Raised, tmp_path: Path) -> None:
    others = tmp_path / "known_hosts"
    others.write_text(files.known_hosts(lab.lab, Keys(b"another seed")))
    done = pyinfra(INVENTORY, "--data", f"ssh_known_hosts_file={others}", "exec", "--", "true")

    assert done.returncode != 0
    assert "does not match" in done.stderr


def test_a_host_without_a_known_key_is_refused(tmp_path: Path, lab: Raised) -> None:
    none = tmp_path / "known_hosts"
    none.touch()
    done = pyinfra(INVENTORY, "--data", f"ssh_known_hosts_file={none}", "exec", "--", "true")

    assert done.returncode != 0
    assert f"{lab.address('mx1')}" in done.stderr


# Coming and going.


@pytest.fixture
def spare(lab: Raised) -> Iterator[Raised]:
    del lab
    spare = Raised("spare")
    yield spare
    spare.down()


def traces() -> dict[str, set[str]]:
    """Return what there is, but for those of other labs of the tests, and for their cables."""
    found = {
        "containers": podman("ps", "--all", "--format", "{{.Names}} {{.ID}}").splitlines(),
        "networks": podman("network", "ls", "--format", "{{.Name}} {{.ID}}").splitlines(),
        "interfaces": [path.name for path in Path("/sys/class/net").iterdir()],
        "state": [path.name for path in state.directory("any").parent.iterdir()],
    }
    passing = re.compile(r"(pyinfra-mail-)?tests\d|veth")
    return {kind: {one for one in those if not passing.match(one)} for kind, those in found.items()}


def test_removing_a_lab_leaves_the_machine_as_it_was(spare: Raised) -> None:
    before = traces()
    assert totals(spare.up())["error"] == 0
    assert traces() != before
    assert totals(spare.down())["success"] == 1

    assert traces() == before
    assert totals(spare.down()) == {"hosts": 1, "success": 0, "error": 0, "no_change": 1}


def test_a_host_that_is_no_part_of_the_lab_any_more_is_removed(spare: Raised) -> None:
    totals(spare.up())
    podman("create", "--label=pyinfra-mail.lab=spare", Image("mail", "bookworm").tag)
    assert totals(spare.up())["success"] == 1

    assert set(containers(spare)) == {spare.lab.container(host) for host in spare.lab.hosts}


def test_addresses_that_something_else_uses_are_refused_in_a_sentence(spare: Raised) -> None:
    podman("network", "create", f"--subnet={spare.lab.network4}", "pyinfra-mail-neighbour")
    try:
        done = spare.up()
    finally:
        podman("network", "rm", "pyinfra-mail-neighbour")

    assert done.returncode != 0
    assert f"{spare.lab.network4} is already used" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_machine_whose_apt_has_no_lists_is_refused_in_a_sentence(
    spare: Raised, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apt.conf").write_text(f'Dir::State::lists "{tmp_path}/lists";\n')
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))

    done = spare.up()

    assert done.returncode != 0
    assert "apt has no lists of packages: apt-get update, or use scripts/demo" in done.stderr


def test_an_inventory_of_a_lab_that_is_not_up_says_how_to_raise_it(spare: Raised) -> None:
    sentence = "pyinfra @local deploys/lab.py --data lab_name=spare -y"

    with pytest.raises(LabError, match=sentence):
        hosts(spare.name, "mail")


def containers(lab: Raised) -> dict[str, str]:
    """Return the identity of each container of a lab."""
    labelled = f"label=pyinfra-mail.lab={lab.name}"
    lines = podman(
        "ps", "--all", "--filter", labelled, "--format", "{{.Names}} {{.ID}}"
    ).splitlines()
    return dict(line.split() for line in lines)
