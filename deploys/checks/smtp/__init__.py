"""What the ports of a mail host say to strangers and to those who submit mail."""
