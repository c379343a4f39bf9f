"""The migrations folder at a commit, and the history it meets."""

import hashlib

import dagster as dg

from dbsync_assets.deployment_resource import KEY
from dbsync_assets.reexecution import refuse_for_nothing
from dbsync_assets.run_tags import deployment_tags
from dbsync_assets.sql_blocks import scripts
from dbsync_assets.true_version import show_true_version
from resources.deployment.deployment import Deployment
from resources.redact import inert


@dg.asset(
    group_name="release",
    kinds={"git", "prisma"},
    description="Prisma's migrations folder at the commit being released, and what is pending.",
    required_resource_keys={KEY},
)
def migration_source(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    deployment: Deployment = getattr(context.resources, KEY)
    try:
        status = deployment.check_history()
    finally:
        context.instance.add_run_tags(context.run_id, deployment_tags(deployment))
    refuse_for_nothing(context.instance, context.run, deployment)
    if status.refusal() is None:
        show_true_version(
            context.instance, deployment.target, "found in the database; changed outside the graph"
        )
    content = hashlib.sha256("".join(f"{f.name}\0{f.checksum}\n" for f in status.files).encode()).hexdigest()
    commit = deployment.commit
    pending = [file for file in status.files if file.name in set(status.pending_names)]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(content[:16]),
        metadata={
            "commit": commit.id if commit else "no git repository",
            "commit subject": inert(commit.subject) if commit else "",
            "author": inert(commit.author) if commit else "",
            "uncommitted changes": commit.dirty if commit else False,
            "content sha256": content,
            "migrations": len(status.files),
            "applied": len(status.applied_names),
            "pending": dg.MetadataValue.json(list(status.pending_names)),
            **({"pending SQL": scripts(pending)} if pending else {}),
        },
    )
