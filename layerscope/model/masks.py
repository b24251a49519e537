"""Masks: a byte for each of many things, 1 for those that are meant; for ``itertools.compress``."""


def both(one: bytes | bytearray, other: bytes | bytearray) -> bytes:
    """1 where both masks are 1; they are equally long."""
    # One operation on two long numbers is a hundred times faster than one on each pair of bytes.
    return (int.from_bytes(one, "little") & int.from_bytes(other, "little")).to_bytes(len(one), "little")
