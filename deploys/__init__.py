"""pyinfra-mail: an inventory becomes mail that arrives."""
