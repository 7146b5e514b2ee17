"""Delivery of test messages: they are sent, found in mailboxes, and checked by their octets."""
