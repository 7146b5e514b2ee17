"""A null client's plan: what is made of its settings, and what nobody gets to see."""

from dataclasses import asdict

from deploys.host.model.desired import Service
from deploys.host.model.plan import configuration
from deploys.host.services import null_client, registry
from deploys.host.services.plan_input import plan_input
from tests.host.found import bare, client

PASSWORD = "open sesame"


def described(**data: object) -> Service:
    own = client(**data)
    return null_client.service(own, plan_input(own, bare("13", own)))


def table(path: str) -> dict[str, str]:
    return next(dict(one.entries) for one in described().tables if one.path == path)


def test_mail_for_any_user_of_the_host_goes_to_one_address() -> None:
    assert table(null_client.RECIPIENTS) == {
        "@app.harbor.example": "hostmaster@harbor.example",
        "@localhost": "hostmaster@harbor.example",
    }


def test_mail_from_any_user_of_the_host_has_the_logins_address() -> None:
    assert set(table(null_client.SENDERS).values()) == {"app@harbor.example"}


def test_the_password_is_in_a_file_for_root_only_and_in_no_printed_change() -> None:
    service = described()
    (secret,) = (file for file in service.set if PASSWORD in file.content)
    changes = list(configuration(service, bare("13", client())))

    assert (secret.path, secret.mode, secret.secret) == (null_client.PASSWORD, 0o600, True)
    assert secret.path in service.query.secrets
    assert [change for change in changes if PASSWORD in repr(asdict(change))] == []


def test_a_null_client_is_queried_about_postfix_only() -> None:
    assert [query.name for query in registry.queries(client())] == ["postfix"]
