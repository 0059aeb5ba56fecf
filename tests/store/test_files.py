"""What a community keeps on disk is its owner's alone."""

import logging
import stat
from pathlib import Path

import pytest

from tests.servers import Server
from webapp.store import files
from webapp.store.engine import open_engine


def modes(folder: Path, *names: str) -> set[int]:
    return {stat.S_IMODE((folder / name).stat().st_mode) for name in names}


KEPT = ("tertulia.db", "tertulia.db-wal", "tertulia.db-shm", "secret_key")


@pytest.mark.parametrize("before", ["new", "an older installation"])
def test_the_data_folder_and_its_files_are_the_owners_alone(tmp_path: Path, before: str) -> None:
    data = tmp_path / "data"
    server = Server(tmp_path, DATA_DIR=str(data), DATABASE_URL="", SECRET_KEY="", REDIS_URL="")
    server.start()
    if before != "new":
        server.kill()
        for path in (data, *(data / name for name in KEPT)):
            path.chmod(0o755)
        server.start()
    try:
        assert modes(data, ".") == {0o700}
        assert modes(data, *KEPT) == {0o600}
    finally:
        server.kill()


def test_a_database_elsewhere_is_private_and_its_folder_is_only_warned_about(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data, shared = tmp_path / "data", tmp_path / "shared"
    data.mkdir(mode=0o700)
    shared.mkdir()
    shared.chmod(0o755)
    url = f"sqlite:///{shared}/chat.db"
    with caplog.at_level(logging.WARNING, logger="tertulia.store"):
        files.tighten(url, data)
    assert [record.getMessage() for record in caplog.records] == [
        f"Others on this machine may use {shared} (mode 0755): chmod 700 {shared}"
    ]
    engine = open_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
        connection.commit()
        assert modes(shared, "chat.db", "chat.db-wal", "chat.db-shm") == {0o600}
    engine.dispose()
    assert modes(shared, ".") == {0o755}


def test_a_folder_of_everybody_is_left_alone_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o1777)
    with caplog.at_level(logging.WARNING, logger="tertulia.store"):
        files.tighten(f"sqlite:///{data}/tertulia.db", data)
    assert modes(data, ".") == {0o1777}
    assert modes(data, "tertulia.db") == {0o600}
    assert [record.getMessage() for record in caplog.records] == [
        f"Others on this machine may use {data} (mode 1777): keep the files in a folder of their own"
    ]
