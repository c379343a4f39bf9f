"""The same projects as the end-to-end tests, and what was said as in the backups' own tests."""

from tests.e2e.conftest import empty_project, project
from tests.resources.backup.conftest import said

__all__ = ["empty_project", "project", "said"]
