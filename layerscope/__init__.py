"""layerscope shows where the bytes of a container image come from and which of them are not needed."""

__version__ = "0.1.0"
