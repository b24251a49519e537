"""Converts UTF-16, as Windows writes it, to UTF-8, in which secrets are searched."""

_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HEAD = 128


def as_utf8(data: bytes) -> bytes:
    """Return UTF-16 text, with or without a byte order mark, as UTF-8, and anything else unchanged."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _recoded(data[2:], encoding)
    head = data[:_HEAD]
    if b"\0" in head and len(head) >= 8:
        # Nearly all characters of a key or a name are ASCII, so that every other byte is zero.
        for encoding, zeros, others in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
            if not any(zeros) and all(others):
                return _recoded(data, encoding)
    return data


def _recoded(data: bytes, encoding: str) -> bytes:
    return data[: len(data) & ~1].decode(encoding, "replace").encode("utf-8", "replace")
