"""The pages on channels say what the adapters say."""

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
