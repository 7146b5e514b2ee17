"""Parts of the inventory that several hosts share: web sites, and hand-over of mail."""
