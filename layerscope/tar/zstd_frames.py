"""Where zstd frames begin and end (RFC 8878, section 3.1), found by their outer structure alone."""

import io

_SKIPPABLE = 0x184D2A50
_WINDOW_OR_NOT = (1, 0)
_DICTIONARY_BYTES = (0, 1, 2, 4)
_CONTENT_SIZE_BYTES = (0, 2, 4, 8)
_RLE = 1


class Frames:
    """A stream of zstd frames on its way to the decompressor.

    ``between`` says whether only whole frames were read so far. Nothing is checked here: anything else fails
    in the decompressor.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self._skip = 0
        self._need = 4
        self._part = b""
        self._checksum = False
        self._expects = self._magic
        self.between = True

    def read(self, length: int = -1) -> bytes:
        """The next stored bytes, at most ``length``."""
        data = self._raw.read(length) or b""
        self._pass(data)
        return data

    def _pass(self, data: bytes) -> None:
        position = 0
        while position < len(data):
            if self._skip:
                step = min(self._skip, len(data) - position)
                self._skip -= step
                position += step
            else:
                piece = data[position : position + self._need - len(self._part)]
                self._part += piece
                position += len(piece)
                self.between = False
                if len(self._part) < self._need:
                    return
                part, self._part = self._part, b""
                self._expects(part)
            if not self._skip and not self._need:
                self._need, self._expects, self.between = 4, self._magic, True

    def _magic(self, part: bytes) -> None:
        magic = int.from_bytes(part, "little")
        if magic & ~0xF == _SKIPPABLE:
            self._need, self._expects = 4, self._skippable
        else:
            self._need, self._expects = 1, self._descriptor

    def _skippable(self, part: bytes) -> None:
        self._skip, self._need = int.from_bytes(part, "little"), 0

    def _descriptor(self, part: bytes) -> None:
        """The frame header's first byte says how long the rest of it is."""
        single = part[0] >> 5 & 1
        content_size = _CONTENT_SIZE_BYTES[part[0] >> 6] or single
        self._skip = _WINDOW_OR_NOT[single] + _DICTIONARY_BYTES[part[0] & 3] + content_size
        self._checksum = bool(part[0] & 4)
        self._need, self._expects = 3, self._block

    def _block(self, part: bytes) -> None:
        header = int.from_bytes(part, "little")
        self._skip = 1 if header >> 1 & 3 == _RLE else header >> 3
        if header & 1:
            self._skip += 4 * self._checksum
            self._need = 0
