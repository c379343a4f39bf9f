"""The same projects as the end-to-end tests."""

from tests.e2e.conftest import empty_project, project

__all__ = ["empty_project", "project"]
