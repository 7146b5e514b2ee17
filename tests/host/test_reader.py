"""The reader of reports: what it takes from a message, and what it refuses."""

import gzip
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploys.host.reader import __main__ as daemon
from deploys.host.reader import batch, mailbox
from deploys.host.reader.archive import LARGEST_UNPACKED, Unreadable, unpacked
from deploys.host.reader.configuration import ReaderConfiguration
from deploys.host.reader.mailbox import ReportMailbox
from deploys.host.reader.message import InvalidReport, reports
from deploys.mail import report_store
from deploys.mail.report_store import DmarcDay, DomainReport, ReportSums, Source, TlsFailure, sums
from tests.host.report_samples import (
    BEGIN,
    DAY,
    NOW,
    RFC_9990,
    aggregate,
    compressed,
    message,
    record,
    tls,
    zipped,
)

OURS = ReaderConfiguration("", "mx1.harbor.example", ("harbor.example",), ("127.0.0.0/8",))
PASSING = Source("203.0.113.11", "none", dkim=True, spf=True, messages=5)
FORGED = Source("192.0.2.9", "reject", dkim=False, spf=False, messages=3)
PLAIN = aggregate(record(), record("192.0.2.9", 3, disposition="reject", dkim="fail", spf="fail"))
CURRENT = aggregate(record(), namespace=RFC_9990, report_id="a.b@c")
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 9))
    + b"]><feedback>&a8;</feedback>"
)
OUTSIDE = b'<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]><feedback>&x;</feedback>'


def read(content: bytes) -> tuple[DomainReport, ...]:
    return reports(content, OURS, NOW)


@pytest.mark.parametrize(
    "sent",
    [
        message(compressed(PLAIN)),
        message(zipped(PLAIN), "a!b!1!2.zip", "application/zip"),
        message(PLAIN, "report.xml", "text/xml"),
        message(compressed(PLAIN), "report.xml.gz", "application/octet-stream"),
        message(zipped(PLAIN, "__MACOSX/._report.xml", 2), "r.zip", "application/zip"),
    ],
    ids=["gzip", "zip", "plain", "octets", "macOS"],
)
def test_a_dmarc_report_is_read_in_every_packing(sent: bytes) -> None:
    (found,) = read(sent)

    assert (found.kind, found.sender, found.domain) == (
        "dmarc",
        "receiver.example",
        "harbor.example",
    )
    assert (found.day, found.policy, found.report_id) == ("2026-11-29", "none", "1")
    assert found.sources == (PASSING, FORGED)


def test_a_dmarc_report_of_rfc_9990_is_read() -> None:
    (found,) = read(message(compressed(CURRENT)))

    assert (found.report_id, found.sources) == ("a.b@c", (PASSING,))


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("r.json.gz", "application/tlsrpt+gzip", compressed(tls())),
        ("r.json", "application/tlsrpt+json", b"\xef\xbb\xbf" + tls()),
        ("r.json.gz", "application/gzip", compressed(tls())),
        ("r.zip", "application/zip", zipped(tls(), "r.json")),
    ],
)
def test_a_tls_report_is_read(name: str, kind: str, content: bytes) -> None:
    (found,) = read(message(content, name, kind))

    assert (found.kind, found.policy, found.successes) == ("tls", "sts", 40)
    assert found.failures == (
        TlsFailure("certificate-expired", "198.51.100.7", "mx1.harbor.example", "", 2),
    )


def test_failures_without_details_are_counted_too() -> None:
    text = tls().replace(b'"failed-session-count": 2', b'"failed-session-count": 1')
    (found,) = read(message(compressed(text)))

    assert [(one.result, one.sessions) for one in found.failures] == [
        ("certificate-expired", 1),
        ("no details", 1),
    ]


def test_one_domain_with_two_policies_of_a_type_is_one_row() -> None:
    policies = 2 * [
        {
            "policy": {"policy-type": "tlsa", "policy-domain": "Harbor.Example."},
            "summary": {"total-successful-session-count": 3, "total-failure-session-count": 1},
        }
    ]
    (found,) = read(message(compressed(tls(policies=policies))))

    assert (found.domain, found.policy, found.successes) == ("harbor.example", "tlsa", 6)
    assert [one.sessions for one in found.failures] == [1, 1]


def test_the_sources_of_a_report_are_bounded() -> None:
    many = [record(f"10.0.{number // 250}.{number % 250}", 1) for number in range(2100)]
    (found,) = read(message(compressed(aggregate(*many, record(count=10**15)))))

    assert len(found.sources) == 2001
    assert found.sources[0].messages == 10**9
    assert (found.sources[-1].address, found.sources[-1].messages) == ("", 101)


INVALID = {
    "damaged gzip": (compressed(PLAIN)[:60], "archive is damaged"),
    "wrong deflate": (compressed(PLAIN)[:40] + b"\xff" * 40, "archive is damaged"),
    "gzip bomb": (gzip.compress(b"<a>" * (LARGEST_UNPACKED // 2)), "octets when it is unpacked"),
    "zip bomb": (zipped(bytes(LARGEST_UNPACKED + 1)), "octets when it is unpacked"),
    "zip in zip": (zipped(zipped(PLAIN), "inner.zip"), "an archive is inside of another one"),
    "gzip in gzip": (compressed(compressed(PLAIN)), "an archive is inside of another one"),
    "two documents": (zipped(PLAIN, members=2), "has 2 documents, not one"),
    "many members": (zipped(PLAIN, members=11), "more than 10 members"),
    "no member": (zipped(b"", members=0), "has 0 documents, not one"),
    "large": (b"x" * (10 * 2**20 + 1), "more than 10485760 octets"),
    "XML bomb": (compressed(BOMB), "not safe, well-formed XML"),
    "outside entity": (OUTSIDE, "not safe, well-formed XML"),
    "deep XML": (b"<a>" * 200_000, "DMARC report is not valid"),
    "another root": (b"<html/>", "must be <feedback>"),
    "unknown encoding": (aggregate(encoding="klingon"), "DMARC report"),
    "wrong encoding": (aggregate(org="caf\xe9").decode().encode("latin-1"), "DMARC report"),
    "wrong count": (aggregate(record(count=-5)), "positive 64-bit"),
    "another domain": (aggregate(domain="bank.example"), "is about bank.example, which is no"),
    "old": (aggregate(begin=BEGIN - 70 * DAY), "older than 60 days"),
    "future": (aggregate(begin=BEGIN + 5 * DAY), "of days to come"),
    "no policies": (tls(policies={}), "TLS report is not valid: '{}' is not a list"),
    "no id": (tls().replace(b"report-id", b"id"), "TLS report lacks 'report-id'"),
    "wrong sessions": (tls(-2), "'-2' is not a count"),
    "no JSON": (b"{" + bytes(20), "TLS report is not valid"),
    "Latin-1": (b'{"organization-name": "caf\xe9"}', "TLS report is not valid"),
    "deep JSON": (b'{"a":' + b"[" * 100_000, "TLS report is not valid"),
    "wrong date": (tls().replace(b"T00:00:00Z", b"x"), "TLS report is not valid"),
}


@pytest.mark.parametrize(("content", "why"), INVALID.values(), ids=INVALID)
def test_a_hostile_or_damaged_report_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(InvalidReport, match=r"^of receiver\.example: ") as refused:
        read(message(content, "report.xml"))

    assert why in str(refused.value)


def test_an_encrypted_zip_is_refused() -> None:
    archive = bytearray(zipped(PLAIN))
    for place in (6, archive.index(b"PK\x01\x02") + 8):  # the flags of the member
        archive[place] |= 1

    with pytest.raises(Unreadable, match="password"):
        unpacked(bytes(archive))


NOT_VERIFIED = {
    "no result": ({"Authentication_Results": "mx1; none"}, "neither SPF nor DKIM passes"),
    "failed": ({"Authentication_Results": "mx1; spf=fail smtp.mailfrom=a@receiver.example"}, "ne"),
    "not aligned": (
        {"Authentication_Results": "mx1; dkim=pass header.d=other.example"},
        "neither SPF nor DKIM passes for its sender receiver.example",
    ),
    "top-level": ({"Authentication_Results": "mx1; dkim=pass header.d=example"}, "neither SPF"),
    "no header": ({"Authentication-Results": ""}, "it has 0 Authentication-Results"),
    "broken header": ({"Authentication-Results": "((("}, "is not valid"),
    "local": ({"Received": "by mx1.harbor.example (Postfix, from userid 0)"}, "from another host"),
    "networks": (
        {
            "Received": "from a (a [127.0.0.5]) by mx1.harbor.example (Postfix) with ESMTP id 1",
        },
        "127.0.0.5 is in mail_networks",
    ),
    "account": (
        {
            "Received": "from a (a [192.0.2.1]) by mx1.harbor.example (Postfix) with ESMTPSA id 1",
        },
        "an account of this host sent it",
    ),
    "no From": ({"From": ""}, "From header does not have one address"),
    "two From": ({"From": "a@receiver.example, b@receiver.example"}, "does not have one address"),
}


@pytest.mark.parametrize(("headers", "why"), NOT_VERIFIED.values(), ids=NOT_VERIFIED)
def test_a_report_of_a_sender_who_is_not_verified_is_refused(
    headers: dict[str, str], why: str
) -> None:
    replaced = {name.replace("_", "-"): value for name, value in headers.items()}

    with pytest.raises(Unreadable) as refused:
        read(message(compressed(PLAIN), **replaced))

    assert why in str(refused.value)
    assert not isinstance(refused.value, InvalidReport)


def test_a_tls_report_without_a_signature_is_refused() -> None:
    only_spf = {"Authentication-Results": "mx1; spf=pass smtp.mailfrom=a@receiver.example"}
    sent = message(compressed(tls()), **only_spf)

    with pytest.raises(InvalidReport, match="needs a DKIM signature"):
        read(sent)
    assert read(message(compressed(PLAIN), **only_spf))


def test_a_message_without_attachment_is_no_report() -> None:
    with pytest.raises(Unreadable, match="no attachment that can be a report"):
        read(b"From: a@receiver.example\nSubject: hello\n\nhow are you?\n")


PACKED = (compressed(PLAIN), zipped(PLAIN), PLAIN, CURRENT, tls(), zipped(tls(), "r.json"))


@given(
    st.sampled_from(PACKED),
    st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=4)), min_size=1, max_size=5),
)
def test_any_damage_is_read_or_refused(document: bytes, changes: list[tuple[int, bytes]]) -> None:
    damaged = bytearray(document)
    for place, octets in changes:
        damaged[place : place + 2] = octets

    with suppress(Unreadable):
        read(message(bytes(damaged), "report.xml"))


@pytest.fixture
def configuration(tmp_path: Path) -> ReaderConfiguration:
    return ReaderConfiguration(str(tmp_path), OURS.hostname, OURS.domains, OURS.networks)


def arrived(configuration: ReaderConfiguration, *contents: bytes) -> ReportMailbox:
    found = ReportMailbox(Path(configuration.state) / "mail")
    for number, content in enumerate(contents):
        (found.new / f"{number}").write_bytes(content)
    return found


def configuration_file(configuration: ReaderConfiguration) -> Path:
    file = Path(configuration.state) / "reports.json"
    file.write_text(
        f'{{"state": "{configuration.state}", "hostname": "mx1.harbor.example",'
        ' "domains": ["harbor.example"], "networks": []}'
    )
    return file


def known(configuration: ReaderConfiguration) -> ReportSums:
    folder = Path(configuration.state)
    return sums(folder, [folder / "mail" / "new", folder / "mail" / "cur"], NOW)


def test_a_report_that_comes_twice_counts_once(configuration: ReaderConfiguration) -> None:
    other = message(compressed(aggregate(report_id="2")))
    box = arrived(configuration, *(3 * [message(compressed(PLAIN))]), other)

    batch.read_all(configuration, NOW)

    found = known(configuration)
    day = DmarcDay("harbor.example", "none", "2026-11-29", 13, 3, ("receiver.example",))
    assert found.dmarc == (day,)
    assert [(one.address, one.messages, one.failing, one.stopped) for one in found.sources] == [
        ("192.0.2.9", 3, 3, 3),
        ("203.0.113.11", 10, 0, 0),
    ]
    assert not found.refusals
    assert not [*box.new.iterdir(), *box.current.iterdir(), *box.unread.iterdir()]


def test_a_message_that_is_no_report_is_kept_with_the_reason(
    configuration: ReaderConfiguration,
) -> None:
    box = arrived(configuration, b"From: a@b.example\n\nhello\n", message(compressed(BOMB)))

    batch.read_all(configuration, NOW)

    assert sorted(one.name for one in box.unread.iterdir()) == ["0", "1"]
    assert {(one.name, one.report) for one in known(configuration).refusals} == {("0", 0), ("1", 1)}
    (box.unread / "0").unlink()
    batch.read_all(configuration, NOW)
    assert [one.name for one in known(configuration).refusals] == ["1"]


def test_what_is_kept_is_bounded(
    configuration: ReaderConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "MOST_KEPT", 3)
    box = arrived(configuration, *(7 * [b"Subject: none\n\n"]))

    batch.read_all(configuration, NOW)

    assert len([*box.unread.iterdir()]) == 3
    assert len(known(configuration).refusals) == 3


def test_what_nobody_has_read_yet_is_told(configuration: ReaderConfiguration) -> None:
    arrived(configuration, b"one", b"two")

    found = known(configuration)

    assert (found.waiting, found.oldest > 0, found.dmarc) == (2, True, ())


def test_old_reports_are_forgotten(
    configuration: ReaderConfiguration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_store, "MOST_ROWS", 1)
    before = message(compressed(aggregate(begin=BEGIN - DAY, report_id="0")))
    arrived(configuration, before, message(compressed(aggregate())))

    batch.read_all(configuration, NOW)

    assert [one.day for one in known(configuration).dmarc] == ["2026-11-29"]
    batch.read_all(configuration, NOW + 500 * DAY)
    with closing(sqlite3.connect(Path(configuration.state) / report_store.NAME)) as database:
        assert database.execute(
            "SELECT (SELECT count(*) FROM report), count(*) FROM source"
        ).fetchone() == (0, 0)


def test_the_batch_is_a_process_with_bounded_memory(
    configuration: ReaderConfiguration, tmp_path: Path
) -> None:
    file = configuration_file(configuration)
    assert ReaderConfiguration.read(file).domains == ("harbor.example",)
    box = arrived(configuration, message(compressed(tls())), message(compressed(b"<a/>" * 10**6)))

    daemon.read(str(file), tmp_path, box)

    assert [one.name for one in box.unread.iterdir()] == ["1"]
    assert not box.waiting()


def test_a_message_at_which_the_batch_dies_is_kept_and_not_tried_again(
    configuration: ReaderConfiguration, tmp_path: Path
) -> None:
    box = arrived(configuration, b"fatal")
    program = f"import os, signal; os.kill(os.getpid(), {signal.SIGKILL})"
    box.begin(box.waiting()[0])
    subprocess.run((sys.executable, "-c", program), check=False)

    daemon.read("no such file", tmp_path, box)

    assert [one.name for one in box.unread.iterdir()] == ["0"]
    assert "its reader ended with status 1" in known(configuration).refusals[0].reason


def test_without_its_database_the_reader_loses_no_message(
    configuration: ReaderConfiguration, tmp_path: Path
) -> None:
    file = configuration_file(configuration)
    (tmp_path / report_store.NAME).write_bytes(b"no database" * 1000)
    box = arrived(configuration, message(compressed(PLAIN)))

    daemon.read(str(file), tmp_path, box)

    assert [one.name for one in box.waiting()] == ["0"]
    (tmp_path / report_store.NAME).unlink()
    batch.read_all(configuration, NOW)
    assert known(configuration).dmarc


def test_a_message_that_was_being_read_at_a_reboot_is_read_again(
    configuration: ReaderConfiguration,
) -> None:
    box = arrived(configuration, message(compressed(PLAIN)))
    box.begin(box.waiting()[0])

    box.begin_again()
    batch.read_all(configuration, NOW)

    assert known(configuration).dmarc
