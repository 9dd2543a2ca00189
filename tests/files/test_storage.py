"""Both storages do the same: a folder, and a bucket of a server that speaks S3."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from http.client import HTTPConnection
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from gateway.files.chosen import storage_of
from gateway.files.disk import DiskStorage
from gateway.files.errors import ContentMissing, FileEmpty, FileTooLarge, StorageUnavailable
from gateway.files.s3 import Bucket, S3Storage
from gateway.files.spool import spooled
from gateway.files.storage import PIECE_BYTES, Storage, key_of, require_key
from gateway.settings import Settings

TENANT = UUID(int=7)
LARGE = bytes(range(256)) * (PIECE_BYTES // 256 * 5) + b"end"


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    """A server that speaks S3, with one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    connection = HTTPConnection(host, port)
    connection.request("PUT", "/files")
    assert connection.getresponse().status == 200
    connection.close()
    yield url
    server.stop()


@pytest.fixture(params=["disk", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """Each storage in turn."""
    if request.param == "disk":
        return DiskStorage(tmp_path / "files")
    return bucket(request.getfixturevalue("s3_url"), tmp_path)


def bucket(url: str, spool: Path, name: str = "files") -> S3Storage:
    """Return a bucket of the server."""
    access = Bucket(
        name=name, prefix="inbox", region="us-east-1", endpoint=url, access_key_id="a", secret_access_key=SecretStr("b")
    )
    return S3Storage(access, spool)


async def chunks(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    """Yield bytes in pieces."""
    for place in range(0, len(content), size):
        yield content[place : place + size]


async def put(storage: Storage, content: bytes) -> str:
    """Store bytes; returns their key."""
    async with spooled(storage.spool, chunks(content), 10**9) as whole:
        assert (whole.sha256, whole.size) == (hashlib.sha256(content).hexdigest(), len(content))
        key = key_of(TENANT, whole.sha256)
        await storage.put(key, whole.path)
        return key


async def read(storage: Storage, key: str, start: int, end: int) -> bytes:
    """Return some bytes of a key."""
    return b"".join([piece async for piece in storage.read(key, start, end)])


@pytest.mark.parametrize("content", [b"x", LARGE], ids=["small", "large"])
async def test_what_was_stored_can_be_read_in_parts(storage: Storage, content: bytes) -> None:
    key = await put(storage, content)
    assert await storage.exists(key)
    for start, end in [(0, len(content)), (0, 1), (len(content) - 1, len(content)), (len(content) // 2, len(content))]:
        assert await read(storage, key, start, end) == content[start:end]


async def test_storing_it_again_changes_nothing(storage: Storage) -> None:
    assert await put(storage, b"same") == await put(storage, b"same")
    assert await read(storage, key_of(TENANT, hashlib.sha256(b"same").hexdigest()), 0, 4) == b"same"


async def test_what_was_deleted_is_missing(storage: Storage) -> None:
    key = await put(storage, b"short-lived")
    await storage.delete(key)
    await storage.delete(key)
    assert not await storage.exists(key)
    with pytest.raises(ContentMissing):
        await read(storage, key, 0, 1)


async def test_the_end_of_a_file_is_not_made_up(storage: Storage) -> None:
    key = await put(storage, b"12345")
    with pytest.raises((ContentMissing, StorageUnavailable)):
        await read(storage, key, 0, 9)


@pytest.mark.parametrize(
    "key", ["../x", "/etc/passwd", "a" * 32 + "/aa/../" + "a" * 64, "", "a" * 32 + "/aa/" + "A" * 64]
)
async def test_only_keys_of_ours_lead_anywhere(storage: Storage, key: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no key"):
        await storage.exists(key)
    with pytest.raises(ValueError, match="no key"):
        await storage.put(key, tmp_path / "x")
    with pytest.raises(ValueError, match="no key"):
        await storage.delete(key)
    with pytest.raises(ValueError, match="no key"):
        await read(storage, key, 0, 1)


@given(st.uuids(), st.binary())
def test_a_key_names_one_tenant_and_one_content(tenant_id: UUID, content: bytes) -> None:
    key = require_key(key_of(tenant_id, hashlib.sha256(content).hexdigest()))
    assert key.startswith(tenant_id.hex + "/")
    assert key.endswith(hashlib.sha256(content).hexdigest())


async def test_a_bucket_that_is_not_there_is_told(s3_url: str, tmp_path: Path) -> None:
    storage = bucket(s3_url, tmp_path, "nothing")
    with pytest.raises(StorageUnavailable):
        await put(storage, b"x")


async def test_a_bucket_that_does_not_answer_is_told(tmp_path: Path) -> None:
    storage = bucket("http://127.0.0.1:9", tmp_path)
    with pytest.raises(StorageUnavailable) as told:
        await storage.exists(key_of(TENANT, "a" * 64))
    assert "127.0.0.1" not in str(told.value)


async def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnavailable):
        DiskStorage(tmp_path / "file" / "below")


async def test_nothing_is_left_of_what_did_not_come_whole(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield LARGE
        raise ConnectionResetError

    storage = DiskStorage(tmp_path / "files")
    for content, limit, error in [
        (broken(), 10**9, ConnectionResetError),
        (chunks(LARGE), 9, FileTooLarge),
        (chunks(b""), 9, FileEmpty),
    ]:
        with pytest.raises(error):
            async with spooled(storage.spool, content, limit):
                pytest.fail("it did not come whole")
    assert list(storage.spool.iterdir()) == []


async def test_many_at_once_end_in_one(storage: Storage) -> None:
    keys = await asyncio.gather(*(put(storage, b"the same") for _ in range(8)))
    assert len(set(keys)) == 1
    assert await read(storage, keys[0], 0, 8) == b"the same"


async def test_the_settings_choose_the_storage(settings: Settings, s3_url: str, tmp_path: Path) -> None:
    assert isinstance(storage_of(settings), DiskStorage)
    bucketed = settings.model_copy(
        update={
            "files_bucket": "files/inbox", "files_endpoint": s3_url, "files_region": "us-east-1",
            "files_access_key_id": "a", "files_secret_access_key": SecretStr("b"),
        }
    )  # fmt: skip
    chosen = storage_of(bucketed)
    key = await put(chosen, b"by the settings")
    assert await read(bucket(s3_url, tmp_path), key, 0, 2) == b"by"
    nowhere = storage_of(settings.model_copy(update={"files_dir": None}))
    with pytest.raises(StorageUnavailable, match="POSTGATE_FILES_DIR"):
        await nowhere.exists(key)
    with pytest.raises(StorageUnavailable, match="POSTGATE_FILES_DIR"):
        await read(nowhere, key, 0, 1)
