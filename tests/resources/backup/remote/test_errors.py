"""Each way of not reaching a bucket has words of its own, within its time, and leaves the backup here."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from resources.backup.catalog import list_backups
from resources.backup.remote.keep import upload_backups
from resources.backup.remote.location import parse_location
from resources.errors import RemoteStorageError, SettingsError


@pytest.fixture
def refused(remote_target, add):
    """What an upload to a changed location says."""
    add(1)

    def attempt(**changed: object) -> RemoteStorageError:
        remote = replace(remote_target.remote, **{"timeout": 0.5, "attempts": 2, **changed})
        with pytest.raises(RemoteStorageError) as error:
            upload_backups(replace(remote_target, remote=remote))
        assert "usable on this machine" in error.value.what
        assert "dbsync backups upload" in error.value.hint
        assert len(list_backups(remote_target.storage)) == 1
        return error.value

    return attempt


def test_nobody_listens(refused):
    error = refused(endpoint="http://127.0.0.1:9")
    assert "cannot be reached" in error.what and "BACKUP_S3_ENDPOINT" in error.hint
    assert "127.0.0.1:9" in error.where


def test_somebody_listens_and_says_nothing(refused, s3_proxy):
    s3_proxy.stall()
    begun = time.monotonic()
    error = refused(endpoint=f"http://127.0.0.1:{s3_proxy.port}")
    assert "did not answer in time" in error.what and "BACKUP_S3_TIMEOUT" in error.hint
    assert time.monotonic() - begun < 60


def test_connections_are_cut(refused, s3_proxy):
    s3_proxy.cut()
    assert "connection" in refused(endpoint=f"http://127.0.0.1:{s3_proxy.port}").what


def test_it_is_a_web_page(refused, httpserver):
    httpserver.expect_request("").respond_with_data("<html>hello</html>", content_type="text/html")
    for addressing in ("path", "auto"):
        assert "S3 protocol" in refused(endpoint=httpserver.url_for(""), addressing=addressing).what


def test_it_is_overloaded(refused, httpserver):
    httpserver.expect_request("").respond_with_data("", status=503)
    assert "overloaded" in refused(endpoint=httpserver.url_for("")).what


@pytest.mark.parametrize(
    ("code", "status", "what", "hint"),
    [
        ("SignatureDoesNotMatch", 403, "secret", "AWS_SECRET_ACCESS_KEY"),
        ("InvalidAccessKeyId", 403, "does not know this key", "AWS_ACCESS_KEY_ID"),
        ("ExpiredToken", 400, "expired", "AWS_ACCESS_KEY_ID"),
        ("RequestTimeTooSkewed", 403, "clock", "clock"),
        ("AuthorizationHeaderMalformed", 400, "another region", "BACKUP_S3_REGION"),
        ("SecondLevelDomainForbidden", 403, "host name", "BACKUP_S3_ADDRESSING=virtual"),
    ],
)
def test_what_a_service_answers_is_explained(refused, httpserver, code, status, what, hint):
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"
    # A HEAD has no body; the listing that an upload begins with has.
    httpserver.expect_request("", method="HEAD").respond_with_data("", status=404)
    httpserver.expect_request("").respond_with_data(body, status=status, content_type="application/xml")
    error = refused(endpoint=httpserver.url_for(""))
    assert what in error.what and hint in error.hint and code in error.why


def test_the_bucket_does_not_exist(refused):
    error = refused(bucket="no-such-bucket-here")
    assert "no such" in error.what and "BACKUP_STORAGE_PATH" in error.hint


def test_there_are_no_credentials(refused, monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    error = refused(access_key=None, secret_key=None)
    assert "no credentials" in error.what and "AWS_SECRET_ACCESS_KEY" in error.hint


def test_credentials_of_a_profile_are_used_and_kept_out_of_every_text(
    remote_target, add, monkeypatch, tmp_path
):
    from resources.redact import redact

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    profile = tmp_path / "credentials"
    profile.write_text("[backups]\naws_access_key_id = A\naws_secret_access_key = profile-canary-secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
    monkeypatch.setenv("AWS_PROFILE", "backups")
    made = add(1)
    remote = replace(remote_target.remote, access_key=None, secret_key=None)
    assert upload_backups(replace(remote_target, remote=remote)) == [made.id]
    assert "canary" not in redact("it was profile-canary-secret")
    monkeypatch.setenv("AWS_PROFILE", "missing")
    with pytest.raises(RemoteStorageError, match="profile"):
        upload_backups(replace(remote_target, remote=remote))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("s3://bucket", ("bucket", "")),
        ("s3://my.bucket-1/", ("my.bucket-1", "")),
        ("s3://bucket/a/b/", ("bucket", "a/b")),
    ],
)
def test_addresses(text, found):
    assert parse_location(text) == found


@pytest.mark.parametrize(
    "address",
    ["", "/a", "UPPER/a", "b/a", "bucket/../x", "bucket/a//b", "bucket/a?b", "bucket/a b", "u:p@bucket/a"],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(SettingsError, match="no address"):
        parse_location(f"s3://{address}")
