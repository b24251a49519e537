"""Reads rpm's databases, in all three formats, from their bytes alone."""
