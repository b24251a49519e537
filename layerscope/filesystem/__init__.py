"""From the changesets of an image to one tree of versions and what became of each."""
