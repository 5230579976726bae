"""E-mail by SMTP (RFC 5321): one letter in plain text to one person.

Nothing that people typed comes into a header as it is, and no password goes over a line that others can read.
"""

from __future__ import annotations

import ipaddress
import re
import smtplib
import ssl
from contextlib import suppress
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from opensession.errors import UsageError

if TYPE_CHECKING:
    from jinja2 import Environment

    from web.settings import Settings

_PORTS = {"smtp": 25, "smtps": 465}
_SUBMISSION = 587
"""Where a user and a password are expected (RFC 6409)."""

_TLS = ("auto", "always", "never")
_OURSELVES = "[127.0.0.1]"
_SECONDS = 10.0
_LONGEST_SUBJECT = 160
# RFC 5322, 3.4.1, without quotes, comments and addresses of machines, which nobody has: what is invited must be what is
# written to, and Python's parser raises errors of any kind at half of one.
_ADDRESS = re.compile(r"[^\s()<>\[\]:;@\\,\"]+@[^\s()<>\[\]:;@\\,\"]+")
_NO_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


class UndeliveredError(Exception):
    """The letter was not taken; the message names the reason and neither the person nor the text."""


class Letter(NamedTuple):
    """What is sent.

    Attributes:
        to: One address.
        subject: One line; more are made one.
        text: In plain text.
    """

    to: str
    subject: str
    text: str


class Relay(NamedTuple):
    """The server that takes letters.

    Attributes:
        host: Its name.
        port: Where it listens.
        user: Ours there, or empty.
        password: Ours there.
        implicit: Whether the line is encrypted from the beginning (``smtps://``).
        tls: ``auto`` encrypts when the relay offers it, and always before a password; ``always`` and ``never`` are as
            they say. On the same machine nothing is encrypted, unless it is ``always``.
    """

    host: str
    port: int
    user: str
    password: str
    implicit: bool
    tls: str


def relay_of(url: str) -> Relay:
    """What an ``SMTP_URL`` says: ``smtp://user:password@host:587``, ``smtps://host``, ``smtp://host?tls=always``.

    Raises:
        UsageError: It is no such address. The message does not repeat it, for it may hold a password.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    tls = (parse_qs(parts.query).get("tls") or ["auto"])[-1] if host else ""
    if not host or parts.scheme not in _PORTS or tls not in _TLS:
        raise UsageError(
            "SMTP_URL must be smtp://[user:password@]host[:port] or smtps://..., with ?tls=always or never"
        )
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    usual = _SUBMISSION if user and parts.scheme == "smtp" else _PORTS[parts.scheme]
    return Relay(host, port or usual, user, password, parts.scheme == "smtps", tls)


class Mailer(NamedTuple):
    """Sends letters through a relay.

    Attributes:
        relay: The relay.
        sender: Who they come from: ``opensession <sessions@example.org>``.
        seconds: How long each step may take.
    """

    relay: Relay
    sender: str
    seconds: float

    def send(self, letter: Letter) -> None:
        """Hand a letter to the relay.

        Raises:
            UndeliveredError: It did not take it.
        """
        message, sender, to = composed(letter, self.sender)
        try:
            line = self._connected()
            try:
                self._prepare(line)
                line.send_message(message, sender, [to])
                # It is taken: how they part says nothing about that.
                with suppress(OSError, smtplib.SMTPException):
                    line.quit()
            finally:
                line.close()
        except ssl.SSLError as error:
            raise UndeliveredError("the mail server's certificate or encryption is not in order") from error
        except smtplib.SMTPResponseException as error:
            raise UndeliveredError(f"the mail server answered {error.smtp_code}") from error
        except (OSError, smtplib.SMTPException, UnicodeError, ValueError) as error:
            raise UndeliveredError(f"the mail server did not take it: {type(error).__name__}") from error

    def _connected(self) -> smtplib.SMTP:
        # We introduce ourselves as an address: the name of this machine would be looked up, which may take minutes,
        # and is nobody's business.
        host, port, seconds = self.relay.host, self.relay.port, self.seconds
        if self.relay.implicit:
            trust = ssl.create_default_context()
            return smtplib.SMTP_SSL(host, port, local_hostname=_OURSELVES, timeout=seconds, context=trust)
        return smtplib.SMTP(host, port, local_hostname=_OURSELVES, timeout=seconds)

    def _prepare(self, line: smtplib.SMTP) -> None:
        """Encrypt the line where that is due, and sign in."""
        relay = self.relay
        line.ehlo()
        local = _is_local(relay.host)
        wanted = relay.tls == "always" or (relay.tls == "auto" and not local)
        if not relay.implicit and wanted:
            if line.has_extn("starttls"):
                line.starttls(context=ssl.create_default_context())
                line.ehlo()
            elif relay.tls == "always" or relay.user:
                raise UndeliveredError("the mail server offers no encryption")
        if relay.user:
            line.login(relay.user, relay.password)


def mailer_of(settings: Settings) -> Mailer | None:
    """What sends letters, or None when there is no relay.

    Raises:
        UsageError: The settings do not name one rightly.
    """
    return Mailer(relay_of(settings.smtp_url), settings.smtp_from, _SECONDS) if settings.smtp_url else None


def rendered(name: str, **values: str) -> str:
    """A letter's text, from its template; values are made one line each."""
    return _templates().get_template(f"{name}.txt").render({key: one_line(value) for key, value in values.items()})


def one_line(text: str) -> str:
    """A text without what ends a line or commands a terminal."""
    return _NO_LINE.sub(" ", text).strip()


def composed(letter: Letter, sender: str) -> tuple[EmailMessage, str, str]:
    """The message, with the addresses of its envelope: from and to.

    Raises:
        UndeliveredError: One of them is no address.
    """
    name, address = parseaddr(sender)
    if not _ADDRESS.fullmatch(address) or not _ADDRESS.fullmatch(letter.to):
        raise UndeliveredError("that is no address")
    try:
        origin, to = Address(one_line(name), addr_spec=address), Address(addr_spec=letter.to)
    except (HeaderParseError, ValueError, IndexError) as error:
        raise UndeliveredError("that is no address") from error
    if "" in (origin.domain, origin.username, to.domain, to.username):
        raise UndeliveredError("that is no address")
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = origin, to
    message["Subject"] = one_line(letter.subject)[:_LONGEST_SUBJECT]
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=origin.domain)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: absence notes are not sent to us.
    message.set_content(letter.text)
    return message, origin.addr_spec, to.addr_spec


@cache
def _templates() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - only letters need it

    # Plain text: there is nothing to escape, and markup in it would be shown as it is.
    return Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates") / "mail"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701
        keep_trailing_newline=True,
        trim_blocks=True,
    )


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
