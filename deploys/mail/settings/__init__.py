"""The operator's settings: checked once, frozen, the only thing passed on."""
