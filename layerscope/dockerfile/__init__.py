"""Dockerfiles: their syntax tree, their variables, their stages, and the paths that a COPY reads and writes."""
