"""Edits of Dockerfiles and .dockerignore files: text in, text out, and no other byte changed."""
