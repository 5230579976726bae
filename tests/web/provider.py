"""A provider of sign-ins: GitHub, GitLab and OpenID Connect in one process of its own, honest or not.

What it does wrong is the first part of its addresses: ``/honest/...`` does nothing wrong, ``/expired/...`` gives id
tokens of yesterday. People sign in to it by posting who they are to the address that a browser was sent to.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

CLIENT_ID, CLIENT_SECRET = "opensession-tests", "the secret of the tests"


class Provider:
    """The running process.

    Attributes:
        url: Its address; a path follows that says how it behaves.
    """

    def __init__(self) -> None:
        words = [sys.executable, "-m", "tests.web.provider"]
        folder = Path(__file__).parents[2]
        self._process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


def main() -> None:
    """Serve, and say where."""
    from flask import Flask
    from werkzeug.serving import make_server

    app = Flask(__name__)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    _Answers(f"http://127.0.0.1:{server.server_port}").install(app)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201
    server.serve_forever()


class _Answers:
    def __init__(self, url: str) -> None:
        from joserfc.jwk import RSAKey

        self.url = url
        self.key, self.other_key = RSAKey.generate_key(2048), RSAKey.generate_key(2048)
        self.codes: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.strayed = 0

    def install(self, app: Any) -> None:
        for path in ("/authorize", "/login/oauth/authorize", "/oauth/authorize"):
            app.add_url_rule(f"/<how>{path}", path, self.authorize, methods=["GET", "POST"])
        for path in ("/token", "/login/oauth/access_token", "/oauth/token"):
            app.add_url_rule(f"/<how>{path}", path, self.token, methods=["POST"])
        app.add_url_rule("/<how>/.well-known/openid-configuration", "discovery", self.discovery)
        app.add_url_rule("/<how>/jwks", "jwks", self.jwks)
        app.add_url_rule("/<how>/userinfo", "userinfo", self.userinfo)
        app.add_url_rule("/<how>/api/v3/user", "github", self.github)
        app.add_url_rule("/<how>/api/v3/user/emails", "emails", self.emails)
        app.add_url_rule("/<how>/api/v4/user", "gitlab", self.gitlab)
        app.add_url_rule("/elsewhere", "elsewhere", self.elsewhere, methods=["GET", "POST"])
        app.add_url_rule("/strayed", "strayed", lambda: str(self.strayed))

    def authorize(self, how: str) -> Any:
        from flask import redirect, request

        asked = request.args
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert len(asked["state"]) == 64
        if request.method == "GET":
            return "<!doctype html><title>Who are you?</title>"
        back = {"state": asked["state"]}
        if how == "denied":
            back["error"] = "access_denied"
        else:
            back["code"] = secrets.token_hex(16)
            self.codes[back["code"]] = {"asked": dict(asked), "person": request.get_json()}
        return redirect(f"{asked['redirect_uri']}?{urlencode(back)}", 302)

    def token(self, how: str) -> Any:
        from flask import redirect, request

        basic = request.authorization
        client = (
            (basic.username, basic.password) if basic else (request.form["client_id"], request.form["client_secret"])
        )
        sent = self.codes.pop(request.form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(request.form["code_verifier"].encode()).digest())
        if (
            sent is None
            or client != (CLIENT_ID, CLIENT_SECRET)
            or request.form["grant_type"] != "authorization_code"
            or request.form["redirect_uri"] != sent["asked"]["redirect_uri"]
            or challenge.decode().rstrip("=") != sent["asked"]["code_challenge"]
        ):
            return {"error": "invalid_grant"}, 400
        wrong = self.wrong_token(how, redirect)
        if wrong is not None:
            return wrong
        token = secrets.token_hex(16)
        self.tokens[token] = sent["person"]
        answer = {"access_token": token, "token_type": "bearer", "expires_in": 1}
        if "nonce" in sent["asked"] and how != "no-id-token":
            answer["id_token"] = self.id_token(how, sent)
        return answer

    def wrong_token(self, how: str, redirect: Any) -> Any:  # noqa: PLR0911
        match how:
            case "huge":
                return (b" " * 65536 for _ in range(100000)), 200, {"Content-Type": "application/json"}
            case "slow":
                return _drops(), 200, {"Content-Type": "application/json"}
            case "moved":
                return redirect(f"{self.url}/elsewhere", 307)
            case "broken":
                return "oops", 500
            case "page":
                return "<!doctype html>", 200
            case "list":
                return "[1, 2]", 200, {"Content-Type": "application/json"}
            case "deep":
                return "[" * 200_000, 200, {"Content-Type": "application/json"}
            case "no-token":
                return {"token_type": "bearer"}
            case "number":
                return {"access_token": 12, "expires_in": "soon"}
        return None

    def id_token(self, how: str, sent: dict[str, Any]) -> str:
        from joserfc import jwt
        from joserfc.jwk import OctKey

        now = int(time.time())
        person = sent["person"]
        claims: dict[str, Any] = {
            "iss": f"{self.url}/{how}",
            "aud": CLIENT_ID,
            "sub": str(person["id"]),
            "iat": now,
            "exp": now + 300,
            "nonce": sent["asked"]["nonce"],
            "preferred_username": person.get("username"),
        }
        if how != "by-userinfo":
            claims |= {"email": person.get("email"), "email_verified": person.get("verified", False)}
        twisted: dict[str, dict[str, Any]] = {
            "wrong-nonce": {"nonce": "another"},
            "expired": {"exp": now - 3600},
            "never-expires": {"exp": "never"},
            "wrong-issuer": {"iss": "https://issuer.example"},
            "wrong-audience": {"aud": "another client"},
            "many-audiences": {"aud": [CLIENT_ID, "another client"]},
            "from-the-future": {"iat": now + 3600},
            "sub-number": {"sub": 12},
            "other-at-hash": {"at_hash": "c29tZXRoaW5nIGVsc2U"},
        }
        claims |= twisted.get(how, {})
        if how == "no-nonce":
            del claims["nonce"]
        header = {"alg": "RS256", "kid": self.key.thumbprint()}
        if how == "unsigned":
            return f"{_part({'alg': 'none'})}.{_part(claims)}."
        if how == "our-secret":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET))
        if how == "public-key-as-secret":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(json.dumps(self.key.as_dict(private=False))))
        return str(jwt.encode(header, claims, self.other_key if how == "other-key" else self.key))

    def discovery(self, how: str) -> Any:
        own = f"{self.url}/{how}"
        found = {
            "issuer": own,
            "authorization_endpoint": f"{own}/authorize",
            "token_endpoint": f"{own}/token",
            "jwks_uri": f"{own}/jwks",
            "userinfo_endpoint": f"{own}/userinfo",
        }
        if how == "post":
            found["token_endpoint_auth_methods_supported"] = ["client_secret_post"]  # type: ignore[assignment]
        if how == "another-issuer":
            found["issuer"] = f"{self.url}/honest"
        if how == "points-inside":
            found["jwks_uri"] = "http://localhost:1/jwks"
        return found

    def jwks(self, how: str) -> Any:
        if how == "strange-keys":
            return {"keys": [{"kty": "RSA", "n": 12}, "no key", None]}
        return {"keys": [{**self.key.as_dict(private=False), "kid": self.key.thumbprint()}]}

    def userinfo(self, how: str) -> Any:
        person = self.person()
        sub = "another" if how == "userinfo-of-another" else str(person["id"])
        return {"sub": sub, "email": person.get("email"), "email_verified": person.get("verified", False)}

    def github(self, how: str) -> Any:
        person = self.person()
        if how == "nobody":
            return {"login": "ada"}
        if how == "no-json":
            return "ada"
        avatar = "javascript:alert(1)" if how == "strange" else f"https://avatars.example/{person['id']}"
        # The address in the profile is what its owner typed there.
        return {"id": person["id"], "login": person.get("username"), "avatar_url": avatar, "email": "typed@example.org"}

    def emails(self, how: str) -> Any:
        person = self.person()
        if how == "no-emails":
            return "no", 403
        return [
            {"email": "second@example.org", "primary": False, "verified": True},
            {"email": person.get("email"), "primary": True, "verified": person.get("verified", False)},
        ]

    def gitlab(self, how: str) -> Any:
        person = self.person()
        confirmed = "2026-01-02T03:04:05Z" if person.get("verified") else None
        return {
            "id": person["id"],
            "username": person.get("username"),
            "email": person.get("email"),
            "confirmed_at": confirmed,
        }

    def person(self) -> dict[str, Any]:
        from flask import abort, request

        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or token not in self.tokens:
            abort(401)
        return self.tokens[token]

    def elsewhere(self) -> Any:
        self.strayed += 1
        return {"access_token": "x", "token_type": "bearer"}


def _drops() -> Iterator[bytes]:
    while True:
        yield b" "
        time.sleep(0.05)


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


if __name__ == "__main__":
    main()
