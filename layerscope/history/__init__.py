"""Histories: each entry to an instruction, aligned with the image's layers and with a Dockerfile."""
