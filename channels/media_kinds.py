"""Kinds of files by their MIME type."""


def kind_of(mime_type: str | None) -> str:
    """Return image, audio or video; file for all else, and where there is no type."""
    main = (mime_type or "").partition("/")[0].strip().lower()
    return main if main in {"image", "audio", "video"} else "file"
