"""A new inventory, from a few answers of the operator."""
