"""From build options to the inputs of an analysis: Dockerfile, base image, builder images, lockfiles."""

import os
import posixpath
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from layerscope.analysis.analyse import LOCKFILES, WANTED, AnalysisInputs
from layerscope.analysis.ignore import Ignore
from layerscope.cli.messages import naming_option
from layerscope.cli.options import BuildOptions, ReadArguments
from layerscope.cli.reading import opened
from layerscope.cli.user_files import read_whole
from layerscope.errors import UsageError
from layerscope.model.image import Digest, Image
from layerscope.model.pathset import Wanted
from layerscope.model.patterns import pattern
from layerscope.provenance.origins import BuildInputs

if TYPE_CHECKING:  # The parser is large and loaded only for a Dockerfile.
    from layerscope.advice.files import BuildFiles
    from layerscope.dockerfile.scope import BaseConfig
    from layerscope.dockerfile.syntax import Dockerfile

_HEAD = 1 << 12
_MOST_LOCKFILE_BYTES = 32 << 20
_MOST_UP = 4
"""Directories that are looked at: that of the Dockerfile and those above it."""
_MOST_NAMES = 200
_OPEN = pattern(r"[$*?\[\\]|://|^git@")
"""In a source: what only a build, or somebody else's disk, knows."""
_OF_BUILDS = pattern(r"(?i)(?:.*[.-])?(?:docker|container)file(?:[.-].*)?|\..*|.*compose.*\.ya?ml|.*\.(?:sh|md|hcl)")


@contextmanager
def analysis_inputs(
    build: BuildOptions,
    reading: ReadArguments,
    *,
    duplicates: bool = True,
    ignores: tuple[Ignore, ...] = (),
    onto: Sequence[str] = (),
) -> Iterator[AnalysisInputs]:
    """The inputs, with builder images and other bases open for as long as the context lasts."""
    with ExitStack() as stack:
        yield replace(_inputs(build, reading.beside(), onto, stack), duplicates=duplicates, ignores=ignores)


def _inputs(build: BuildOptions, others: ReadArguments, onto: Sequence[str], stack: ExitStack) -> AnalysisInputs:
    arguments = dict(_argument(text) for text in build.build_arg or ())
    _expect_dockerfile(build)
    names = [_split(text, "--stage", "NAME=IMAGE") for text in build.stage or ()]
    base, base_config, base_steps = _base(build.base, others) if build.base else (None, None, 0)
    with naming_option("--stage"):
        builders = tuple(
            (name, stack.enter_context(opened(source, others, wanted=WANTED, fingerprint="sha256", silent=True)))
            for name, source in names
        )
    with naming_option("--onto"):
        others_wanted = wanted(onto)
        bases = tuple(stack.enter_context(opened(source, others, wanted=others_wanted, silent=True)) for source in onto)
    # Read once: it may be a pipe, as `<(command)` is.
    content = _dockerfile_content(build.dockerfile) if build.dockerfile else None
    inputs = BuildInputs(
        dockerfile=_dockerfile(build.dockerfile, content) if content is not None else None,
        target=build.target,
        build_args=arguments,
        builders=builders,
        base=base_config,
    )
    return AnalysisInputs(
        base=base,
        known=inputs,
        lockfiles=tuple(_lockfiles(Path(build.dockerfile))) if build.dockerfile else (),
        files=_build_files(build, content, inputs.dockerfile) if content is not None else None,
        onto=bases,
        base_steps=base_steps or None,
    )


def _base(source: str, reading: ReadArguments) -> tuple[tuple[Digest, ...], "BaseConfig", int]:
    """The diff_ids of a base image, its config, and the number of its instructions; the image itself is not kept."""
    with naming_option("--base"), opened(source, reading) as image:
        return image.config.diff_ids, _config(image), len(image.config.history)


def wanted(onto: Sequence[str] = ()) -> tuple[Wanted, ...]:
    """What the one pass over the layers is to keep; more where the image is compared with other bases."""
    if not onto:
        return WANTED
    from layerscope.rebase.registry import WANTED as FOR_OTHER_BASES

    return (*WANTED, *FOR_OTHER_BASES)


def _expect_dockerfile(build: BuildOptions) -> None:
    """Raise UsageError for an option that says how to read a Dockerfile where none is given."""
    given = {"--target": build.target, "--build-arg": build.build_arg, "--context": build.context_dir}
    needs = next((option for option, value in given.items() if value), "")
    if needs and not build.dockerfile:
        raise UsageError(f"{needs} needs a Dockerfile", hint="add --dockerfile FILE")


def fingerprint(build: BuildOptions) -> str:
    """The digest that compares contents: a match with a builder is evidence, so it needs SHA-256."""
    return "sha256" if build.stage else "xxh3"


def _config(image: Image) -> "BaseConfig":
    from layerscope.dockerfile.scope import BaseConfig

    settings = image.config.document.get("config")
    triggers = settings.get("OnBuild") if isinstance(settings, dict) else None
    return BaseConfig(
        env=image.config.env,
        working_directory=image.config.working_dir or "/",
        triggers=tuple(text for text in triggers if isinstance(text, str)) if isinstance(triggers, list) else (),
    )


def _split(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals or not value:
        raise UsageError(f"{option} {text}: expected {form}")
    return name, value


def _argument(text: str) -> tuple[str, str]:
    """Return name and value; a name alone takes its value from the environment, as with docker build."""
    name, equals, value = text.partition("=")
    if not equals and name in os.environ:
        value = os.environ[name]
    elif not name or not equals:
        raise UsageError(f"--build-arg {text}: expected K=V or the name of an environment variable")
    return name, value


def _dockerfile_content(source: str) -> bytes:
    from layerscope.dockerfile.lines import MAX_BYTES

    path = dockerfile_path(source)
    content = read_whole(path, MAX_BYTES)
    if b"\0" in content[:_HEAD]:
        raise UsageError(f"--dockerfile: {path} is not a Dockerfile", hint="an image is named without an option")
    return content


def _dockerfile(source: str, content: bytes) -> "Dockerfile":
    from layerscope.dockerfile.parse import parse_dockerfile

    return parse_dockerfile(content, name=dockerfile_path(source).name)


def _build_files(build: BuildOptions, content: bytes, parsed: "Dockerfile | None") -> "BuildFiles":
    """The Dockerfile and the .dockerignore as advice would change them, by the paths that a patch gives them."""
    from layerscope.advice.files import BuildFiles
    from layerscope.dockerfile.lines import MAX_BYTES
    from layerscope.edit.document import Document

    found = None if build.context_dir or parsed is None else find_context(dockerfile_path(build.dockerfile), parsed)
    dockerfile, ignore = paths = build_paths(build, found)
    is_known = bool(build.context_dir) or found is not None or ignore.name != ".dockerignore"
    text = content.decode("utf-8", "surrogateescape")
    patterns = read_whole(ignore, MAX_BYTES).decode("utf-8", "surrogateescape") if ignore.is_file() else ""
    dockerfile_name, ignore_name = _patch_paths(paths)
    return BuildFiles(
        dockerfile=Document.parse(text, dockerfile.name),
        dockerfile_path=dockerfile_name,
        ignore=patterns,
        ignore_path=ignore_name,
        places=(str(dockerfile), str(ignore)),
        is_context_known=is_known,
    )


def encoded(text: str) -> bytes:
    """The bytes of a text that ``_build_files`` made."""
    return text.encode("utf-8", "surrogateescape")


def build_paths(build: BuildOptions, context: Path | None = None) -> tuple[Path, Path]:
    """The Dockerfile and its .dockerignore; ``NAME.dockerignore`` beside it wins, as in BuildKit.

    ``context`` is the build context where --context does not name it, the Dockerfile's directory by default.
    """
    dockerfile = dockerfile_path(build.dockerfile)
    own = dockerfile.with_name(f"{dockerfile.name}.dockerignore")
    beside = Path(build.context_dir or context or dockerfile.parent) / ".dockerignore"
    return dockerfile, own if own.is_file() else beside


def patch_root(paths: Sequence[Path]) -> str:
    """The directory that the paths of a patch start from: the working directory if all files are below it.

    Else it is the one that holds them all.
    """
    whole = [os.path.abspath(path) for path in paths]
    here = os.getcwd()
    with suppress(ValueError):  # Windows has several drives.
        if os.path.commonpath([here, *whole]) == here:
            return here
    try:
        return os.path.commonpath([os.path.dirname(path) for path in whole])
    except ValueError:
        raise UsageError(f"no directory holds both {whole[0]} and {whole[1]}") from None


def _patch_paths(paths: Sequence[Path]) -> Iterator[str]:
    root = patch_root(paths)
    return (os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/") for path in paths)


def dockerfile_place(build: BuildOptions, files: "BuildFiles | None" = None) -> tuple[str, str]:
    """The path that a patch gives the Dockerfile, and the URI of the directory that it starts from.

    ``files`` are those that the patch changes. The URI is empty for the working directory, which is another one on
    every machine.
    """
    paths = tuple(map(Path, files.places)) if files is not None else build_paths(build)
    root = patch_root(paths)
    uri = "" if root == os.getcwd() else Path(root).as_uri()
    return next(_patch_paths(paths)), uri if uri.endswith("/") or not uri else f"{uri}/"


def dockerfile_path(source: str) -> Path:
    """The Dockerfile that ``--dockerfile`` names, a file or its directory."""
    path = Path(source)
    return path / "Dockerfile" if path.is_dir() else path


def _lockfiles(dockerfile: Path) -> Iterator[tuple[str, bytes]]:
    """The lockfiles beside the Dockerfile."""
    directory = dockerfile if dockerfile.is_dir() else dockerfile.parent
    for name in sorted(LOCKFILES):
        path = directory / name
        if path.is_file():
            yield str(path), read_whole(path, _MOST_LOCKFILE_BYTES)


def find_context(path: Path, dockerfile: "Dockerfile") -> Path | None:
    """The directory of the Dockerfile, or one above it, that has most of what COPY names; None where nothing shows it.

    Where COPY takes no names but ``.``, the first directory that has more in it than files of builds.
    """
    if not path.is_file():  # A pipe.
        return Path()
    places = [path.parent, *islice(path.absolute().parents, 1, _MOST_UP)]
    places = [one for one in places if one == path.parent or one.parent != one]
    named = set(islice(_sources(dockerfile), _MOST_NAMES))
    names = named - {"."}
    if names:
        counts = [sum(_has(place, name) for name in names) for place in places]
        if max(counts):
            return places[counts.index(max(counts))]
    elif "." not in named:
        return path.parent
    elif more := next((one for one in places if _holds_more(one)), None):
        return more
    return next((one for one in places if _has(one, ".dockerignore")), None)


def _sources(dockerfile: "Dockerfile") -> Iterator[str]:
    """What COPY and ADD take from the build context by name, relative to it."""
    for one in dockerfile.instructions:
        if one.keyword in ("COPY", "ADD") and not one.flag("from"):
            for source in one.arguments[:-1]:
                if not _OPEN.search(source) and not source.startswith("<<"):
                    yield posixpath.normpath(f"/{source}").lstrip("/") or "."


def _has(place: Path, name: str) -> bool:
    with suppress(OSError, ValueError):
        return (place / name).exists()
    return False


def _holds_more(place: Path) -> bool:
    with suppress(OSError):
        return any(not _OF_BUILDS.fullmatch(one.name) for one in place.iterdir())
    return False
