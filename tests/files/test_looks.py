"""What files are told to be, by their bytes."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.files.films import film_of
from gateway.files.looks import FILMS, INLINE, PICTURES, SOUND, Looks, kind_of, look_at, type_of
from gateway.files.pictures import picture_size
from tests.files.samples import HTML, PDF, SVG, gif, jpeg, mp4, opus, png, wav, webp


@pytest.mark.parametrize(
    ("content", "declared", "looks"),
    [
        (png(640, 480), None, Looks("image/png", 640, 480)),
        (gif(12, 34), None, Looks("image/gif", 12, 34)),
        (jpeg(4000, 3000), None, Looks("image/jpeg", 4000, 3000)),
        (jpeg(4000, 3000, 6), None, Looks("image/jpeg", 3000, 4000)),
        (jpeg(4000, 3000, 3), None, Looks("image/jpeg", 4000, 3000)),
        (webp(33, 44), None, Looks("image/webp", 33, 44)),
        (webp(33, 44, b"VP8L"), None, Looks("image/webp", 33, 44)),
        (webp(33, 44, b"VP8 "), None, Looks("image/webp", 33, 44)),
        (mp4(2.5), None, Looks("video/mp4", 320, 240, 2500)),
        (mp4(2.5, turned=True), None, Looks("video/mp4", 240, 320, 2500)),
        (mp4(1, 0, 0, b"M4A "), None, Looks("audio/mp4", None, None, 1000)),
        (mp4(1, 0, 0), "audio/mp4", Looks("audio/mp4", None, None, 1000)),
        (mp4(1, brand=b"3gp4"), None, Looks("video/3gpp", 320, 240, 1000)),
        (mp4(1, brand=b"qt  "), None, Looks("video/quicktime", 320, 240, 1000)),
        (mp4(1, brand=b"heic"), "image/heic", Looks("image/heic")),
        (opus(1.5), "audio/ogg; codecs=opus", Looks("audio/ogg", duration_ms=1500)),
        (wav(0.5), None, Looks("audio/x-wav", duration_ms=500)),
        (b"\xff\xfb\x90\x44" + b"\0" * 100, None, Looks("audio/mpeg")),
        (b"ID3\x03" + b"\0" * 100, None, Looks("audio/mpeg")),
        (b"\xff\xf1\x50\x80" + b"\0" * 100, None, Looks("audio/aac")),
        (b"#!AMR\n" + b"\0" * 100, None, Looks("audio/amr")),
        (PDF, "image/png", Looks("application/pdf")),
        (HTML, "image/png", Looks("application/octet-stream")),
        (SVG, "image/svg+xml", Looks("application/octet-stream")),
        (b"a,b\n", "text/csv", Looks("text/csv")),
        (b"BM" + b"\0" * 60, None, Looks("image/bmp")),
        (png()[:20], None, Looks("image/png")),
        (png(70_000, 1), None, Looks("image/png")),
    ],
)
def test_bytes_tell_what_a_file_is(content: bytes, declared: str | None, looks: Looks, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert look_at(path, len(content), declared) == looks


@pytest.mark.parametrize(
    ("mime_type", "kind"),
    [("image/png", "image"), ("image/svg+xml", "file"), ("image/bmp", "file"), ("audio/ogg", "audio"),
     ("video/mp4", "video"), ("application/pdf", "document"), ("text/html", "document"), ("application/zip", "file")],
)  # fmt: skip
def test_only_what_can_be_shown_is_called_a_picture(mime_type: str, kind: str) -> None:
    assert kind_of(mime_type) == kind


HEADS = st.sampled_from([png(), gif(), jpeg(), jpeg(orientation=6), webp(), mp4(), opus(), wav(), PDF])


@given(HEADS, st.binary(max_size=40), st.integers(0, 200), st.sampled_from(sorted(PICTURES | SOUND | FILMS)))
def test_spoilt_headers_tell_nothing_wrong(head: bytes, noise: bytes, place: int, mime_type: str) -> None:
    spoilt = head[:place] + noise + head[place + len(noise) :]
    size = picture_size(mime_type, spoilt)
    assert size is None or all(0 < side <= 65_535 for side in size)
    film = film_of(mime_type, io.BytesIO(spoilt), len(spoilt))
    assert film.duration_ms is None or film.duration_ms > 0


@given(st.binary(max_size=600), st.text(max_size=30) | st.sampled_from(["text/html", "image/png", "image/svg+xml"]))
def test_no_sender_makes_a_file_shown_whose_bytes_do_not(content: bytes, declared: str) -> None:
    if type_of(content, declared) in INLINE:
        assert type_of(content, None) == type_of(content, declared)
