"""Prints the header blobs of an rpmdb.sqlite as a dump for db5.3_load: ``dump.py rpmdb.sqlite little|big``."""

import sqlite3
import sys
from typing import Literal

order: Literal["little", "big"] = "big" if sys.argv[2] == "big" else "little"
rows = sqlite3.connect(sys.argv[1]).execute("SELECT hnum, blob FROM Packages ORDER BY hnum").fetchall()
print("VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\nHEADER=END")
# Record 0 is rpm's counter: the highest number that was given to a package.
for number, blob in [(0, max(number for number, _ in rows).to_bytes(4, order)), *rows]:
    print(f" {number.to_bytes(4, order).hex()}\n {blob.hex()}")
print("DATA=END")
