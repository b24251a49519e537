"""layerscope tells where the bytes of a container image come from and which of them are needless."""

__version__ = "0.1.0"
