"""One harness under atheris: ``python -m tests.fuzz.under_atheris NAME [options of libFuzzer]``."""

import sys


def main() -> None:
    import atheris  # type: ignore[import-untyped,unused-ignore]

    with atheris.instrument_imports(include=["layerscope"]):
        from tests.fuzz import harnesses
    name = sys.argv.pop(1)
    harness = harnesses.HARNESSES[name]
    with atheris.instrument_imports(include=["layerscope"]):
        harnesses.nothing_else(b"", harness)  # It imports what it needs.
    atheris.Setup(sys.argv, lambda data: harnesses.nothing_else(bytes(data), harness) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
