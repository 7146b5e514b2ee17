"""Checks of the SMTP ports of a mail host: port 25 for other servers, 465 and 587 for accounts."""
