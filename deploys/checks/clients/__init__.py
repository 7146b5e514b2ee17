"""Clients that checks use: SMTP, IMAP, SSH, and the test message."""
