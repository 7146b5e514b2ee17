"""Mistakes in an inventory, each as one sentence."""
