"""The same projects as the end-to-end tests, a bucket for them, and what was said."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import empty_project, project
from tests.resources.backup.conftest import said
from tests.resources.backup.remote.conftest import bucket, s3, s3_proxy
from tests.support.project import Project
from tests.support.s3_server import ACCESS_KEY, SECRET_KEY, Bucket

__all__ = ["bucket", "empty_project", "project", "s3", "s3_proxy", "said"]


@pytest.fixture
def with_bucket(project: Project, bucket: Bucket) -> Project:
    """The project, its backups going to a bucket."""
    project.environment |= {
        "BACKUP_STORAGE_PATH": f"s3://{bucket.name}/shop/production",
        "BACKUP_S3_ENDPOINT": bucket.server.endpoint,
        "BACKUP_S3_REGION": "us-east-1",
        "BACKUP_S3_ADDRESSING": "path",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    }
    return project
