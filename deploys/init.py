"""
A new inventory from a few answers: `pyinfra @local deploys/init.py`.

Without a terminal, the answers are `--data`: host, address, domain, dns, and dns_KEY for each key
of the provider; `--data folder=...` is another folder than inventories/DOMAIN.
"""

from deploys.api.init import init

init()
