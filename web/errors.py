"""What a service answers when it does not do what it was asked; the web turns each into a status.

Refusal
 +- Invalid (400)          the request makes no sense
 +- Unauthenticated (401)  nobody, or a credential that does not count
 +- Forbidden (403)        a member who may not do this
 +- NotFound (404)         not there, or not for the caller to know
 +- Conflict (409)         it is there already, or in the way
 +- TooLarge (413)         over a limit or a quota
 +- Unprocessable (422)    JSON, but not of the right shape; or a file that is no session
 +- TooMany (429)          too often; ``retry_after`` seconds
"""

from __future__ import annotations


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """A request that is answered with a message instead of being done.

    Attributes:
        status: The HTTP status.
        facts: Further members of the answer, beside ``error``.
    """

    status = 500

    def __init__(self, message: str, **facts: object) -> None:
        super().__init__(message)
        self.facts = facts


class Invalid(Refusal):
    """The request makes no sense."""

    status = 400


class Unauthenticated(Refusal):
    """Nobody asks, or with a credential that does not count."""

    status = 401


class Forbidden(Refusal):
    """A member asks for what they may not do."""

    status = 403


class NotFound(Refusal):
    """It is not there, or the caller must not know that it is."""

    status = 404


class Conflict(Refusal):
    """It is there already, or something is in the way."""

    status = 409


class TooLarge(Refusal):
    """It is over a limit or a quota."""

    status = 413


class Unprocessable(Refusal):
    """It is JSON of another shape, or a file that is no session."""

    status = 422


class TooMany(Refusal):
    """Too often.

    Attributes:
        retry_after: In seconds.
    """

    status = 429

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after
