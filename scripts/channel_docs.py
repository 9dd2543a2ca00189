"""Writes ``docs/channels/`` from what the adapters say of themselves: ``make docs``. A test holds the two together."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from channels.adapter import Adapter
from channels.refusals import Problem, Problems
from channels.registry import ADAPTERS
from gateway.model.provider import Provider, described

FOLDER = Path(__file__).parents[1] / "docs" / "channels"
BASE_URL = "https://gateway.example.org"
#: Providers whose error codes are those of another one's package.
PACKAGES = {"whatsapp_cloud": "whatsapp", "360dialog": "whatsapp", "vonage_sms": "vonage"}
GENERATED = "<!-- Written by `make docs`; what is said here stands in the adapter. -->"
YES, NO = "yes", "–"
LONG_RUN = 10

Json = Mapping[str, Any]  # Any: a JSON schema


def pages() -> dict[str, str]:
    """Return all pages by file name."""
    found = {f"{name}.md": _page(adapter, described(adapter, BASE_URL)) for name, adapter in ADAPTERS.items()}
    return {"README.md": _index(), **found}


def _index() -> str:
    rows = [
        (f"[{one.title}]({one.name}.md)", f"`{one.name}`", ", ".join(one.capabilities.channels), one.summary)
        for one in sorted(
            (described(adapter, BASE_URL) for adapter in ADAPTERS.values()), key=lambda one: one.title.lower()
        )
    ]
    return _joined(
        GENERATED,
        "# Channels",
        "Every provider that can be connected. The same is told by `postgate providers`, by `GET /api/v1/providers`,"
        " and in the page under *Settings → Connections*, with your own URLs filled in.",
        _table(("Provider", "Name", "Channels", "What it brings"), rows),
        "A connection that receives nothing: run its self-test in the page, or with"
        " `POST /api/v1/connections/{id}/self-test`. It says in words what stands between"
        " the provider and the gateway.",
    )


def _page(adapter: Adapter, provider: Provider) -> str:
    codes = list(_codes(provider.name))
    return _joined(
        GENERATED,
        f"# {provider.title}",
        f"{provider.summary} Name: `{provider.name}`. [{provider.title}'s own page]({provider.documentation})",
        "## Steps",
        "\n".join(f"{number}. {step}" for number, step in enumerate(provider.steps, 1)),
        f"Address of a channel: {provider.address}",
        "## What can be done",
        _table(("", ""), _capabilities(provider)),
        "## Credentials",
        _table(("Field", "Title", "Needed", "Secret", "Meaning"), _fields(provider.credentials, secret=True)),
        "## Settings",
        _table(("Field", "Title", "Needed", "Meaning"), _fields(provider.settings, secret=False)),
        *(("## Error codes", _table(("Codes", "Meaning", "Tried again"), codes)) if codes else ()),
        *(("## Notes", "\n".join(f"- {note}" for note in provider.notes)) if provider.notes else ()),
        *(() if adapter.posted else ("It takes no webhook URL.",)),
    )


def _longest(by_channel: Mapping[str, int]) -> str:
    """Write the longest texts, once where all channels have the same."""
    if len(set(by_channel.values())) == 1:
        return f"{next(iter(by_channel.values())):,} characters"
    return ", ".join(f"{channel} {longest:,} characters" for channel, longest in by_channel.items()) or NO


def _capabilities(provider: Provider) -> Iterator[tuple[str, str]]:
    can = provider.capabilities
    yield "Channels", ", ".join(can.channels)
    yield "Longest text", _longest(can.longest_text)
    yield "Files", f"{', '.join(can.media)}; {can.most_files} in a message" if can.media else NO
    yield "Free text after a customer's message", "always" if can.window_hours is None else f"{can.window_hours} hours"
    for title, able in (
        ("Templates", can.templates),
        ("Templates can be fetched", provider.syncs_templates),
        ("Buttons and lists", can.interactive),
        ("Reactions", can.reactions),
        ("Quoted replies", can.quotes),
        ("Tells when a message was read", can.read_receipts),
        ("Can be told that a message was read", can.mark_read),
        ("Shows that somebody is writing", can.typing),
    ):
        yield title, YES if able else NO


def _fields(schema: Json, *, secret: bool) -> Iterator[tuple[str, ...]]:
    for name, field in schema["properties"].items():
        needed = YES if name in schema["required"] else NO
        is_secret = (YES if field.get("writeOnly") else NO,) if secret else ()
        yield f"`{name}`", field["title"], needed, *is_secret, field["description"]


def _codes(provider: str) -> Iterator[tuple[str, str, str]]:
    """Return a provider's error codes by what they mean, as its package, or else its one file, tells them apart."""
    package = f"channels.{PACKAGES.get(provider, provider)}"
    in_package = find_spec(package) is not None and find_spec(f"{package}.problems") is not None
    name = f"{package}.problems" if in_package else f"channels.providers.{provider}"
    by_problem: dict[Problem, list[str]] = {}
    for value in vars(import_module(name)).values():
        if isinstance(value, Problems):
            for code, problem in value.by_code.items():
                by_problem.setdefault(problem, []).append(code)
    for problem, codes in by_problem.items():
        yield ", ".join(_runs(list(dict.fromkeys(codes)))), problem.reason, YES if problem.retryable else NO


def _runs(codes: Sequence[str]) -> Iterator[str]:
    """Write codes one by one, but the first and the last of a long run of neighbours."""
    at = 0
    while at < len(codes):
        end = at + 1
        while end < len(codes) and _follows(codes[end - 1], codes[end]):
            end += 1
        if end - at < LONG_RUN:
            yield from (f"`{code}`" for code in codes[at:end])
        else:
            yield f"`{codes[at]}` to `{codes[end - 1]}`"
        at = end


def _follows(code: str, following: str) -> bool:
    return code.isdecimal() and following.isdecimal() and int(following) == int(code) + 1


def _table(head: Sequence[str], rows: Iterator[tuple[str, ...]] | Sequence[tuple[str, ...]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _joined(*parts: str) -> str:
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Write the pages, and remove those of providers that are gone."""
    wanted = pages()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, "utf-8")
    for file in FOLDER.glob("*.md"):
        if file.name not in wanted:
            file.unlink()
    sys.stdout.write(f"{len(wanted)} pages in {FOLDER}\n")


if __name__ == "__main__":
    main()
