"""The names of the rules, as people write them in options and files."""

from difflib import get_close_matches

from layerscope.errors import UsageError


def rule_name(name: str, where: str) -> str:
    """``name`` where it is a rule's; raises UsageError that names the nearest one."""
    from layerscope.rules.catalogue import RULES

    known = [rule.name for rule in RULES]
    if name not in known:
        nearest = get_close_matches(name, known, n=1, cutoff=0.0)
        hint = f"did you mean {nearest[0]}? layerscope rules lists them all" if nearest else ""
        raise UsageError(f"{where}: there is no rule {name[:60]}", hint=hint)
    return name
