"""``python3 noise.py NAME BYTES``: bytes that do not compress, the same ones for the same name."""

import hashlib
import sys

name, wanted = sys.argv[1], int(sys.argv[2])
block, done = hashlib.sha512(name.encode()).digest(), 0
while done < wanted:
    sys.stdout.buffer.write(block[: wanted - done])
    done += len(block)
    block = hashlib.sha512(block).digest()
