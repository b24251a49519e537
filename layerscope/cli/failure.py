"""What a person is told of an error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from layerscope.errors import LayerscopeError


def tell(error: LayerscopeError) -> None:
    """Print the message, what it lists and the hint on stderr: no name in them can begin a line of its own."""
    say(error.message, "layerscope: ")
    for line in error.listing:
        say(line, "  ")
    if error.hint:
        say(error.hint, "hint: ")


def say(text: str, before: str = "") -> None:
    """Print one line on stderr: no name in it begins another line or is a command, and secrets in it are masked."""
    # Few runs have anything to say, and --version, which can hardly fail, is to load nothing.
    from layerscope.render.escape import printable, without_commands
    from layerscope.secrets.text import redacted

    print(without_commands(f"{before}{printable(redacted(text))}"), file=sys.stderr)


@contextmanager
def writing() -> Iterator[None]:
    """Says of what fails within the context that it is the output; a closed pipe is for whoever runs the command."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise LayerscopeError(f"cannot write to standard output: {error.strerror or error}") from None
