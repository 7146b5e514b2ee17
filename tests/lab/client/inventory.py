import os

from deploys.lab.inventory import hosts
from deploys.mail.settings.secret import env
from tests.lab.labs import NAME

_own = {
    "mail_relay_ca": os.environ["CLIENT_TRUSTS"],
    "mail_relay_password": env("CLIENT_PASSWORD"),
}
client = [(name, {**data, **_own}) for name, data in hosts(NAME, "client")]
witnesses = hosts(NAME, "peer") if "CLIENT_WITNESS" in os.environ else []
