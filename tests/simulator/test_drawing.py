"""Samples that the simulator makes up: they are what their ids say, and what browsers show."""

from pathlib import Path

import pytest

from gateway.files.looks import look_at
from gateway.model.sample_files import TWILIO, WHATSAPP, sample_id
from gateway.simulator.drawing import sample_of


@pytest.mark.parametrize(
    ("starts", "kind", "mime_type", "size"),
    [
        (WHATSAPP, "image", "image/png", (640, 480)),
        (TWILIO, "image", "image/png", (640, 480)),
        (WHATSAPP, "voice", "audio/x-wav", (None, None)),
        (WHATSAPP, "document", "application/pdf", (None, None)),
    ],
)
def test_a_sample_is_what_its_id_says(
    starts: dict[str, str], kind: str, mime_type: str, size: tuple[int | None, int | None], tmp_path: Path
) -> None:
    file_id = sample_id(starts, kind, "12345")
    sample = sample_of(file_id)
    assert sample is not None
    assert sample == sample_of(file_id)
    (tmp_path / "file").write_bytes(sample.content)
    looks = look_at(tmp_path / "file", len(sample.content), None)
    assert (looks.mime_type, looks.width, looks.height) == (mime_type, *size)
    assert (looks.duration_ms == 3000) == (kind == "voice")


def test_other_ids_name_nothing() -> None:
    assert sample_of("1234567890") is None
    assert sample_of("ME" + "0" * 32) is None
