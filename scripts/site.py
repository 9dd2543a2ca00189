"""What mkdocs can't do by itself: list whole folders in the navigation, and take in pages from outside of docs/.

Links stay as they have to be on GitHub; here they are led to where the site has those pages. A page that would fetch
something from elsewhere ends the build.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
#: Pages of the site that lie elsewhere in the repository.
ELSEWHERE = {
    "python-client.md": "clients/python/README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
SITE_PAGES = {path: f"docs/{page}" for page, path in ELSEWHERE.items()}
DECISIONS = "docs/decisions/README.md"
LINK = re.compile(r"(\]\()([^)#:\s]+)([)#])")
FETCHED = re.compile(r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*\b(?:src|href)=[\"']?(?:https?:)?//[^>]*>")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """List every page of a folder where the navigation names the folder."""
    config.nav = [_listed(entry, Path(config.docs_dir)) for entry in config.nav or []]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Take in the pages from elsewhere."""
    for page, path in ELSEWHERE.items():
        files.append(File.generated(config, page, content=(ROOT / path).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links between docs/ and elsewhere to the pages of the site."""
    shown = f"docs/{page.file.src_uri}"
    real = ELSEWHERE.get(page.file.src_uri, shown)

    def led(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(real), link[2]))
        target = SITE_PAGES.get(target, target)
        return f"{link[1]}{posixpath.relpath(target, posixpath.dirname(shown))}{link[3]}"

    return LINK.sub(led, markdown) + (_decisions(Path(config.docs_dir)) if shown == DECISIONS else "")


def on_post_page(output: str, *, page: Page, config: MkDocsConfig) -> str:
    """See that a page fetches nothing from elsewhere.

    Raises:
        PluginError: when it would.
    """
    if fetched := FETCHED.search(output):
        raise PluginError(f"{page.file.src_uri} fetches from elsewhere: {fetched[0]}")
    return output


def _listed(entry: Any, docs: Path) -> Any:  # Any: the navigation is lists, mappings and names, as YAML has them
    if isinstance(entry, dict):
        ((title, content),) = entry.items()
        if isinstance(content, str) and content.endswith("/"):
            pages = [{_title(page): f"{content}{page.name}"} for page in _pages(docs / content)]
            return {title: [f"{content}README.md", *pages]}
    return entry


def _decisions(docs: Path) -> str:
    """Return what a folder is by itself on GitHub: the list of its pages."""
    return "\n".join(["", *(f"- [{_title(page)}]({page.name})" for page in _pages(docs / "decisions"))])


def _pages(folder: Path) -> list[Path]:
    return sorted(page for page in folder.glob("*.md") if page.name != "README.md")


def _title(page: Path) -> str:
    """Return the heading of a page; a comment may stand above it."""
    return next(line for line in page.read_text("utf-8").splitlines() if line.startswith("# ")).removeprefix("# ")
