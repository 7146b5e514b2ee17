"""Causes: findings that explain others, in the order of the damage that they do."""
