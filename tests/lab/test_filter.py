"""
Judgement of mail from outside, on both Debians: SPF, DKIM and DMARC as a table, and refusals.

The peer sends in the name of domains below faraway.example, each with policies of its own.
"""

import base64
import imaplib
import json
import re
import smtplib
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from uuid import uuid4

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from deploys.mail.gtube import REFUSED
from tests.lab import service_records
from tests.lab.labs import Raised
from tests.lab.mail_client import VISITOR, any_certificate, found, logged_in
from tests.lab.runs import (
    LAB,
    MAIL_HOSTS,
    UNPROVED,
    UNSCANNED,
    deployed,
    on,
    pyinfra,
    settled,
    undone,
)
from tests.lab.verification import PART, report

BOTH = pytest.mark.parametrize("name", MAIL_HOSTS)
DOMAINS = {name: address.partition("@")[2] for name, address in MAIL_HOSTS.items()}
WORD = "sesame and poppy"
ZONE = "faraway.example"
PROOF = "verify_only=delivery.arrived,delivery.junk"
PROGRAM = (Path(__file__).parent / "outside_sender.py").read_text()
STREAM = (Path(__file__).parent / "stream_sender.py").read_text()
STOPPED = ("redis-server@rspamd", "rspamd", "dovecot", "postsrsd", "unbound")
KEY = Ed25519PrivateKey.generate()
PUBLIC = base64.b64encode(KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
SIGNER = f"v=DKIM1; k=ed25519; p={PUBLIC}"
NONE, HERE = "v=spf1 -all", f"v=spf1 ip4:{LAB.address('peer')} -all"
# The names below faraway.example: SPF, DMARC, and whether there is a DKIM key. Each is an
# organization of its own by psd=n, as faraway.example has a policy too.
POLICIES = {
    "sends": (HERE, "v=DMARC1; p=reject; psd=n", True),
    "fails": (NONE, "v=DMARC1; p=reject; psd=n", True),
    "strict": (NONE, "v=DMARC1; p=reject; psd=n; aspf=s; adkim=s", True),
    "sub.strict": (HERE, "", False),
    "marks": (NONE, "v=DMARC1; p=quarantine; psd=n", False),
    "watches": (NONE, "v=DMARC1; p=none; psd=n", False),
    "tests": (NONE, "v=DMARC1; p=quarantine; t=y; psd=n", False),
    "family": (NONE, "v=DMARC1; p=none; sp=quarantine; np=reject; psd=n", False),
    "excused": (NONE, "v=DMARC1; p=reject; psd=n", False),
}
# Words of each class, for messages with a word more that makes them different.
CLASSES = {
    "spam": "cheap watches and pills for every winner of the lottery who orders today by card",
    "ham": "the board of the harbour meets about the new crane, please bring last year's drawings",
}
REDIS = "redis-cli -s /run/redis-rspamd/redis.sock"
MOVED = 5  # of each class
# rspamd does not learn again what it is sure of already.
UNREAD = "elephants, a volcano, parliament, notebooks, one umbrella, lemons and three tea kettles"
EXISTS = f"child.family.{ZONE}"  # it has an address, and no policy
OWN = {
    name: {
        "mail_mailboxes": {f"anna@{domain}": {"password": {"env": "BOX_PASSWORD"}}},
        "mail_aliases": {"captain": "root", "away": VISITOR},
        "mail_filter": {"dmarc_except": [f"excused.{ZONE}"], "bayes": True},
        "mail_rspamd": {"classifier-bayes.conf": {"min_learns": MOVED}},
    }
    for name, domain in DOMAINS.items()
}


@pytest.fixture(scope="module", autouse=True)
def configured(lab: Raised) -> Iterator[None]:
    """Mail hosts that judge, and senders with policies; without them at the end."""
    service_records.withdrawn(lab, *DOMAINS.values())
    _publish()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOX_PASSWORD", WORD)
        patch.setenv("OWN_HOST_DATA", json.dumps(OWN))
        done = pyinfra("deploys/site.py", "-y", *UNPROVED)
        assert done.returncode == 0, done.stdout
        yield
    done = pyinfra("deploys/site.py", "-y", *UNPROVED)
    assert done.returncode == 0, done.stdout
    for name in MAIL_HOSTS:
        on(name, "rm -rf /var/vmail/*")
    _publish(there=False)


def _publish(*, there: bool = True) -> None:
    """Publish the records of the senders, or remove them."""
    records = {(EXISTS, "A"): LAB.address("peer")}
    for label, (spf, policy, signs) in POLICIES.items():
        records[f"{label}.{ZONE}", "A"] = LAB.address("peer")
        records[f"{label}.{ZONE}", "TXT"] = f'"{spf}"'
        if policy:
            records[f"_dmarc.{label}.{ZONE}", "TXT"] = f'"{policy}"'
        if signs:
            records[f"k._domainkey.{label}.{ZONE}", "TXT"] = f'"{SIGNER}"'
    for (name, kind), value in records.items():
        short = name.removesuffix(f".{ZONE}")
        change = ("replace-rrset", ZONE, short, kind, "60", value)
        LAB.run("ns", "pdnsutil", *(change if there else ("delete-rrset", ZONE, short, kind)))
    LAB.run("ns", "pdnsutil", "rectify-zone", ZONE)
    LAB.run("ns", "pdns_control", "purge")


@dataclass(frozen=True)
class Row:
    """A message from outside: its author, its sender, a signature, the results and the outcome."""

    case: str
    author: str
    sender: str
    signed: str = ""  # "good", "broken", or the domain of another
    spf: str = ""
    dkim: str = ""
    dmarc: str = ""
    refused: str = ""
    junk: bool = False


def fail(domain: str, policy: str) -> str:
    """Return the sentence of a refusal."""
    return f"5.7.1 neither SPF nor DKIM passes for {domain}, whose DMARC policy is {policy}"


def of(label: str) -> str:
    return f"{label}.{ZONE}"


ROWS = (
    Row("SPF passes", of("sends"), of("sends"), spf="pass", dkim="none", dmarc="pass"),
    Row("DKIM alone passes", of("fails"), of("fails"), "good", "fail", "pass", "pass"),
    Row("both pass", of("sends"), of("sends"), "good", "pass", "pass", "pass"),
    Row("SPF of the organization", of("news.sends"), of("sends"), "", "pass", "none", "pass"),
    Row("null sender, SPF by greeting", of("sends"), "", "", "pass", "none", "pass"),
    Row("nothing passes", of("fails"), of("fails"), refused=fail(of("fails"), "reject")),
    Row("SPF of another", of("fails"), of("sends"), refused=fail(of("fails"), "reject")),
    Row("DKIM of another", of("fails"), of("fails"), of("sends"), refused=of("fails")),
    Row("broken signature", of("fails"), of("fails"), "broken", refused=of("fails")),
    Row("strict alignment", of("strict"), of("sub.strict"), refused=fail(of("strict"), "reject")),
    Row("strict and the same", of("strict"), of("sub.strict"), "good", "pass", "pass", "pass"),
    Row("quarantine", of("marks"), of("marks"), "", "fail", "none", "fail", junk=True),
    Row("a policy of none", of("watches"), of("watches"), "", "fail", "none", "fail"),
    Row("t=y asks for less", of("tests"), of("tests"), "", "fail", "none", "fail"),
    Row("no policy at all", "nic.example", "nic.example", "", "none", "none", "none"),
    Row("sp of an organization", EXISTS, of("family"), "", "fail", "none", "fail", junk=True),
    Row("np of one", of("ghost.family"), of("family"), refused=of("ghost.family")),
    Row("an exception", of("excused"), of("excused"), "", "fail", "none", "fail"),
)


def composed(author: str, recipient: str, body: str = "Ahoy.", **headers: str) -> tuple[str, bytes]:
    """Return an ordinary message, and the word by which it is found."""
    token = uuid4().hex
    fields = {
        "From": f"Sailor <sailor@{author}>",
        "To": f"Anna <{recipient}>",
        "Subject": f"News of the day {token}",
        "Date": formatdate(localtime=True),
        "Message-ID": f"<{token}@{author}>",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return token, f"{head}\r\n{body}\r\n".encode()


def signed(text: bytes, domain: str) -> bytes:
    private = KEY.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    signature: bytes = dkim.sign(
        text,
        b"k",
        domain.encode(),
        base64.b64encode(private),
        signature_algorithm=b"ed25519-sha256",
        include_headers=[b"from", b"subject", b"date"],
    )
    return signature + text


def reply(name: str, text: bytes, *recipients: str, sender: str = f"sailor@{of('sends')}") -> str:
    """Send a message from the peer to a host, and return the host's last reply."""
    encoded = base64.b64encode(text).decode()
    to, greeting = ",".join(recipients), sender.partition("@")[2] or of("sends")
    where = (LAB.address(name), greeting, sender, to, encoded)
    return LAB.run("peer", "python3", "-c", PROGRAM, *where)


def delivered(name: str, token: str, folder: str) -> str:
    """Return the message with a word in a folder of anna's mailbox, waiting a moment for it."""
    login = f"anna@{DOMAINS[name]}"
    for _ in range(300):
        with imaplib.IMAP4_SSL(
            LAB.address(name), ssl_context=any_certificate(), timeout=20
        ) as client:
            client.login(login, WORD)
            client.select(folder)
            for number in client.search(None, "SUBJECT", token)[1][0].split():
                (part, *_) = client.fetch(number.decode(), "BODY.PEEK[]")[1]
                return part[1].decode(errors="replace") if isinstance(part, tuple) else ""
        time.sleep(0.1)
    raise AssertionError(f"{login} has no message with {token} in {folder}")


def results(message: str) -> dict[str, str]:
    """Return the results in the one Authentication-Results field of a message."""
    unfolded = re.sub(r"\r?\n[ \t]+", " ", message.partition("\r\n\r\n")[0])
    (field,) = re.findall(r"^Authentication-Results: (.*)$", unfolded, re.MULTILINE)
    return dict(re.findall(r"\b(spf|dkim|dmarc|arc)=(\w+)", field))


def test_the_second_run_changes_nothing() -> None:
    said = deployed()

    assert said.count("No changes") == said.count("--> Starting operation") * len(MAIL_HOSTS)


@BOTH
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.case)
def test_a_message_is_judged_by_spf_dkim_and_dmarc(name: str, row: Row) -> None:
    anna = f"anna@{DOMAINS[name]}"
    token, text = composed(row.author, anna)
    if row.signed:
        by = row.signed if "." in row.signed else row.author
        text = signed(text, by)
        text = text.replace(b"Ahoy.", b"Ahoi.") if row.signed == "broken" else text

    said = reply(name, text, anna, sender=row.sender and f"sailor@{row.sender}")

    if row.refused:
        assert said.startswith("554 5.7.1 "), said
        assert row.refused in said
        return
    assert said.startswith("250 "), said
    message = delivered(name, token, "Junk" if row.junk else "INBOX")
    assert results(message) == {"spf": row.spf, "dkim": row.dkim, "dmarc": row.dmarc}
    assert ("X-Spam: Yes" in message) == row.junk
    assert re.search(rf"X-Spam-Status: {'Yes' if row.junk else 'No'}, score=", message)


@BOTH
def test_forged_results_are_removed_and_a_forged_verdict_too(name: str) -> None:
    anna, host = f"anna@{DOMAINS[name]}", LAB.host(name).hostname
    forged = {
        "Authentication-Results": f"{host}; dmarc=pass header.from=bank.example",
        "X-Spam": "Yes",
        "X-Spam-Status": "Yes, score=100.00",
    }
    token, text = composed(of("sends"), anna, **forged)
    more = f"Authentication-Results: {host};\r\n\tspf=pass smtp.mailfrom=bank.example\r\n"

    assert reply(name, more.encode() + text, anna).startswith("250 ")

    message = delivered(name, token, "INBOX")
    assert message.count(f"{host};") == 1
    assert "bank.example" not in message
    assert "X-Spam: Yes" not in message
    assert message.count("X-Spam-Status: No, score=") == 1


@BOTH
@pytest.mark.parametrize("octet", ["\0", "\r", "\n"], ids=["NUL", "CR", "LF"])
def test_a_message_with_an_odd_octet_arrives_or_is_refused_at_once(name: str, octet: str) -> None:
    anna = f"anna@{DOMAINS[name]}"
    token, text = composed(of("sends"), anna, f"A{octet}hoy.")

    said = reply(name, text, anna)

    if said.startswith("250 "):
        assert delivered(name, token, "INBOX")
    else:
        assert said.startswith("5"), said


def counted(name: str, word: str, place: str) -> Counter[str]:
    """Return how often each Subject that begins with a word is in the files of a place."""
    return Counter(on(name, f"grep -rhoE 'Subject: {word}-[0-9]+' {place} || true").split()[1::2])


def test_services_that_stop_under_a_stream_lose_and_double_nothing() -> None:
    word, begin = uuid4().hex, int(time.time())
    # Dovecot may end between a delivery and its reply (RFC 1047), or then says that it ends.
    words = "message may be sent more than once|421 4.3.2 .*in reply to end of DATA"
    unsure = f"journalctl --since @{begin} | grep -cE '{words}' || true"
    with ThreadPoolExecutor() as pool:
        streams = {}
        for name, domain in DOMAINS.items():
            to, words = f"anna@{domain},away@{domain}", f"{word}-{name}"
            where = (LAB.address(name), f"sailor@{of('sends')}", to, words, "150")
            streams[name] = pool.submit(LAB.run, "peer", "python3", "-c", STREAM, *where)
        for unit in STOPPED:
            for verb in ("stop", "start"):
                list(
                    pool.map(lambda name, do=f"{verb} {unit}": on(name, f"systemctl {do}"), DOMAINS)
                )
                time.sleep(1)
        ledgers = {name: json.loads(stream.result()) for name, stream in streams.items()}

    for name, ledger in ledgers.items():
        assert len(ledger["accepted"]) == 150, ledger["refused"]
        assert not [one for one in ledger["refused"] if one.startswith("(5")]
        settled(name, "postqueue -f; postqueue -p | grep 'is empty'")
        kept = {one for one, to in ledger["accepted"].items() if to.startswith("anna@")}
        found_there = counted(name, f"{word}-{name}", "/var/vmail")
        assert set(found_there) == kept
        assert found_there.total() - len(kept) <= int(on(name, unsure))
        gone = set(ledger["accepted"]) - kept
        assert counted("peer", f"{word}-{name}", "/var/mail/visitor") == Counter(gone)


def test_the_proof_finds_each_message_and_the_sample_in_junk() -> None:
    done = pyinfra("deploys/verify.py", "-y", *UNSCANNED)

    assert done.returncode == 0, done.stdout
    findings = report(PART)["findings"]
    filed = [one for one in findings if one["id"] == "delivery.junk"]
    assert sorted((one["domain"], one["severity"]) for one in filed) == [
        (domain, "ok") for domain in sorted(DOMAINS.values())
    ]
    for name, domain in DOMAINS.items():
        assert [
            one for one in findings if one["saw"].endswith(f"the mailbox anna@{domain} on {name}")
        ]
        kept = "find /var/vmail -type f -path '*/cur/*' -o -type f -path '*/new/*'"
        assert on(name, f"{kept} | xargs -r grep -l X-Pyinfra-Mail-Test || true") == ""


def test_a_sample_that_is_not_filed_is_found() -> None:
    rule = "/run/dovecot/scripts/junk.sieve"
    with undone("mx1", "systemctl reload dovecot"):
        on("mx1", f"echo keep\\; >{rule}; rm -f {rule.replace('.sieve', '.svbin')}")
        done = pyinfra("deploys/verify.py", "-y", "--data", PROOF)

    assert done.returncode == 1, done.stdout
    filed = [one for one in report(PART)["findings"] if one["id"] == "delivery.junk"]
    assert {one["domain"]: one["severity"] for one in filed} == {
        DOMAINS["mx1"]: "error",
        DOMAINS["mx2"]: "ok",
    }


@BOTH
def test_our_own_domain_in_the_name_of_an_outside_sender_is_judged_like_any_other(
    name: str,
) -> None:
    anna, own = f"anna@{DOMAINS[name]}", DOMAINS[name]
    token, text = composed(own, anna)

    assert reply(name, text, anna).startswith("250 ")

    assert results(delivered(name, token, "INBOX"))["dmarc"] == "fail"


@BOTH
def test_the_test_line_of_filters_is_refused(name: str) -> None:
    anna = f"anna@{DOMAINS[name]}"
    _, text = composed(of("sends"), anna, REFUSED)

    assert reply(name, text, anna).startswith("554 5.7.1 ")


@BOTH
def test_spam_is_not_forwarded_and_other_mail_is(name: str) -> None:
    anna, away = (f"{local}@{DOMAINS[name]}" for local in ("anna", "away"))
    _, text = composed(of("marks"), away)
    for recipients in ((away,), (anna, away)):
        said = reply(name, text, *recipients, sender=f"sailor@{of('marks')}")
        assert said == "554 5.7.1 Message looks like spam, which is not forwarded"

    token, text = composed(of("sends"), away)
    assert reply(name, text, away).startswith("250 ")
    assert found("peer", "/var/mail/visitor", token)


@BOTH
def test_mail_of_accounts_and_of_the_host_is_not_judged(name: str) -> None:
    anna = f"anna@{DOMAINS[name]}"
    token = uuid4().hex
    with logged_in(name) as smtp:
        sender = f"captain@{DOMAINS[name]}"
        text = f"From: {sender}\r\nSubject: {token}\r\n\r\nBuy now! http://1.2.3.4/\r\n"
        smtp.sendmail(sender, anna, text)
    here = uuid4().hex
    text = f"From: sailor@{of('fails')}\\nSubject: {here}\\n\\nAhoy.\\n"
    on(name, f"printf '{text}' | sendmail -f sailor@{of('fails')} {anna}")

    for one in (token, here):
        message = delivered(name, one, "INBOX")
        assert "X-Spam" not in message
        assert "Authentication-Results" not in message


@BOTH
def test_a_message_of_nearly_the_largest_size_is_judged(name: str) -> None:
    """Version 3.4 of rspamd is known to end at rules that take long for a large message."""
    anna, line = f"anna@{DOMAINS[name]}", "All the news of the day, and of the days before.\r\n"
    _, text = composed("nic.example", anna, line * ((20 << 20) // len(line)))

    with smtplib.SMTP(LAB.address(name), timeout=60) as smtp:
        assert smtp.sendmail("sailor@nic.example", anna, text) == {}


@BOTH
def test_rspamd_fetches_no_lists_of_its_vendor(name: str) -> None:
    settings = json.loads(on(name, "rspamadm configdump --json 2>/dev/null"))
    on_modules = {key: one for key, one in settings.items() if _is_on(one)}

    assert {"arc", "mime_types", "regexp"} <= on_modules.keys()
    assert not re.findall(r"https?://[^\"]*", json.dumps(_without_texts(on_modules)))


def _is_on(module: object) -> bool:
    return not (isinstance(module, dict) and module.get("enabled") is False)


def _without_texts(settings: object) -> object:
    """Return settings without the descriptions of symbols."""
    if isinstance(settings, dict):
        return {key: _without_texts(one) for key, one in settings.items() if key != "description"}
    return [_without_texts(one) for one in settings] if isinstance(settings, list) else settings


def learned(name: str) -> dict[str, int]:
    """Return how many messages of each class rspamd has learned."""
    said = on(name, f"{REDIS} hmget RS learns_spam learns_ham")
    spam, ham = (int(line) if line else 0 for line in f"{said}\n\n".split("\n")[:2])
    return {"spam": spam, "ham": ham}


def moved(name: str, kind: str, count: int, words: str = "") -> None:
    """Put messages of a class into a folder, and move them as a user does."""
    source, target = ("INBOX", "Junk") if kind == "spam" else ("Junk", "Archive")
    login = f"anna@{DOMAINS[name]}"
    with imaplib.IMAP4_SSL(LAB.address(name), ssl_context=any_certificate(), timeout=20) as client:
        client.login(login, WORD)
        client.create("Archive")
        client.select(source)
        for _ in range(count):
            token, text = composed(of("sends"), login, f"{words or CLASSES[kind]} {uuid4().hex}")
            client.append(source, None, None, text)
            client.noop()
            (number,) = client.search(None, "SUBJECT", token)[1][0].split()
            said, _ = client._simple_command("MOVE", number.decode(), target)  # noqa: SLF001
            assert said == "OK"
            client.select(target)
            assert len(client.search(None, "SUBJECT", token)[1][0].split()) == 1
            client.select(source)


def until(name: str, expected: dict[str, int]) -> None:
    """Wait until that many messages of each class are learned."""
    for _ in range(300):
        if learned(name) == expected:
            return
        time.sleep(0.1)
    log = on(name, "journalctl -q -n 20 -u pyinfra-mail-learner.service -u dovecot -u rspamd")
    raise AssertionError(f"{name} has learned {learned(name)}, not {expected}:\n{log}")


@BOTH
def test_what_users_move_into_junk_and_out_of_it_is_learned_and_counts(name: str) -> None:
    anna = f"anna@{DOMAINS[name]}"
    on(name, f"{REDIS} flushall")  # of an earlier run on these hosts, which outlives its settings
    for kind in CLASSES:
        moved(name, kind, MOVED)
    until(name, dict.fromkeys(CLASSES, MOVED))
    on(name, "systemctl restart redis-server@rspamd.service")
    assert learned(name) == dict.fromkeys(CLASSES, MOVED)

    for kind, words in CLASSES.items():
        token, text = composed(of("sends"), anna, f"{words} {uuid4().hex}")
        assert reply(name, text, anna).startswith("250 ")
        delivered(name, token, "INBOX")
        line = on(name, f"journalctl -q -o cat -t rspamd | grep '<{token}@'")
        assert f"BAYES_{kind.upper()}(" in line, line


@BOTH
def test_a_message_is_moved_while_nobody_learns_and_is_learned_later(name: str) -> None:
    before = learned(name)
    with undone(name, "systemctl start rspamd"):
        on(name, "systemctl stop rspamd")
        moved(name, "spam", 1, UNREAD)

        assert learned(name) == before
        assert on(name, "ls /run/dovecot/learned").count(".spam") == 1
    until(name, before | {"spam": before["spam"] + 1})
    assert on(name, "ls -A /run/dovecot/learned").strip() == ""


@BOTH
def test_only_rspamd_may_use_the_socket_at_which_it_learns(name: str) -> None:
    stat = on(name, "stat -c '%a %U' /run/rspamd/controller.sock")
    assert stat.strip() == "600 _rspamd"
    assert "1133" not in on(name, "ss -Hltn")
