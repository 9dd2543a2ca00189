"""Small files made up from an id: a picture of a room, a tone, a page. The same id gives the same file."""

import hashlib
import math
import struct
import zlib

from gateway.model.sample_files import kind_of_sample
from gateway.simulator.files import StoredFile

WIDTH, HEIGHT = 640, 480
RATE = 8000
SECONDS = 3
#: Walls, floors and furniture, as red, green and blue.
WALLS = ((214, 222, 219), (226, 216, 201), (205, 214, 228), (223, 209, 214))
FLOORS = ((150, 120, 92), (122, 112, 104), (168, 142, 110))
WOODS = ((117, 78, 46), (160, 113, 68), (84, 58, 40), (132, 98, 70))
LAMPS = ((236, 196, 98), (222, 120, 90), (120, 170, 150))

Colour = tuple[int, int, int]


def sample_of(file_id: str) -> StoredFile | None:
    """Return the sample that an id names, None when it names none."""
    seed = hashlib.sha256(file_id.encode()).digest()
    match kind_of_sample(file_id):
        case "image":
            return StoredFile(picture(seed), "image/png", "room.png")
        case "voice":
            return StoredFile(tone(seed), "audio/x-wav", "voice.wav")
        case "document":
            return StoredFile(page(f"Order {int.from_bytes(seed[:2], 'big')}"), "application/pdf", "order.pdf")
        case _:
            return None


def picture(seed: bytes) -> bytes:
    """Draw a room with a table and a lamp, as PNG."""
    wood = WOODS[seed[2] % len(WOODS)]
    left, top, wide = 80 + seed[4] % 60, 270 + seed[5] % 30, 380 + seed[6] % 80
    boxes: list[tuple[int, int, int, int, Colour]] = [
        (0, 0, WIDTH, HEIGHT, WALLS[seed[0] % len(WALLS)]),
        (0, 340, WIDTH, HEIGHT, FLOORS[seed[1] % len(FLOORS)]),
        (left, top, left + wide, top + 22, wood),
        (left + 16, top + 22, left + 38, 440, wood),
        (left + wide - 38, top + 22, left + wide - 16, 440, wood),
        (left + 60, top - 90, left + 130, top - 40, LAMPS[seed[3] % len(LAMPS)]),
        (left + 91, top - 40, left + 99, top, (70, 70, 74)),
    ]
    rows = bytearray()
    for y in range(HEIGHT):
        row = bytearray(3 * WIDTH)
        for x1, y1, x2, y2, colour in boxes:
            if y1 <= y < y2:
                row[3 * x1 : 3 * x2] = bytes(colour) * (x2 - x1)
        rows += b"\0" + row
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )


def tone(seed: bytes) -> bytes:
    """Return a soft chord that fades, as WAV."""
    pitch = 220 + seed[0]
    samples = bytes(
        128 + int(40 * math.exp(-2 * t / RATE) * (math.sin(turn := math.tau * pitch * t / RATE) + math.sin(1.5 * turn)))
        for t in range(RATE * SECONDS)
    )
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE, RATE, 1, 8)
    size = struct.pack("<I", len(samples))
    return b"RIFF" + struct.pack("<I", len(form) + 12 + len(samples)) + b"WAVE" + form + b"data" + size + samples


def page(words: str) -> bytes:
    """Return a page with a line of plain letters on it, as PDF."""
    drawn = f"BT /F1 28 Tf 72 720 Td ({words}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    written, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        written
        + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
        + table
        + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(written))
    )
