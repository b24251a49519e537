"""Templates of every kind give to the letter what Go gives."""

import pytest

from layerscope.errors import UsageError
from layerscope.gotemplate import render
from tests.gotemplate.go_answers import DOCUMENTS, ERRORS, IMAGE, OUTPUTS


@pytest.mark.parametrize(("template", "expected"), OUTPUTS, ids=[row[0] for row in OUTPUTS])
def test_output_is_that_of_go(template: str, expected: str) -> None:
    assert render(template, IMAGE) == expected


@pytest.mark.parametrize(("template", "expected"), ERRORS, ids=[row[0] for row in ERRORS])
def test_error_is_that_of_go(template: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        render(template, IMAGE)
    assert caught.value.message == expected


@pytest.mark.parametrize(("template", "document", "expected"), DOCUMENTS)
def test_any_document_reads_as_in_go(template: str, document: object, expected: str) -> None:
    try:
        answer = render(template, document)
    except UsageError as error:
        answer = error.message
    assert answer == expected
