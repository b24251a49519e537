"""The names of the rules in options and files."""

from layerscope.errors import UsageError
from layerscope.model.nearest import nearest


def rule_name(name: str, where: str) -> str:
    """Return ``name`` if it is a rule's; raise UsageError with the nearest name otherwise."""
    from layerscope.rules.registry import RULES

    known = [rule.name for rule in RULES]
    if name not in known:
        meant = nearest(name, known)
        hint = "layerscope rules lists them all"
        raise UsageError(
            f"{where}: there is no rule {name[:60]}", hint=f"did you mean {meant}? {hint}" if meant else hint
        )
    return name
