"""Checks of the mailboxes of mail hosts."""
