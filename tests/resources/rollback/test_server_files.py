"""Whatever a killed restore left in the server's folder, its database can be dropped and no file stays."""

from __future__ import annotations

import shutil

import pytest

from resources.mysql.connection import execute, rows
from resources.rollback.server_files import UnreachableError, server_files
from resources.rollback.side import SideNames, drop_database


@pytest.mark.parametrize("left", [(), ("t.ibd",), ("t.ibd", "t.cfg"), ("t.ibd.dbsync",)])
def test_a_side_database_goes_with_every_file_that_a_killed_restore_left(
    server, connection, target, tmp_path, left
):
    name = SideNames.of(target.database, "r12345678").side
    execute(connection, f"CREATE DATABASE `{name}`")
    for table in ("t", "u"):
        execute(connection, f"CREATE TABLE `{name}`.{table} (id INT PRIMARY KEY)")
    folder = server.datadir / name
    shutil.copyfile(folder / "t.ibd", tmp_path / "t.ibd")
    execute(connection, f"ALTER TABLE `{name}`.t DISCARD TABLESPACE")
    for file in left:
        shutil.copyfile(tmp_path / "t.ibd", folder / file)
    drop_database(connection, name)
    assert not rows(connection, "SHOW DATABASES LIKE %s", (name,))
    assert not folder.exists()


def test_a_folder_is_the_servers_only_with_its_identity(server, connection, tmp_path, monkeypatch):
    found = server_files(connection)
    assert found.datadir.samefile(server.datadir)
    from resources.rollback import server_files as module

    real = module.rows
    monkeypatch.setattr(module, "rows", lambda *arguments: [(str(tmp_path), *real(*arguments)[0][1:])])
    with pytest.raises(UnreachableError, match="not on this machine"):
        server_files(connection)
    (tmp_path / "auto.cnf").write_text("[auto]\nserver-uuid=another\n")
    with pytest.raises(UnreachableError, match="of another server"):
        server_files(connection)
