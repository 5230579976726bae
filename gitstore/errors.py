"""What can go wrong with sessions in git: every error carries its exit code and the next step.

StoreError (1)
 +- NotARepositoryError (2)        no repository here or above
 +- UntrustedRepositoryError (1)   git's safe.directory rule forbids it
 +- UnsafeNameError (2)            an id or a ref that must not become a path
 +- NoIdentityError (2)            user.name or user.email is not set
 +- UnknownSessionError (3)        no session of that id
 +- UnknownSpaceError (3)          no repository of that name in the folder of them
 +- PurgedError (1)                the session was removed for good
 +- UnsupportedError (1)           the repository needs what this backend cannot do
 +- NewerFormatError (1)           written by a later version
 +- CorruptError (1)               what is stored is not what format v1 says
 +- WriteFailedError (1)           full disk, read-only folder, a ref in the way
 +- BusyError (1)                  others were faster, again and again
 +- RefMovedError (1)              someone was faster once; the store tries again
"""

from __future__ import annotations


class StoreError(Exception):
    """Something about the repository that the user can understand and act on.

    Attributes:
        exit_code: What a command ends with.
        hint: The next step for the user, or an empty string.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NotARepositoryError(StoreError):
    """There is no git repository at the path or above it."""

    exit_code = 2


class UntrustedRepositoryError(StoreError):
    """The repository belongs to someone else and ``safe.directory`` does not name it."""


class UnsafeNameError(StoreError):
    """An id or a ref that must not become a path."""

    exit_code = 2


class NoIdentityError(StoreError):
    """Git does not know who commits."""

    exit_code = 2


class UnknownSessionError(StoreError):
    """No session of that id is stored."""

    exit_code = 3


class UnknownSpaceError(StoreError):
    """There is no repository for that space."""

    exit_code = 3


class PurgedError(StoreError):
    """A tombstone stands where the session was; it is not taken in again."""


class UnsupportedError(StoreError):
    """The repository uses something that the backend cannot read or write."""


class NewerFormatError(StoreError):
    """The session was stored by a later version, in a format this one does not know."""


class CorruptError(StoreError):
    """What is stored is damaged, or is not what the format says."""


class WriteFailedError(StoreError):
    """The repository did not take the data; the ref is where it was."""


class BusyError(StoreError):
    """Other writers moved the ref every time; nothing was stored."""


class RefMovedError(StoreError):
    """The ref is no longer where it was read; what was prepared must be prepared again."""
