"""Record sets and changes of a zone, as values."""
