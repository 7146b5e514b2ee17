"""Merge of records of ours with what a name already has, by kind."""
