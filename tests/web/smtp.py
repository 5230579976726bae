"""Mail servers of the tests' own, on the loopback: one that works, and some that don't."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

USER, PASSWORD = "ada", "p@ss word"


class Mailbox:
    """Takes letters.

    Attributes:
        letters: What came.
        envelopes: Who they were from and for, as they were handed over.
        encrypted: Whether each came over an encrypted line.
        signed_in: The users who gave the right password.
    """

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.encrypted: list[bool] = []
        self.signed_in: list[str] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        """Take letters for anyone but one."""
        if address.startswith("refused"):
            return "550 no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a letter."""
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """See whether somebody may send."""
        good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        if good:
            self.signed_in.append(data.login.decode())
        return AuthResult(success=good, handled=False)


class Office(Controller):
    """A mail server that works."""

    def __init__(
        self, box: Mailbox, *, tls: ssl.SSLContext | None = None, implicit: bool = False, **facts: Any
    ) -> None:
        super().__init__(box, hostname="127.0.0.1", port=_free_port(), ssl_context=tls if implicit else None)
        self._starttls = None if implicit else tls
        self._facts = facts

    def factory(self) -> SMTP:
        """Serve one connection."""
        return SMTP(
            self.handler,
            tls_context=self._starttls,
            authenticator=self.handler.authenticate,
            hostname="office",
            **self._facts,
        )


@contextmanager
def office(box: Mailbox, **facts: Any) -> Iterator[int]:
    """A mail server that works, while the block runs; its port."""
    running = Office(box, **facts)
    running.start()
    try:
        yield running.port
    finally:
        running.stop()


@contextmanager
def script(*answers: str | None) -> Iterator[int]:
    """A server that says these lines, one for each it hears, and a None by saying nothing more; its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            while not over.is_set():
                line, _ = listening.accept()
                with line, suppress(OSError):
                    _play(line, answers, over)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        over.set()
        with suppress(OSError):
            socket.create_connection(listening.getsockname(), timeout=1).close()
        thread.join(10)
        listening.close()


def _play(line: socket.socket, answers: tuple[str | None, ...], over: threading.Event) -> None:
    heard = line.makefile("rb")
    for number, answer in enumerate(answers):
        if number:
            heard.readline()
        if answer is None:
            over.wait(30)
            return
        line.sendall(answer.encode() + b"\r\n")


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A certificate for this machine: what a server shows, and the file that makes a client believe it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a mail server of the tests")])
    now = datetime.datetime.now(datetime.UTC)
    hosts = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(hosts, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown, secret = folder / "certificate.pem", folder / "key.pem"
    shown.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(shown, secret)
    return context, shown


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
