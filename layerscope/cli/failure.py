"""What a person is told of an error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from layerscope.errors import LayerscopeError


def tell(error: LayerscopeError) -> None:
    """Print the message, what it lists and the hint on stderr: no name in them can begin a line of its own."""
    # --version, which can hardly fail, is to load nothing.
    from layerscope.render.escape import printable

    print(f"layerscope: {printable(error.message)}", file=sys.stderr)
    for line in error.listing:
        print(f"  {printable(line)}", file=sys.stderr)
    if error.hint:
        print(f"hint: {printable(error.hint)}", file=sys.stderr)


@contextmanager
def writing() -> Iterator[None]:
    """Says of what fails within the context that it is the output; a closed pipe is for whoever runs the command."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise LayerscopeError(f"cannot write to standard output: {error.strerror or error}") from None
