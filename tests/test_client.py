"""The client against a server that fails in every way servers do."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from opensession.client import Client, Uploaded
from opensession.errors import (
    AuthenticationError,
    ForbiddenError,
    NetworkError,
    NothingFoundError,
    OpenSessionError,
    ServerFailedError,
    UsageError,
)
from tests.scripted import Asked, Says, Scripted, nobody, serving

KEY = "osk_" + "0123456789abcdef" * 2
BODY = json.dumps({"session": {"session_id": "s-1"}}).encode()


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with serving() as server:
        yield server


class Patient(Client):
    """A client that notes how long it would have waited."""

    def __init__(self, url: str, key: str = KEY) -> None:
        self.waits: list[float] = []
        super().__init__(url, key, pause=self.waits.append)

    def bring(self, body: bytes = BODY) -> Uploaded:
        return self.upload(io.BytesIO(body), len(body))


def test_an_upload_is_one_request_with_the_key(scripted: Scripted) -> None:
    uploaded = Patient(scripted.url).bring()

    (asked,) = scripted.uploads
    assert (asked.method, asked.body) == ("POST", BODY)
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["Content-Length"] == str(len(BODY))
    assert (uploaded.id, uploaded.status) == ("server-s-1", "stored")


@pytest.mark.parametrize(
    ("says", "status"),
    [
        (Says(201, {"id": "a", "url": "u"}), "stored"),
        (Says(200, {"id": "a", "url": "u"}), "unchanged"),
        (Says(200, {"id": "a", "url": "u", "status": "updated"}), "updated"),
        (Says(200, {"id": "a", "url": "u", "status": "\x1b[2Jgone"}), "unchanged"),
    ],
)
def test_what_became_of_it_is_said_by_ours_and_by_the_reference_server(
    scripted: Scripted, says: Says, status: str
) -> None:
    scripted.script = [says]

    assert Patient(scripted.url).bring().status == status


def test_a_failing_server_is_asked_again_with_the_whole_body(scripted: Scripted) -> None:
    scripted.script = [Says(500, {"error": "no"}), Says(breaks=True), Says(503, b"busy")]
    client = Patient(scripted.url)

    assert client.bring(BODY + b" " * 300_000).status == "stored"

    assert [len(asked.body) for asked in scripted.uploads] == [len(BODY) + 300_000] * 4
    assert [round(wait) in (1, 2, 3, 4, 5) for wait in client.waits] == [True] * 3
    assert client.waits[0] < client.waits[1] < client.waits[2]


@pytest.mark.parametrize(("said", "wait"), [("7", 7.0), ("86400", 60.0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)])
def test_retry_after_is_honoured_within_reason(scripted: Scripted, said: str, wait: float) -> None:
    scripted.script = [Says(429, {"error": "slowly"}, {"Retry-After": said})]
    client = Patient(scripted.url)

    client.bring()

    assert client.waits == [wait]


@pytest.mark.parametrize("said", ["soon", "-5", "9" * 400, ""])
def test_nonsense_in_retry_after_is_no_more_than_that(scripted: Scripted, said: str) -> None:
    scripted.script = [Says(429, {"error": "slowly"}, {"Retry-After": said})]
    client = Patient(scripted.url)

    assert client.bring().status == "stored"
    assert 0 <= client.waits[0] <= 60


@pytest.mark.parametrize(
    ("status", "kind", "tries"),
    [
        (400, UsageError, 1),
        (401, AuthenticationError, 1),
        (403, ForbiddenError, 1),
        (404, NothingFoundError, 1),
        (409, OpenSessionError, 1),
        (413, OpenSessionError, 1),
        (422, OpenSessionError, 1),
        (302, NetworkError, 1),
        (308, NetworkError, 1),
        (429, NetworkError, 4),
        (500, ServerFailedError, 4),
        (503, NetworkError, 4),
    ],
)
def test_errors_are_told_by_the_status(
    scripted: Scripted, status: int, kind: type[OpenSessionError], tries: int
) -> None:
    # The words would mean something else to a program that went by them.
    scripted.script = [Says(status, {"error": "unauthorized: connection not found, usage"})] * 10

    with pytest.raises(OpenSessionError) as failed:
        Patient(scripted.url).bring()

    assert type(failed.value) is kind
    assert len(scripted.uploads) == tries


def test_a_redirect_takes_the_key_nowhere(scripted: Scripted) -> None:
    with serving() as other:
        scripted.script = [Says(307, {}, {"Location": f"{other.url}/api/sessions"})]
        with pytest.raises(NetworkError) as failed:
            Patient(scripted.url).bring()

        assert other.asked == []
        assert other.url in failed.value.hint


def test_near_ids_are_hints(scripted: Scripted) -> None:
    scripted.script = [Says(400, {"error": "unknown parent: 7f3c", "near": ["7f3d-1", "7f3e-2"]})]

    with pytest.raises(UsageError, match="unknown parent") as failed:
        Patient(scripted.url).bring()

    assert failed.value.hint == "Near: 7f3d-1, 7f3e-2."


@pytest.mark.parametrize("body", [b"x" * 3_000_000, b"[" * 100_000, b"\xff\xfe", b'{"error": 3}', b""])
def test_what_a_server_says_of_an_error_is_cut_short(scripted: Scripted, body: bytes) -> None:
    scripted.script = [Says(422, body)]

    with pytest.raises(OpenSessionError) as failed:
        Patient(scripted.url).bring()

    assert len(str(failed.value)) < 400


@pytest.mark.parametrize("body", [b"<html>", b'{"id": 3}', b'{"id": null, "url": ""}', b"", b"\xff", b"[" * 200_000])
def test_another_kind_of_server_is_told_as_such(scripted: Scripted, body: bytes) -> None:
    scripted.script = [Says(201, body)]

    with pytest.raises(NetworkError, match="does not answer like an opensession server"):
        Patient(scripted.url).bring()


def test_the_key_is_in_no_text(scripted: Scripted) -> None:
    def echo(asked: Asked) -> Says:
        return Says(422, {"error": f"you sent {asked.headers['Authorization']}"}, {"Location": KEY})

    scripted.otherwise = echo
    client = Patient(scripted.url)
    with pytest.raises(OpenSessionError) as failed:
        client.bring()

    assert KEY not in f"{failed.value} {failed.value.hint} {client!r} {client._connection!r}"
    assert "Bearer ..." in str(failed.value)


def test_nobody_there_is_a_network_error_after_all_tries() -> None:
    client = Patient(nobody())

    with pytest.raises(NetworkError, match="connection refused"):
        client.bring()

    assert len(client.waits) == 3


def test_health_and_verify(scripted: Scripted) -> None:
    client = Patient(scripted.url)

    assert client.health().version == "9.9.9"
    assert client.verify().nickname == "ada"
    assert [(asked.method, asked.path) for asked in scripted.asked] == [
        ("GET", "/api/health"),
        ("POST", "/api/auth/verify"),
    ]


def test_health_shows_no_key_when_there_is_none(scripted: Scripted) -> None:
    Patient(scripted.url, "").health()

    assert "Authorization" not in scripted.asked[0].headers


def test_small_questions_are_asked_once(scripted: Scripted) -> None:
    scripted.otherwise = lambda _: Says(503, {"error": "busy"})
    client = Patient(scripted.url)

    with pytest.raises(NetworkError):
        client.health()
    with pytest.raises(NetworkError):
        client.verify()

    assert len(scripted.asked) == 2
    assert client.waits == []


def test_a_server_that_refuses_before_it_has_read_all_is_heard() -> None:
    """A limit is told while the client still sends; the answer counts, not the broken pipe."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b'HTTP/1.1 413 X\r\nContent-Length: 19\r\n\r\n{"error":"too big"}')
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):
                    pass

        thread = threading.Thread(target=refuse, daemon=True)
        thread.start()
        client = Patient(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(OpenSessionError, match="413: too big"):
            client.bring(b" " * 5_000_000)
        client.close()
        thread.join(10)


def test_an_untrusted_certificate_is_refused_at_once(tmp_path: Path) -> None:
    import ssl

    with socket.create_server(("127.0.0.1", 0)) as listener:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certificate(tmp_path))

        def shake() -> None:
            connection, _ = listener.accept()
            with connection, pytest.raises(OSError):  # noqa: PT011 - the client hangs up
                context.wrap_socket(connection, server_side=True).recv(1)

        thread = threading.Thread(target=shake, daemon=True)
        thread.start()
        client = Patient(f"https://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(NetworkError, match="no certificate to trust"):
            client.bring()
        thread.join(10)

    assert client.waits == []


def test_a_proxy_of_the_environment_is_used_but_not_for_this_machine(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", scripted.url)

    Patient("http://sessions.example.org").health()
    with serving() as here:
        Patient(here.url).health()
        assert [asked.path for asked in here.asked] == ["/api/health"]

    assert [asked.path for asked in scripted.asked] == ["http://sessions.example.org/api/health"]


def _certificate(folder: Path) -> Path:
    """A certificate that nobody vouches for, with its key."""
    import datetime

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_server_that_says_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opensession.client._SOON", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = Patient(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(NetworkError, match="no answer in time"):
            client.health()


def test_an_answer_that_drips_out_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece comes in time, all of it never would."""
    monkeypatch.setattr("opensession.connection._BODY", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        left = threading.Event()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b'HTTP/1.1 200 X\r\nContent-Length: 1000000\r\n\r\n{"status":"')
                while not left.wait(0.02):
                    connection.sendall(b"o")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        client = Patient(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(NetworkError, match="does not answer like an opensession server"):
            client.health()
        left.set()
        thread.join(10)
