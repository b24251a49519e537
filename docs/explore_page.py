"""Writes the keys of the explorer to docs/explore.md, from its bindings."""

import re
from pathlib import Path

from layerscope.explore.keys import rows

PAGE = Path(__file__).parent / "explore.md"
_KEYS = re.compile(r"(<!-- keys: made by `make docs` -->\n).*?(<!-- end of keys -->)", re.DOTALL)


def with_keys(page: str) -> str:
    """The page with the table of all keys as they are now."""
    return _KEYS.sub(lambda found: f"{found[1]}\n{keys()}\n{found[2]}", page)


def keys() -> str:
    """A table with all keys."""
    lines, last = ["| where | keys | what |", "|---|---|---|"], ""
    for group, names, words in rows():
        cells = " ".join(f"`{name}`" for name in names.split())
        lines.append(f"| {group if group != last else ''} | {cells} | {words} |")
        last = group
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(with_keys(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
