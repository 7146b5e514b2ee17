"""SRV values: read and written."""

import pytest

from deploys.mail.srv import NOT_OFFERED, Srv, record_name


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0 1 465 mx1.harbor.example.", Srv.at("mx1.harbor.example", 465)),
        ("10 5 587 mx2.harbor.example.", Srv(10, 5, 587, "mx2.harbor.example.")),
        ("0 0 0 .", NOT_OFFERED),
    ],
)
def test_a_target_reads_back_as_it_was_written(text: str, value: Srv) -> None:
    assert Srv.parse(text) == value
    assert str(value) == text


def test_the_endpoint_of_a_target_does_not_depend_on_its_priority() -> None:
    assert (
        Srv.parse("9 9 465 MX1.harbor.example.").endpoint
        == Srv.at("mx1.harbor.example", 465).endpoint
    )


def test_a_services_name_is_below_the_domain() -> None:
    assert record_name("submissions", "harbor.example") == "_submissions._tcp.harbor.example"
