"""Suppressed recipients of the bulk streams: listed, exported, added, imported or removed."""

from deploys.api.suppression import suppression

suppression()
