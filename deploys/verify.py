"""
Verification on any day. It sends test messages, removes them again, and changes nothing else.

A domain in no inventory is checked without a login and without messages:
`pyinfra @local deploys/verify.py --data verify_domain=example.org`. So is a list of recipients:
`pyinfra @local deploys/verify.py --data verify_list=customers.csv`.
"""

from deploys.api.verify import verify

verify()
