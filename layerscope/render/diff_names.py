"""What the two images of a diff are called, so that one can be told from the other."""

from layerscope.model.report import ImageSummary


def names(before: ImageSummary, after: ImageSummary) -> tuple[str, str]:
    """What tells the two apart: their names, else the files that they came from, else their platforms or ids."""
    for told in (_tag, _file, _source, _platform, _called):
        one, other = told(before), told(after)
        if one and other and one != other:
            return one, other
    return _called(before), _called(after)


def _tag(image: ImageSummary) -> str:
    return image.name if image.tags else ""


def _file(image: ImageSummary) -> str:
    return image.source.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _called(image: ImageSummary) -> str:
    """The name, or as much of the image id as the engines show."""
    return _tag(image) or image.image_id.removeprefix("sha256:")[:12] or image.name


def _source(image: ImageSummary) -> str:
    return image.source


def _platform(image: ImageSummary) -> str:
    return f"{_tag(image)} ({image.platform})".strip() if image.platform else ""
