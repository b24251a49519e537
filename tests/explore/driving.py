"""Drives the explorer by keys, without a terminal, and tells what is on its screen."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.widgets import Input, Static

from layerscope.analysis.analyse import AnalysisInputs
from layerscope.analysis.browse import Browser
from layerscope.dockerfile.parse import parse_dockerfile
from layerscope.explore.app import Explorer
from layerscope.explore.details_box import DetailsBox
from layerscope.explore.rows import Rows
from layerscope.explore.windows import Window
from layerscope.model.report import Report
from layerscope.provenance.origins import BuildInputs
from layerscope.render.units import RenderOptions, si
from tests.analysis.test_browse import SITE, browsing, distribution, saved_image
from tests.builder import directory, file, layer, symlink, whiteout

WIDE, NARROW = (140, 40), (80, 24)
DOCKERFILE = """\
FROM base
COPY . /app
RUN make && rm -r /app/cache
RUN chmod 755 /app/tool && echo more >> /app/notes
"""
HISTORY = tuple(
    {"created_by": created_by}
    for created_by in (
        "ADD rootfs.tar / # buildkit",
        "COPY . /app # buildkit",
        "RUN /bin/sh -c make && rm -r /app/cache # buildkit",
        "RUN /bin/sh -c chmod 755 /app/tool && echo more >> /app/notes # buildkit",
    )
)


def sample(path: Path) -> Path:
    """An image with a file of each change, a package, findings and a base."""
    return saved_image(
        path,
        layer(directory("etc"), file("etc/os-release", b"ID=debian\n"), file("bin/sh", b"s" * 3000)),
        layer(
            directory("app"),
            file("app/tool", b"t" * 2500),
            file("app/notes", b"one\ntwo\nthree\n"),
            file("app/.git/HEAD", b"ref: x"),
            file("app/.git/objects/pack", b"p" * 9000),
            file("app/cache/a.o", b"o" * 700),
            symlink("app/link", "tool"),
            *distribution(SITE, "1.0", 400),
        ),
        layer(whiteout("app/cache"), file("app/made", b"m" * 1200)),
        layer(file("app/tool", b"t" * 2500, mode=0o755), file("app/notes", b"one\ntwo\nthree\nmore\n")),
        history=HISTORY,
        tags=("sample:1",),
    )


def known() -> AnalysisInputs:
    """What the user knows of the sample."""
    return AnalysisInputs(known=BuildInputs(dockerfile=parse_dockerfile(DOCKERFILE)))


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is on the screen; of a window only its own lines. ``names`` are the last column without what is before it."""

    head: list[str]
    tab: str
    focus: str
    title: str
    legend: str
    rows: list[str]
    current: str
    details: list[str]
    layer: int
    window: str
    notes: list[str]
    screen: str
    clipboard: str
    filter: bool
    ended: bool
    extracted: list[tuple[Mapping[str, int], str, str]]
    names: list[str]


def _text(widget: Static) -> str:
    return str(widget.render())


def screen_of(app: Explorer) -> str:
    """The lines on the screen, without blanks at their ends."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())


def seen(app: Explorer, notes: Sequence[str], extracted: list[tuple[Mapping[str, int], str, str]]) -> Seen:
    """What is on the screen now."""
    window = app.screen if isinstance(app.screen, Window) else None
    if window is not None:
        rows: Rows = window.rows
    elif app.tab == "layers":
        rows = app.files.rows
    else:
        rows = app.lists[app.tab].rows
    lines = ["".join(part.plain for part in rows.row(index)) for index in range(rows.count())]
    main = app.screen_stack[0]
    title = app.files if app.tab == "layers" else app.lists[app.tab]
    return Seen(
        head=_text(main.query_one("#head", Static)).split("\n"),
        tab=app.tab,
        focus=(app.focused.id or type(app.focused).__name__) if app.focused is not None else "",
        title=_text(title.query_one("#files-title" if app.tab == "layers" else ".title", Static)),
        legend=_text(main.query_one("#files-legend", Static)),
        rows=lines,
        current=lines[rows.cursor] if rows.cursor < len(lines) else "",
        details=list(main.query_one("#details", DetailsBox).lines),
        layer=app.layers.cursor,
        window=_text(window.query_one("#window-title", Static)) if window is not None else "",
        notes=list(notes),
        screen=screen_of(app),
        clipboard=app.clipboard,
        filter=isinstance(app.focused, Input),
        ended=app._exit,
        extracted=extracted,
        names=[rows.row(index)[1].plain.lstrip(" ▾▸").split(" -> ")[0] for index in range(rows.count())],
    )


async def drive(
    browser: Browser, report: Report, keys: Sequence[str], size: tuple[int, int], marks: Sequence[int] = ()
) -> list[Seen]:
    """What is on the screen after the first keys of each number in ``marks``, and at the end."""
    notes: list[str] = []
    extracted: list[tuple[Mapping[str, int], str, str]] = []

    def extract(versions: Mapping[str, int], path: str, place: str) -> str:
        extracted.append((versions, path, place))
        return f"wrote {len(versions)} to {place}"

    app = Explorer(report, browser, RenderOptions(units=si), extract)
    plain = app.notify

    def notify(message: str, **options: object) -> None:
        notes.append(message)
        plain(message, **options)  # type: ignore[arg-type]

    app.notify = notify  # type: ignore[method-assign]
    found = []
    async with app.run_test(size=size) as pilot:
        await settled(app, pilot)
        for number, key in enumerate(keys):
            if number in marks:
                found.append(seen(app, notes, extracted))
            await pilot.press(key)
            await settled(app, pilot)
            if app._exit:
                break
        found.append(seen(app, notes, extracted))
    if app.failure is not None:
        raise app.failure
    return found


async def settled(app: Explorer, pilot: object) -> None:
    """Wait until all that a key has begun is done."""
    await app.workers.wait_for_complete()
    await pilot.pause()  # type: ignore[attr-defined]


def pressed(path: Path, *keys: str, known: AnalysisInputs | None = None, size: tuple[int, int] = WIDE) -> Seen:
    """What is on the screen when these keys were pressed."""
    return both(path, *keys, known=known, size=size, before=len(keys))[-1]


def both(
    path: Path, *keys: str, known: AnalysisInputs | None = None, size: tuple[int, int] = WIDE, before: int
) -> list[Seen]:
    """What is on the screen after the first keys, and after all of them."""
    with browsing(path, known) as (browser, report, _):
        return asyncio.run(drive(browser, report, keys, size, (before,)))
