"""
The inventory alone, without its hosts: exit status 0, or 1 with every mistake.

`pyinfra inventories/mine/inventory.py deploys/check.py` contacts no host; `--data check_secrets=no`
does not try the secrets, for a machine that has none.
"""

from deploys.api.check import check

check()
