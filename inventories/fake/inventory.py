"""A host that does not exist: `pyinfra inventories/fake/inventory.py deploys/hosts.py --dry`."""

from pyinfra import state

from deploys.host.inventory import fleet_of
from deploys.host.model.wire import encode
from deploys.host.new_host import new_host
from deploys.run.remote import BEGIN, END

NAME = "@fake/mx1"


class NewHost:
    """Answer of a new host with the settings of this run, which `--data` may have changed."""

    def __str__(self) -> str:
        return f'{{"answer": {encode(new_host(fleet_of(state.inventory).deployed(NAME)))}}}'


mail = [
    (
        NAME,
        {
            "mail_hostname": "mx1.harbor.example",
            "mail_addresses": ["203.0.113.11"],
            "mail_domains": ["harbor.example"],
            "fake_delay": 0,
            "fake_delay_jitter": 0,
            "fake_responses": {"python3": [BEGIN, NewHost(), END]},
        },
    )
]
