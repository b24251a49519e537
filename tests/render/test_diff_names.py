"""Images of a diff are told apart by name, file or platform."""

import pytest

from layerscope.model.report import ImageSummary
from layerscope.render.diff_names import names


def image(source: str = "a.tar", tag: str = "", image_id: str = "", platform: str = "linux/amd64") -> ImageSummary:
    name = tag or image_id or source
    tags = (tag,) if tag else ()
    return ImageSummary(
        source=source, format="docker-archive", name=name, tags=tags, image_id=image_id, platform=platform
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(image(tag="app:1"), image(tag="app:2"), ("app:1", "app:2"), id="names"),
        pytest.param(
            image("old/app.tar", "app:1"), image("new.tar", "app:1"), ("app.tar", "new.tar"), id="the same name"
        ),
        pytest.param(
            image("old/app.tar", "app:1"), image("new/app.tar", "app:1"), ("old/app.tar", "new/app.tar"), id="and file"
        ),
        pytest.param(
            image(tag="app:1"),
            image(tag="app:1", platform="linux/arm64"),
            ("app:1 (linux/amd64)", "app:1 (linux/arm64)"),
            id="two platforms of one image",
        ),
        pytest.param(
            image(image_id="sha256:" + "1" * 64),
            image(image_id="sha256:" + "2" * 64, platform="linux/arm64"),
            ("(linux/amd64)", "(linux/arm64)"),
            id="two platforms of an image without a name",
        ),
        pytest.param(
            image(image_id="sha256:" + "1" * 64),
            image(image_id="sha256:" + "2" * 64),
            ("1" * 12, "2" * 12),
            id="two images without names of one archive",
        ),
        pytest.param(
            image("a.tar", image_id="sha256:" + "1" * 64),
            image("b.tar", image_id="sha256:" + "2" * 64),
            ("a.tar", "b.tar"),
            id="without names",
        ),
        pytest.param(
            image(image_id="sha256:" + "1" * 64),
            image(image_id="sha256:" + "1" * 64),
            ("1" * 12, "1" * 12),
            id="the same one",
        ),
    ],
)
def test_each_side_is_called_by_what_is_its_own(
    before: ImageSummary, after: ImageSummary, expected: tuple[str, str]
) -> None:
    assert names(before, after) == expected
