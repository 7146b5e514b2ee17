"""
An inventory to start from: two servers, a host that sends through one of them, and one place
outside that proves delivery.

Groups give a host its role: `mail` and `client` are deployed, `witnesses` only receive and answer
test mail; the `controller` is the machine that pyinfra runs on.
"""

mail = [
    (
        "mx1.example.org",
        {
            "mail_hostname": "mx1.example.org",
            "mail_addresses": ["203.0.113.25", "2001:db8::25"],
            "mail_domains": ["example.org"],
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

# deploys/timer.py lets this machine verify mail on its own, when systemd.time(7) says; "": never.
controller = [
    (
        "@local",
        {
            "verify_timer": "daily",
        },
    ),
]
