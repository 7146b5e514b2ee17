"""Settings of an inventory: checked once, frozen, passed on as values."""
