"""A systemd timer on the controller that runs the checks again and again."""
