"""Backups as Dagster shows them: figures that it plots, tables, a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from dbsync_assets.backup_picture import picture
from resources.backup.entry import Entry
from resources.backup.manifest import Manifest

_SHOWN = 20
"""Backups in a table; the command lists them all."""


def figures(manifest: Manifest, seconds: float) -> dict[str, float | int | bool]:
    """One backup in numbers. Sizes in MB (10^6 bytes), times in seconds."""
    rows = sum(digest.rows for digest in manifest.tables.values())
    return {
        "stored MB": round(manifest.size / 1e6, 3),
        "plain MB": round(manifest.plain_size / 1e6, 3),
        "compression ratio": round(manifest.plain_size / manifest.size, 2) if manifest.size else 1.0,
        "rows": rows,
        "proven": manifest.proof.proven,
        "restore seconds": manifest.proof.restore_seconds,
        "proof seconds": manifest.proof.seconds,
        "seconds": round(seconds, 3),
        **{f"seconds: {phase}": spent for phase, spent in manifest.timings.items()},
    }


def catalog(entries: Sequence[Entry], database: str) -> dict[str, dg.MetadataValue]:
    """The stored backups of one database as a table, newest first, and as a picture."""
    ours = [one for one in entries if one.database == database]
    drawn = picture(ours)
    return ({"last backups": dg.MetadataValue.md(drawn)} if drawn else {}) | {"catalog": catalog_table(ours)}


def catalog_table(entries: Sequence[Entry]) -> dg.MetadataValue:
    records = [
        dg.TableRecord(
            {
                "id": one.id,
                "engine": one.engine,
                "MB": round(one.size / 1e6, 1),
                "ratio": round(one.ratio, 2),
                "proven": one.current_proof.proven,
                "restore s": round(one.current_proof.restore_seconds, 1),
                "rows": one.rows,
                "schema version": one.schema_version,
            }
        )
        for one in reversed(entries[-_SHOWN:])
    ]
    kinds = {"MB": "float", "ratio": "float", "proven": "bool", "restore s": "float", "rows": "int"}
    names = ("id", "engine", *kinds, "schema version")
    columns = [dg.TableColumn(name, kinds.get(name, "string")) for name in names]
    return dg.MetadataValue.table(records, dg.TableSchema(columns=columns))


def verdict_table(verdicts: Sequence[Mapping[str, Any]]) -> dg.MetadataValue:
    """What retention decided; `verdicts` as in `Pruned.as_dict`."""
    records = [
        dg.TableRecord(
            {
                "id": one["id"],
                "age hours": "" if one["age_seconds"] is None else f"{one['age_seconds'] / 3600:.1f}",
                "kept": one["kept"],
                "because": one["why"],
            }
        )
        for one in reversed(verdicts[-_SHOWN:])
    ]
    columns = [
        dg.TableColumn("id", "string"),
        dg.TableColumn("age hours", "string"),
        dg.TableColumn("kept", "bool"),
        dg.TableColumn("because", "string"),
    ]
    return dg.MetadataValue.table(records, dg.TableSchema(columns=columns))
