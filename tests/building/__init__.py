"""The parts of tests/builder.py; tests import from there."""
