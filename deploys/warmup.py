"""Warm-up of new addresses of bulk streams: listed, paused or resumed."""

from deploys.api.warmup import warmup

warmup()
