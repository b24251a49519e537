"""Dockerfiles: their syntax tree, their variables, their stages, and what a COPY maps to what."""
