"""
The handler of bulk mail: a program that stays on a host and reads what comes back.

Bounces (RFC 3464), feedback reports (RFC 5965) and requests to unsubscribe become events and
suppressions. Only the standard library and Debian's packages are imported, `programs`, `mail.verp`
and `mail.unsubscribe` aside, which go to the host with this folder.
"""
