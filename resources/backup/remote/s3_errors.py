"""What an S3 service, or the way to it, says; in dbsync's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from resources.backup.remote.location import RemoteLocation
from resources.errors import RemoteStorageError
from resources.redact import inert, redact

_KEYS = "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_PROFILE): dbsync doctor"
_RIGHTS = "the key needs to list the bucket, and to read, write and delete below the prefix: dbsync doctor"
_REGION = "set BACKUP_S3_REGION to the bucket's region"
_ENDPOINT = "check BACKUP_S3_ENDPOINT and the network: dbsync doctor"
_NO_S3 = "what answers there does not speak the S3 protocol"
_BY_CODE = {
    "AccessDenied": ("the bucket refuses this key", _RIGHTS),
    "403": ("the bucket refuses this key", _RIGHTS),
    "InvalidAccessKeyId": ("the service does not know this key", _KEYS),
    "SignatureDoesNotMatch": ("the secret does not belong to this key", _KEYS),
    "ExpiredToken": ("the credentials have expired", _KEYS),
    "InvalidToken": ("the session token is not valid", _KEYS),
    "RequestTimeTooSkewed": ("this machine's clock is wrong", "set the clock, then try again"),
    "NoSuchBucket": ("there is no such bucket", "make the bucket, or correct BACKUP_STORAGE_PATH"),
    "PermanentRedirect": ("the bucket is in another region", _REGION),
    "AuthorizationHeaderMalformed": ("the bucket is in another region", _REGION),
    "301": ("the bucket is in another region", _REGION),
    "SecondLevelDomainForbidden": (
        "the service wants the bucket in the host name",
        "BACKUP_S3_ADDRESSING=virtual",
    ),
    "PreconditionFailed": ("an object was changed while it was read", "try again"),
    "404": ("there is no such object or bucket", "check BACKUP_STORAGE_PATH and BACKUP_S3_ENDPOINT"),
}


@contextmanager
def explained(location: RemoteLocation, doing: str) -> Iterator[None]:
    """boto3's errors inside become RemoteStorageError."""
    try:
        yield
    except errors_of_boto() as error:
        raise explain(location, doing, error) from error


def errors_of_boto() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    return BotoCoreError, ClientError, ResponseParserError


def code_of(error: Any) -> str:
    """What S3 calls it; a HEAD has no body, so there it is the status."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))


def explain(location: RemoteLocation, doing: str, error: Exception) -> RemoteStorageError:
    what, hint = _what(error)
    told = inert(redact(" ".join(str(error).split())))[:400]
    where = str(location) + (f" at {location.endpoint}" if location.endpoint else "")
    return RemoteStorageError(what, where=where, why=f"{doing}: {told}", hint=hint)


def no_s3(location: RemoteLocation, why: str) -> RemoteStorageError:
    return RemoteStorageError(
        _NO_S3, where=f"{location} at {location.endpoint or 'AWS'}", why=why, hint=_ENDPOINT
    )


def _what(error: Exception) -> tuple[str, str]:
    from botocore import exceptions as known
    from botocore.parsers import ResponseParserError

    if isinstance(error, known.ClientError):
        code = code_of(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _BY_CODE:
            return _BY_CODE[code]
        if status == 403:
            return _BY_CODE["403"]
        if status >= 500 or code in ("SlowDown", "RequestTimeout"):
            return "the service is overloaded or failing", "try again later"
        return f"the service refused the request ({inert(code)[:60]})", "dbsync doctor"
    if isinstance(
        error,
        (known.NoCredentialsError, known.PartialCredentialsError, known.CredentialRetrievalError),
    ):
        return "there are no credentials for the bucket", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    if isinstance(error, known.ProfileNotFound):
        return "the AWS profile does not exist", "correct AWS_PROFILE"
    if isinstance(error, known.SSLError):
        return "no trusted TLS connection to the service could be made", _ENDPOINT
    if isinstance(error, known.ConnectTimeoutError):
        return "the service does not answer", _ENDPOINT
    if isinstance(error, (known.EndpointConnectionError, known.ProxyConnectionError)):
        return "the service cannot be reached", _ENDPOINT
    if isinstance(error, known.ReadTimeoutError):
        return "the service was reached but did not answer in time", "BACKUP_S3_TIMEOUT raises the limit"
    if isinstance(
        error,
        (known.ConnectionClosedError, known.ResponseStreamingError, known.IncompleteReadError),
    ):
        return "the connection to the service was lost", "try again"
    if isinstance(error, ResponseParserError):
        return _NO_S3, _ENDPOINT
    return "the service could not be used", _ENDPOINT
