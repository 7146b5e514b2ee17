"""Reports to others in the settings: their sender, and what a host needs for them."""

from typing import Any

import pytest

from deploys.mail import units
from tests.mail.test_settings import good, mistakes

BOTH: dict[str, Any] = {"mail_send_reports": ["dmarc", "tls"]}


@pytest.mark.parametrize(
    ("own", "sender"),
    [
        ({}, "postmaster@harbor.example"),
        ({"mail_report_sender": "abuse@harbor.example"}, "abuse@harbor.example"),
        # Its bounces go elsewhere, and it is signed for.
        (
            {
                "mail_sending_domains": ["shop.example"],
                "mail_report_sender": "reports@shop.example",
            },
            "reports@shop.example",
        ),
    ],
)
def test_reports_come_from_an_address_that_is_signed_for(own: dict[str, Any], sender: str) -> None:
    assert good(**BOTH, **own).hosts[0].report_from == sender


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (
            {"mail_report_sender": "reports@elsewhere.example"},
            (
                "mail_report_sender: elsewhere.example is not in mail_domains or "
                "mail_sending_domains, so reports of reports@elsewhere.example would not be "
                "signed; write an address in one of them"
            ),
        ),
        (
            {"mail_report_sender": "reports@harbor.example"},
            (
                "mail_report_sender: reports@harbor.example is no recipient, and gets the bounces "
                "of reports; add it to mail_aliases, or write postmaster@harbor.example"
            ),
        ),
        (
            {"mail_domains": [], "mail_sending_domains": ["shop.example"]},
            (
                "mail_report_sender is missing, and mail_domains is empty; write one like "
                "'dmarc@shop.example'"
            ),
        ),
        (
            {"mail_postfix_main": {"inet_interfaces": "203.0.113.11"}},
            (
                "mail_send_reports hands reports over at 127.0.0.1, and inet_interfaces in "
                "mail_postfix_main is '203.0.113.11'; add 127.0.0.1, or write 'all'"
            ),
        ),
        (
            {"mail_report_organization": 'Harbor "Inc."'},
            (
                "mail_report_organization: 'Harbor \"Inc.\"' is not the name of an organization; "
                "write at most 100 letters, digits and spaces in ASCII, like 'Example Inc.'"
            ),
        ),
        (
            {"mail_send_reports": ["spf"]},
            "mail_send_reports.0: 'spf' is not allowed; write 'dmarc' or 'tls'",
        ),
    ],
)
def test_a_sender_that_cannot_be_is_refused(own: dict[str, Any], sentence: str) -> None:
    assert sentence in mistakes(**{**BOTH, **own})


def test_the_units_of_reports_are_required_where_they_are_sent() -> None:
    of_dmarc = {"redis-server@rspamd.service", units.DMARC_REPORTS}
    of_tls = {units.TLS_COLLECTOR, units.TLS_REPORTER}

    def required(*kinds: str) -> set[str]:
        return set(units.required_units(good(mail_send_reports=list(kinds)).hosts[0]))

    assert not required() & (of_dmarc | of_tls)
    assert required("dmarc") & (of_dmarc | of_tls) == of_dmarc
    assert required("tls") & (of_dmarc | of_tls) == of_tls


def test_postfix_tells_the_collector_of_tls_where_reports_are_sent() -> None:
    host = good(mail_send_reports=["tls"]).hosts[0]

    assert host.postfix_parameters["smtp_tlsrpt_socket_name"] == "tls-reports/collector.sock"
    assert "smtp_tlsrpt_enable" not in good().hosts[0].postfix_parameters
