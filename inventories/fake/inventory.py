"""A host that does not exist: `pyinfra inventories/fake/inventory.py deploys/hosts.py --dry`."""

from deploys.host.model.wire import encode
from deploys.host.new_host import new_host
from deploys.mail.settings.inventory import fleet_from

_mx1 = {
    "mail_hostname": "mx1.harbor.example",
    "mail_addresses": ["203.0.113.11"],
    "mail_domains": ["harbor.example"],
}
_found = encode(new_host(fleet_from({"mx1": _mx1}, {}).hosts[0]))
_fake = {
    "fake_delay": 0,
    "fake_delay_jitter": 0,
    "fake_responses": {"python3": f'{{"answer": {_found}}}'},
}

mail = [("@fake/mx1", _mx1 | _fake)]
