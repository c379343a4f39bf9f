"""The settings of storage outside this machine: the bucket, its credentials, and encryption."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from resources.backup.remote.location import SCHEME, RemoteLocation, parse_location
from resources.comma_separated import listed
from resources.setting_types import Duration, HomePath, Secret


class RemoteSettings(BaseSettings):
    """Mixed into Settings. The AWS_* ones mean what they mean to every other program."""

    s3_endpoint: str | None = Field(
        None,
        alias="BACKUP_S3_ENDPOINT",
        description="address of a service other than AWS: Alibaba OSS, MinIO, …",
        pattern="^https?://",
    )
    s3_region: str | None = Field(
        None,
        alias="BACKUP_S3_REGION",
        description="region of the bucket; default: AWS_REGION, or as the profile says",
    )
    s3_addressing: str = Field(
        "auto",
        alias="BACKUP_S3_ADDRESSING",
        description="auto, path or virtual (Alibaba OSS wants virtual)",
        pattern="^(auto|path|virtual)$",
    )
    s3_read_back: bool = Field(
        False,
        alias="BACKUP_S3_READ_BACK",
        description="true: after the upload every object is read back whole and its SHA-256 compared",
    )
    s3_timeout: Duration = Field(
        30.0, alias="BACKUP_S3_TIMEOUT", description="a request without one byte for so long has failed", gt=0
    )
    keep_local: int = Field(
        1,
        alias="BACKUP_KEEP_LOCAL",
        description="full backups that stay on this machine too, once they are in the bucket",
        ge=1,
    )
    aws_access_key_id: str | None = Field(
        None,
        alias="AWS_ACCESS_KEY_ID",
        description="key for the bucket; default: found as every AWS program finds it",
    )
    aws_secret_access_key: Secret | None = Field(
        None, alias="AWS_SECRET_ACCESS_KEY", description="its secret"
    )
    aws_session_token: Secret | None = Field(
        None, alias="AWS_SESSION_TOKEN", description="of temporary credentials"
    )
    age_recipient: str = Field(
        "",
        alias="BACKUP_AGE_RECIPIENT",
        description="age1… public keys, comma-separated: backups are stored encrypted for them",
    )
    age_identity: HomePath | None = Field(
        None, alias="BACKUP_AGE_IDENTITY", description="key file that opens encrypted backups"
    )


def is_bucket(storage: str | Path | None) -> bool:
    return str(storage or "").startswith(SCHEME)


def remote_of(settings: RemoteSettings, storage: str) -> RemoteLocation | None:
    """Where `storage` (BACKUP_STORAGE_PATH) is a bucket: that bucket. Raises SettingsError."""
    if not is_bucket(storage):
        return None
    bucket, prefix = parse_location(storage)
    secret, token = settings.aws_secret_access_key, settings.aws_session_token
    return RemoteLocation(
        bucket=bucket,
        prefix=prefix,
        endpoint=settings.s3_endpoint,
        region=settings.s3_region,
        addressing=settings.s3_addressing,
        read_back=settings.s3_read_back,
        timeout=settings.s3_timeout,
        access_key=settings.aws_access_key_id if secret else None,
        secret_key=secret.get_secret_value() if secret else None,
        session_token=token.get_secret_value() if token else None,
    )


def recipients_of(settings: RemoteSettings) -> tuple[str, ...]:
    """Raises SettingsError naming the one that is no age recipient."""
    found = listed(settings.age_recipient)
    if found:
        from resources.backup.age_keys import parse_recipients

        parse_recipients(found)
    return found
