"""Kinds of files by their MIME type, or by how their name ends where nothing else is known."""

ENDINGS = {
    "image": ("jpg", "jpeg", "png", "gif", "webp", "heic", "bmp"),
    "audio": ("mp3", "ogg", "oga", "opus", "amr", "m4a", "aac", "wav"),
    "video": ("mp4", "3gp", "mov", "webm", "mpeg"),
}
BY_ENDING = {ending: kind for kind, endings in ENDINGS.items() for ending in endings}


def kind_of(mime_type: str | None) -> str:
    """Return image, audio or video; file for all else, and where there is no type."""
    main = (mime_type or "").partition("/")[0].strip().lower()
    return main if main in {"image", "audio", "video"} else "file"


def kind_of_name(name: str) -> str:
    """Return image, audio or video by the ending of a file's name or URL; file for all else."""
    path = name.partition("#")[0].partition("?")[0]
    return BY_ENDING.get(path.rpartition(".")[2].lower(), "file")
