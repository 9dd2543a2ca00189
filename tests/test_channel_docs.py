"""The pages on channels say what the adapters say."""

import pytest

from channels.registry import ADAPTERS
from scripts.channel_docs import FOLDER, pages


def test_the_pages_are_those_that_make_docs_would_write() -> None:
    written = {file.name: file.read_text("utf-8") for file in FOLDER.glob("*.md")}
    assert written == pages(), "run `make docs`"


def test_every_provider_has_a_page_with_what_it_takes() -> None:
    found = pages()
    assert set(found) == {"README.md", *(f"{name}.md" for name in ADAPTERS)}
    for name, adapter in ADAPTERS.items():
        for field in adapter.credentials.model_fields:
            assert f"| `{field}` |" in found[f"{name}.md"]
        assert f"({name}.md)" in found["README.md"]


@pytest.mark.parametrize(("name", "code"), [("telnyx", "40300"), ("messagebird", "103"), ("360dialog", "131026")])
def test_a_page_lists_the_error_codes_of_a_package_and_of_a_provider_in_one_file(name: str, code: str) -> None:
    assert f"`{code}`" in pages()[f"{name}.md"].partition("## Error codes")[2].partition("## Notes")[0]
