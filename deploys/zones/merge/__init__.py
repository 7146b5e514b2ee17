"""Rules for joining a record of ours with what a name already holds."""
