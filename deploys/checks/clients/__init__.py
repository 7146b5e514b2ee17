"""Clients that checks use: SMTP, IMAP, HTTPS, SSH, and the test message."""
