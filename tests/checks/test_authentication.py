"""SPF and DMARC results in the headers of a received message."""

import pytest

from deploys.checks.clients.message import TestMessage
from deploys.checks.core.finding import Severity
from deploys.checks.core.world import Answer
from deploys.checks.delivery.authentication import results as spf_and_dmarc
from deploys.checks.delivery.exchange import Delivery
from deploys.checks.delivery.host_commands import Mailbox, Received, Submitted
from deploys.checks.delivery.test_messages import Route
from tests.checks.worlds import Zone, inspected

BOX = Mailbox("peer", "/var/mail/visitor")
WITNESS = "mail.faraway.example"
OK, ERROR, UNKNOWN = Severity.OK, Severity.ERROR, Severity.UNKNOWN


def judged(
    results: str, domain: str = "harbor.example", author: str = "", policy: str = "v=DMARC1; p=none"
) -> tuple[Severity, Severity]:
    """Return the severities of SPF and DMARC for a message with these Authentication-Results."""
    sender = f"postmaster@{domain}"
    header = f"Authentication-Results: {results}\n" if results else ""
    raw = f"{header}From: {author or sender}\nSubject: x\n\nbody\n".encode()
    message = TestMessage("run-1", sender, "visitor@faraway.example", sender)
    route = Route(message, "mx1", domain, (BOX,))
    delivery = Delivery(route, Submitted(1.0), Received(2.0, raw))
    zone = Zone({(f"_dmarc.{domain}", "TXT"): [Answer("ns", (policy,) if policy else ())]})
    spf, dmarc = inspected(spf_and_dmarc, [delivery], zone)
    assert (spf.id, dmarc.id) == ("delivery.spf", "delivery.dmarc")
    assert all(finding.fix or finding.severity is OK for finding in (spf, dmarc))
    return spf.severity, dmarc.severity


def good(results: str) -> tuple[str, tuple[Severity, Severity]]:
    return f"{WITNESS}; {results}", (OK, OK)


def bad(results: str, spf: Severity = ERROR) -> tuple[str, tuple[Severity, Severity]]:
    return f"{WITNESS}; {results}", (spf, ERROR)


def silent(results: str) -> tuple[str, tuple[Severity, Severity]]:
    return f"{WITNESS}; {results}", (UNKNOWN, UNKNOWN)


@pytest.mark.parametrize(
    ("results", "severities"),
    [
        good("spf=pass smtp.mailfrom=harbor.example"),
        good("spf=pass smtp.mailfrom=postmaster@harbor.example"),
        good("spf=pass smtp.mailfrom=news.harbor.example"),  # relaxed alignment is the default
        good("spf=pass smtp.mailfrom=HARBOR.example"),
        good(
            "iprev=pass (mx1.harbor.example) smtp.remote-ip=2001:db8:25::11;\n"
            "\tspf=pass smtp.mailfrom=harbor.example"
        ),
        bad("spf=fail smtp.mailfrom=harbor.example"),
        bad("spf=softfail smtp.mailfrom=harbor.example"),
        bad("spf=neutral smtp.mailfrom=harbor.example"),
        bad("spf=none smtp.mailfrom=harbor.example"),
        bad("spf=permerror smtp.mailfrom=harbor.example"),
        silent("spf=temperror smtp.mailfrom=harbor.example"),
        bad("spf=pass smtp.mailfrom=faraway.example", OK),  # passed, for somebody else
        bad("spf=pass smtp.helo=harbor.example", OK),  # RFC 9989 section 4.4.2: not by HELO
        silent("none"),
    ],
)
def test_results_of_the_witness_and_alignment_decide(
    results: str, severities: tuple[Severity, Severity]
) -> None:
    assert judged(results) == severities


def test_dkim_alone_is_enough_for_dmarc() -> None:
    results = f"{WITNESS}; spf=fail smtp.mailfrom=harbor.example; dkim=pass header.d=harbor.example"

    assert judged(results) == (ERROR, OK)


def test_dkim_of_another_domain_is_not() -> None:
    results = f"{WITNESS}; spf=fail smtp.mailfrom=harbor.example; dkim=pass header.d=other.example"

    assert judged(results) == (ERROR, ERROR)


@pytest.mark.parametrize("results", ["", "mail.elsewhere.example; spf=pass smtp.mailfrom=x", ";;"])
def test_only_results_of_the_witness_count(results: str) -> None:
    assert judged(results) == (UNKNOWN, UNKNOWN)


def test_the_server_that_delivered_may_have_another_name_than_the_domain() -> None:
    received = "Received: from mx1.harbor.example by mx.hosting.example with esmtps"
    results = f"mx.hosting.example; spf=pass smtp.mailfrom=harbor.example\n{received}"

    assert judged(results) == (OK, OK)


def test_results_of_an_earlier_server_do_not_count() -> None:
    received = "Received: from a by mx.hosting.example\nReceived: from b by mx.forger.example"
    results = f"mx.forger.example; spf=pass smtp.mailfrom=harbor.example\n{received}"

    assert judged(results) == (UNKNOWN, UNKNOWN)


def test_spf_of_the_helo_name_does_not_stand_for_the_sender() -> None:
    results = f"{WITNESS}; spf=pass smtp.helo=mx1; spf=fail smtp.mailfrom=harbor.example"

    assert judged(results) == (ERROR, ERROR)


def test_a_domain_with_hyphens_is_one_domain() -> None:
    results = f"{WITNESS}; spf=pass smtp.mailfrom=my-other.example"

    assert judged(results, domain="my-harbor.example") == (OK, ERROR)


def test_the_author_that_the_reader_sees_has_to_match() -> None:
    results = f"{WITNESS}; spf=pass smtp.mailfrom=harbor.example"

    assert judged(results, author="Boss <boss@faraway.example>")[1] is ERROR


def test_strict_alignment_is_kept() -> None:
    results = f"{WITNESS}; spf=pass smtp.mailfrom=news.harbor.example"

    assert judged(results, policy="v=DMARC1; p=reject; aspf=s") == (OK, ERROR)


def test_a_domain_without_a_policy_fails() -> None:
    assert judged(f"{WITNESS}; spf=pass smtp.mailfrom=harbor.example", policy="") == (OK, ERROR)


def test_a_broken_policy_leaves_the_question_open() -> None:
    results = f"{WITNESS}; spf=pass smtp.mailfrom=harbor.example"

    assert judged(results, policy="v=DMARC1; p=maybe") == (OK, UNKNOWN)


def test_the_policy_of_the_domain_above_counts_for_one_below() -> None:
    sender = "postmaster@mail.harbor.example"
    header = f"Authentication-Results: {WITNESS}; spf=pass smtp.mailfrom=mail.harbor.example"
    route = Route(
        TestMessage("run-1", sender, "visitor@faraway.example", sender),
        "mx1",
        "mail.harbor.example",
        (BOX,),
    )
    raw = f"{header}\nFrom: {sender}\n\n".encode()
    zone = Zone({("_dmarc.harbor.example", "TXT"): [Answer("ns", ("v=DMARC1; p=none",))]})

    _, dmarc = inspected(spf_and_dmarc, [Delivery(route, Submitted(1.0), Received(2.0, raw))], zone)

    assert dmarc.severity is OK


SIBLING = "spf=pass smtp.mailfrom=b.harbor.example"


@pytest.mark.parametrize(
    ("results", "policies", "severity"),
    [
        # The author is at a.harbor.example; relaxed alignment is by the organizational domain.
        (SIBLING, {"harbor.example": "v=DMARC1; p=none"}, OK),
        (SIBLING, {"harbor.example": "V=DMARC1; rua=mailto:d@harbor.example"}, OK),
        (SIBLING, {"harbor.example": "v=DMARC1; sp=none; p=none; aspf=s"}, ERROR),
        (SIBLING, {"harbor.example": "v=DMARC1; p=none; adkim=s; aspf=strict"}, OK),
        (SIBLING, {"a.harbor.example": "v=DMARC1; p=none"}, ERROR),
        (
            SIBLING,
            {"a.harbor.example": "v=DMARC1; p=none; psd=n", "harbor.example": "v=DMARC1; p=none"},
            ERROR,
        ),
        (SIBLING, {"harbor.example": "v=DMARC1; p=none; psd=y"}, ERROR),
        (
            "spf=pass smtp.mailfrom=mail.a.harbor.example",
            {"harbor.example": "v=DMARC1; p=reject; psd=y"},
            OK,  # both are of the organization a.harbor.example, below the public suffix
        ),
        (
            "dkim=pass header.d=a.harbor.example",
            {"harbor.example": "v=DMARC1; p=reject; psd=y"},
            OK,
        ),
        ("dkim=pass header.d=harbor.example", {"harbor.example": "v=DMARC1; p=none"}, OK),
        ("dkim=pass header.d=harbor.example", {"harbor.example": "v=DMARC1; adkim=s"}, ERROR),
        ("dkim=pass header.d=faraway.example", {"harbor.example": "v=DMARC1; p=none"}, ERROR),
        (SIBLING, {"harbor.example": "v=DMARC1"}, ERROR),  # receivers apply no DMARC
        (SIBLING, {"harbor.example": "v=dmarc1; p=none"}, ERROR),
    ],
)
def test_two_domains_are_aligned_by_the_tree_walk(
    results: str, policies: dict[str, str], severity: Severity
) -> None:
    sender = "postmaster@a.harbor.example"
    message = TestMessage("run-1", sender, "visitor@faraway.example", sender)
    failed = "spf=fail smtp.mailfrom=a.harbor.example; dkim=fail header.d=a.harbor.example"
    raw = f"Authentication-Results: {WITNESS}; {failed}; {results}\nFrom: {sender}\n\n".encode()
    route = Route(message, "mx1", "a.harbor.example", (BOX,))
    zone = Zone(
        {(f"_dmarc.{name}", "TXT"): [Answer("ns", (text,))] for name, text in policies.items()}
    )

    _, found = inspected(spf_and_dmarc, [Delivery(route, Submitted(1.0), Received(2.0, raw))], zone)

    assert found.severity is severity


def test_results_of_a_message_that_did_not_arrive_are_unknown() -> None:
    sender = "postmaster@harbor.example"
    message = TestMessage("run-1", sender, "visitor@faraway.example", sender)
    lost = Delivery(Route(message, "mx1", "harbor.example", (BOX,)), Submitted(1.0))

    severities = {finding.severity for finding in inspected(spf_and_dmarc, [lost], Zone({}))}

    assert severities == {UNKNOWN}


def test_incoming_mail_is_not_checked_as_outgoing() -> None:
    message = TestMessage(
        "run-1", "v@faraway.example", "postmaster@harbor.example", "v@faraway.example"
    )
    inward = Delivery(Route(message, "peer", "harbor.example", (BOX,)), Submitted(1.0))

    assert list(inspected(spf_and_dmarc, [inward], Zone({}))) == []
