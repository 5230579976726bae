"""What can go wrong, said once: every error carries its exit code and the next step.

OpenSessionError (1)
 +- InputError (1)           a file that is no session, too large, or damaged
 |   +- UnrecognisedError (1)  a file that nobody knows as a session
 |   +- NoSessionError (1)   a file that is well, but in which nobody said anything
 |   +- ExcludedError (1)    a session that the configuration keeps back
 +- PartialFailureError (1)  some of the work failed, the rest is done
 +- UsageError (2)           the request itself makes no sense
 |   +- ConfigError (2)      a configuration file that cannot be read
 +- NothingFoundError (3)    the reference is well formed, but nothing answers to it
 +- AuthenticationError (4)  the server does not know who asks, or lets nobody in without a key
 |   +- ForbiddenError (4)   it knows them, and does not let them
 +- NetworkError (5)         the server cannot be reached, or cannot answer now
     +- ServerFailedError (5)  the server is there, but failed over this request

The command line and the web are the only two places that catch these.
"""

from __future__ import annotations


class OpenSessionError(Exception):
    """Something the user can understand and act on.

    Attributes:
        exit_code: What the process ends with.
        hint: The next step for the user, or an empty string.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class InputError(OpenSessionError):
    """The input is not a session, is too large, or is damaged beyond reading."""


class UnrecognisedError(InputError):
    """No reader knows the input as a session."""


class NoSessionError(InputError):
    """The input is what it should be, but there is no conversation in it yet."""


class ExcludedError(InputError):
    """The configuration keeps the session back."""


class PartialFailureError(OpenSessionError):
    """Some of the work failed; what succeeded stays done."""


class UsageError(OpenSessionError):
    """The request makes no sense as it stands."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration file cannot be used; it is never overwritten."""


class NothingFoundError(OpenSessionError):
    """A well-formed reference that nothing answers to."""

    exit_code = 3


class AuthenticationError(OpenSessionError):
    """The server does not know the key, or there is none to show."""

    exit_code = 4


class ForbiddenError(AuthenticationError):
    """The server knows who asks, and does not let them."""


class NetworkError(OpenSessionError):
    """The server cannot be reached, or does not answer as it should."""

    exit_code = 5


class ServerFailedError(NetworkError):
    """The server answered that it failed; another request may well succeed."""
