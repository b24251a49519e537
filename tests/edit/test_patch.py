"""Diffs apply with git and patch."""

from layerscope.edit.patch import unified_diff


def test_a_diff_names_both_files() -> None:
    assert unified_diff({"a": "x\n"}, {"a": "y\n"}) == "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n"
