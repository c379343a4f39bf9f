"""Jobs that are not part of the release graph: restore, rollback, resolve, reset, retention.

Their run configuration holds names only, never a secret: Dagster shows it in the UI.
"""

from typing import Any

import dagster as dg
from pydantic import Field

from dbsync_assets.catalog_metadata import verdict_table
from dbsync_assets.deployment_resource import KEY
from dbsync_assets.notice_hook import tell_of_failed_schedule
from dbsync_assets.old_runs import forget_old_runs
from dbsync_assets.queued import QUEUED
from dbsync_assets.reexecution import deployment_before
from dbsync_assets.run_tags import DEPLOYMENT
from dbsync_assets.true_version import show_true_version
from resources.backup.moment.moment import parse_moment
from resources.deployment import operations
from resources.deployment.deployment import Deployment
from resources.rollback.wish import Wish


class RestoreConfig(dg.Config):
    backup_id: str = Field("", description="Empty: the newest proven full backup from before the moment.")
    confirm_target: str = Field(
        "", description="The target's name, typed by hand, when the backup was made of another one."
    )
    accept_failed_proof: bool = Field(False, description="Restore although the backup's newest proof failed.")
    to: str = Field(
        "", description="A time with its zone, or `latest`. This and the next two: at most one of them."
    )
    to_gtid: str = Field(
        "", description="A GTID set: the state when these had run. One alone: up to it, itself included."
    )
    to_before_migration: str = Field("", description="The moment just before this migration was applied.")
    tables: list[str] = Field([], description="Only these; empty: all of the database.")
    into: str = Field("", description="A new database of the target's server; empty: the target's own.")
    accept_loss: bool = Field(False, description="Restore although users' writes are lost by it.")
    accept_missing_definers: bool = Field(
        False, description="Restore views and routines although their DEFINER is not a user here."
    )


class RollbackConfig(dg.Config):
    deployment_id: str = Field("", description="Empty: the newest deployment that changed something.")
    accept_loss: bool = Field(False, description="Roll back although users' writes are lost by it.")
    accept_failed_proof: bool = Field(False, description="Use the backup although its newest proof failed.")


class ResolveConfig(dg.Config):
    migration: str = Field(description="The folder's name of the migration, as in _prisma_migrations.")
    resolution: str = Field(description="applied or rolled-back.")


class BaselineConfig(dg.Config):
    through: str = Field(
        "", description="The newest migration that the database contains already; empty: found by comparing."
    )
    accept_differences: bool = Field(False, description="Although the schema is not what they make.")


class ResetConfig(dg.Config):
    confirm_database: str = Field(
        "", description="The database's name, typed by hand: everything in it is dropped."
    )


def _show(context: dg.OpExecutionContext, result: dict[str, Any]) -> None:
    context.add_output_metadata({"result": dg.MetadataValue.json(result)})
    # These change the version too, and the graph would go on showing the one before.
    show_true_version(context.instance, _deployment(context).target, f"after the job {context.job_name}")


def _deployment(context: dg.OpExecutionContext) -> Deployment:
    return getattr(context.resources, KEY)


@dg.op(name="restore_backup", required_resource_keys={KEY}, out=dg.Out(dict))
def restore_op(context: dg.OpExecutionContext, config: RestoreConfig) -> dict:
    wish = Wish(
        tables=tuple(config.tables),
        into=config.into,
        moment=parse_moment(config.to, config.to_gtid, config.to_before_migration),
        confirm_target=config.confirm_target or None,
        accept_failed_proof=config.accept_failed_proof,
        accept_loss=config.accept_loss,
        accept_missing_definers=config.accept_missing_definers,
    )
    result = operations.restore(_deployment(context), config.backup_id, wish)
    _show(context, result)
    return result


@dg.op(name="roll_back_deployment", required_resource_keys={KEY}, out=dg.Out(dict))
def rollback_op(context: dg.OpExecutionContext, config: RollbackConfig) -> dict:
    # Run again it must not undo one more release: what it undid the first time is meant.
    wanted = config.deployment_id or deployment_before(context.instance, context.run)
    result = operations.rollback(
        _deployment(context), wanted or None, config.accept_loss, config.accept_failed_proof
    )
    context.instance.add_run_tags(context.run_id, {DEPLOYMENT: result["deployment"]})
    _show(context, result)
    return result


@dg.op(name="resolve_migration", required_resource_keys={KEY}, out=dg.Out(dict))
def resolve_op(context: dg.OpExecutionContext, config: ResolveConfig) -> dict:
    result = operations.resolve(_deployment(context), config.migration, config.resolution)
    _show(context, result)
    return result


@dg.op(name="baseline_database", required_resource_keys={KEY}, out=dg.Out(dict))
def baseline_op(context: dg.OpExecutionContext, config: BaselineConfig) -> dict:
    result = operations.baseline(_deployment(context), config.through, config.accept_differences)
    _show(context, result)
    return result


@dg.op(name="reset_database", required_resource_keys={KEY}, out=dg.Out(dict))
def reset_op(context: dg.OpExecutionContext, config: ResetConfig) -> dict:
    result = operations.reset(_deployment(context), config.confirm_database or None)
    _show(context, result)
    return result


@dg.op(name="remove_old_backups", required_resource_keys={KEY}, out=dg.Out(dict))
def retention_op(context: dg.OpExecutionContext) -> dict:
    result = operations.retention(_deployment(context))
    context.add_output_metadata(
        {
            "kept": sum(one["kept"] for one in result["backups"]),
            "removed": len(result["removed"]),
            "refusal": result["refusal"],
            "old runs removed": forget_old_runs(context.instance, _deployment(context).target.keep_runs),
            "backups": verdict_table(result["backups"]),
        }
    )
    return result


@dg.job(
    tags=QUEUED, executor_def=dg.in_process_executor, description="Put a named backup back into its target."
)
def restore() -> None:
    restore_op()


@dg.job(
    tags=QUEUED,
    executor_def=dg.in_process_executor,
    description="Undo the newest deployment that changed something.",
)
def rollback() -> None:
    rollback_op()


@dg.job(
    tags=QUEUED,
    executor_def=dg.in_process_executor,
    description="Mark a migration as applied or rolled back.",
)
def resolve() -> None:
    resolve_op()


@dg.job(
    tags=QUEUED,
    executor_def=dg.in_process_executor,
    description="Mark what a database without a history contains already as applied.",
)
def baseline() -> None:
    baseline_op()


@dg.job(
    tags=QUEUED,
    executor_def=dg.in_process_executor,
    description="Empty a disposable database and migrate it anew.",
)
def reset() -> None:
    reset_op()


@dg.job(
    hooks={tell_of_failed_schedule},
    tags=QUEUED,
    executor_def=dg.in_process_executor,
    description="Remove old backups by the rules of BACKUP_KEEP…; never the last proven ones.",
)
def retention() -> None:
    retention_op()


ALL = [restore, rollback, resolve, baseline, reset, retention]
