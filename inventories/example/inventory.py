"""
An inventory to start from: two mail hosts, a null client, and a witness outside.

Groups give a host its role. Hosts of `mail` and `client` are deployed, `witnesses` only receive
test messages, and the `controller` is the machine that pyinfra runs on.
"""

mail = [
    (
        "mx1.example.org",
        {
            "mail_hostname": "mx1.example.org",
            "mail_addresses": ["203.0.113.25", "2001:db8::25"],
            "mail_domains": ["example.org"],
            "mail_tls": "acme",  # the null client below verifies its certificate
        },
    ),
    (
        "mx2.example.org",
        {
            "mail_hostname": "mx2.example.org",
            "mail_addresses": ["198.51.100.25"],
            "mail_domains": ["example.org"],
        },
    ),
]

client = [("app.example.org", {"mail_hostname": "app.example.org"})]

witnesses = ["shell.example.net"]

# deploys/timer.py sets up a timer for the checks on this machine (systemd.time(7)); "": no timer.
controller = [
    (
        "@local",
        {
            "verify_timer": "daily",
        },
    ),
]
