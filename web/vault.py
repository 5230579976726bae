"""What is made from the server's secret: access tokens, digests to find keys by, and sealed keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time

import jwt
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from web.errors import Unauthenticated

API_KEY_PREFIX = "osk_"
ACCESS_SECONDS = 3600
_ALGORITHM = "HS256"
_GENERATION = "gen"


class Vault:
    """Everything that needs the server's secret. Another secret makes all keys and tokens worthless."""

    def __init__(self, secret: str) -> None:
        """Derive a key for each purpose, so that none of them tells anything about another."""
        self._secret = secret
        self._digest_key = self._derived(b"api key digest")
        self._fernet = Fernet(base64.urlsafe_b64encode(self._derived(b"sealed api key")))

    @property
    def cookie_key(self) -> bytes:
        """What signs session cookies."""
        return self._derived(b"session cookie")

    def access_token(self, user_id: str, generation: int = 0) -> str:
        """A token that speaks for a user for an hour (RFC 7519, HS256).

        Args:
            user_id: The user.
            generation: Theirs; the first is not written, so that the claims are those of api.md (2.1).
        """
        now = int(time.time())
        later = {_GENERATION: generation} if generation else {}
        claims = {"sub": user_id, "iat": now, "exp": now + ACCESS_SECONDS, **later}
        return jwt.encode(claims, self._secret, _ALGORITHM)

    def user_of(self, token: str) -> tuple[str, int]:
        """The id of the user that a token speaks for, and the generation it is of.

        Raises:
            Unauthenticated: It is no token of ours, or too old.
        """
        if token.count(".") != 2:
            raise Unauthenticated("invalid JWT format")
        try:
            claims = jwt.decode(token, self._secret, [_ALGORITHM], options={"require": ["exp", "sub"]})
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("JWT expired") from None
        except jwt.MissingRequiredClaimError as error:
            raise Unauthenticated(f"missing {error.claim} claim") from None
        except jwt.InvalidSignatureError:
            raise Unauthenticated("invalid JWT signature") from None
        except jwt.InvalidTokenError:
            raise Unauthenticated("invalid JWT") from None
        return str(claims["sub"]), int(claims.get(_GENERATION, 0))

    def digest(self, key: str) -> str:
        """The keyed hash by which an API key is found."""
        return hmac.new(self._digest_key, key.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def seal(self, text: str) -> str:
        """A text that only this server can read again."""
        return self._fernet.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str | None:
        """What was sealed; None when it was under another secret."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            return None

    def _derived(self, purpose: bytes) -> bytes:
        derivation = HKDF(hashes.SHA256(), 32, salt=None, info=b"opensession " + purpose)
        return derivation.derive(self._secret.encode())


def new_api_key() -> str:
    """A fresh key: ``osk_`` and 32 hexadecimal digits."""
    return API_KEY_PREFIX + secrets.token_hex(16)


def token_digest(token: str) -> str:
    """The SHA-256 under which a random token is kept; it needs no key, for it cannot be guessed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
