"""Clients that checks use: SMTP, IMAP, HTTPS, SSH, DNS, and the test message."""
