"""The zones alone: published, or with `--data zone_restore=ID` as they were before a run."""

from deploys.api.zone import zone

zone()
