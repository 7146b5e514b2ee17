"""What the DNS says of mail, asked of every authoritative server at every address."""
