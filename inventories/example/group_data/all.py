"""How every host is reached."""

ssh_user = "root"
ssh_strict_host_key_checking = "yes"

# Who answers the controller's questions about DNS; nothing here means the system's resolver.
mail_resolvers: list[str] = []
