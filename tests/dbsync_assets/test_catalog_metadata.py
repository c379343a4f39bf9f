"""What the asset shows of a backup: numbers, so that Dagster plots them."""

from __future__ import annotations

from dataclasses import replace

import dagster as dg

from dbsync_assets.catalog_metadata import catalog, figures, verdict_table
from resources.backup.entry import Entry
from tests.resources.backup.test_manifest import MANIFEST


def test_sizes_times_and_ratio_are_numbers():
    shown = figures(MANIFEST, 2.5)
    assert shown["compression ratio"] == 5.0 and shown["proof seconds"] == 1.25
    assert shown["seconds"] == 2.5 and shown["seconds: clone"] == 1.5
    assert all(isinstance(value, (int, float)) for value in shown.values())


def test_the_catalog_is_a_table_of_this_database_newest_first_and_a_picture():
    one = Entry.of(MANIFEST, "0" * 64)
    many = [replace(one, id=f"20261123T120000Z-{number:04d}-full") for number in range(1, 31)]
    shown = catalog([*many, replace(one, database="another")], "shop")
    table = shown["catalog"]
    assert isinstance(table, dg.TableMetadataValue)
    ids = [str(record.data["id"]) for record in table.records]
    assert ids[0] == many[-1].id and ids == sorted(ids, reverse=True)
    assert len(ids) == 20
    assert isinstance(shown["last backups"], dg.MarkdownMetadataValue)
    assert list(catalog([one], "shop")) == ["catalog"], "one backup is no picture"


def test_verdicts_are_a_table_with_reasons():
    table = verdict_table(
        [
            {"id": "a", "age_seconds": 7200.0, "kept": False, "why": "old"},
            {"id": "b", "age_seconds": None, "kept": True, "why": "damaged"},
        ]
    )
    assert isinstance(table, dg.TableMetadataValue)
    assert [record.data for record in table.records] == [
        {"id": "b", "age hours": "", "kept": True, "because": "damaged"},
        {"id": "a", "age hours": "2.0", "kept": False, "because": "old"},
    ]
