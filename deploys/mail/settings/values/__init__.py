"""Types of values that several settings share."""
