"""The deploy of a host has the title of the host's role."""

import pytest
from pyinfra.api.config import Config
from pyinfra.api.inventory import Inventory
from pyinfra.api.state import State
from pyinfra.context import ctx_host, ctx_state

from deploys.host.deploy import mail_host
from deploys.mail.settings.model import HostSettings
from tests.host.found import client, settings


@pytest.mark.parametrize(
    ("own", "title"), [(settings(), "Mail host"), (client(), "Null client")], ids=["mail", "client"]
)
def test_steps_are_titled_by_role(
    own: HostSettings, title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles: list[str] = []
    monkeypatch.setattr("deploys.host.deploy.host_prepared", lambda **_: titles.append(current()))
    monkeypatch.setattr("deploys.host.deploy.host_certified", lambda **_: None)
    monkeypatch.setattr("deploys.host.deploy.host_configured", lambda **_: None)
    state = State(Inventory((["@fake/mx1"], {})), Config())
    (host,) = state.inventory

    def current() -> str:
        return str(host.current_deploy_name)

    with ctx_state.use(state), ctx_host.use(host):
        mail_host(settings=own, txt=lambda *_: {}, tlsa=lambda *_: None)
    ctx_state.reset()
    ctx_host.reset()

    assert titles == [title]
