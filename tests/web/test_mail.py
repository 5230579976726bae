"""Letters: what is in them, and the ways in which mail servers take them or don't."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opensession.errors import UsageError
from tests.web.smtp import PASSWORD, USER, Mailbox, certificate, office, script
from web import mail
from web.mail import Letter, Mailer, Relay, UndeliveredError, relay_of

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

LETTER = Letter("bob@example.org", "Hello", "One line\nand another, with ünïcode.\n")
SENDER = "opensession <sessions@example.org>"


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a mail server shows, and clients believe."""
    context, shown = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(shown))
    return context


def mailer(port: int, *, user: str = "", implicit: bool = False, tls: str = "auto", seconds: float = 10.0) -> Mailer:
    return Mailer(Relay("127.0.0.1", port, user, PASSWORD if user else "", implicit, tls), SENDER, seconds)


def test_a_letter_arrives() -> None:
    box = Mailbox()
    with office(box) as port:
        mailer(port).send(LETTER)

    (letter,) = box.letters
    assert box.envelopes == [("sessions@example.org", ["bob@example.org"])]
    assert letter["From"] == "opensession <sessions@example.org>"
    assert letter["To"] == "bob@example.org"
    assert letter["Subject"] == "Hello"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"].endswith("@example.org>")
    assert letter["Date"]
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().replace("\r\n", "\n") == LETTER.text


def test_the_line_is_encrypted_before_the_password(trusted: ssl.SSLContext) -> None:
    box = Mailbox()
    with office(box, tls=trusted, auth_required=True) as port:
        mailer(port, user=USER, tls="always").send(LETTER)

    assert (len(box.letters), box.encrypted, box.signed_in) == (1, [True], [USER])


def test_a_line_is_encrypted_when_that_is_offered_elsewhere(
    trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "_is_local", lambda _: False)
    box = Mailbox()
    with office(box, tls=trusted) as port:
        mailer(port).send(LETTER)
        mailer(port, tls="never").send(LETTER)
    with office(box) as port:
        mailer(port).send(LETTER)

    assert box.encrypted == [True, False, False]


def test_a_line_that_is_encrypted_from_the_beginning(trusted: ssl.SSLContext) -> None:
    box = Mailbox()
    with office(box, tls=trusted, implicit=True, auth_require_tls=False) as port:
        mailer(port, user=USER, implicit=True).send(LETTER)

    assert (len(box.letters), box.signed_in) == (1, [USER])


@pytest.mark.parametrize("implicit", [True, False])
def test_nobody_knows_the_certificate(tmp_path: Path, implicit: bool) -> None:
    box = Mailbox()
    with office(box, tls=certificate(tmp_path)[0], implicit=implicit) as port:
        wanted = mailer(port, user=USER, implicit=implicit, tls="always")
        with pytest.raises(UndeliveredError, match="certificate"):
            wanted.send(LETTER)

    assert (box.letters, box.signed_in) == ([], [])


def test_no_password_goes_over_an_open_line(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Mailbox()
    with office(box, auth_require_tls=False) as port:
        with pytest.raises(UndeliveredError, match="offers no encryption"):
            mailer(port, user=USER, tls="always").send(LETTER)
        monkeypatch.setattr(mail, "_is_local", lambda _: False)
        with pytest.raises(UndeliveredError, match="offers no encryption"):
            mailer(port, user=USER).send(LETTER)

    assert (box.letters, box.signed_in) == ([], [])


def test_a_wrong_password() -> None:
    box = Mailbox()
    with office(box, auth_require_tls=False) as port:
        wrong = Mailer(Relay("127.0.0.1", port, USER, "another", implicit=False, tls="auto"), SENDER, 10.0)
        with pytest.raises(UndeliveredError, match="answered 535") as caught:
            wrong.send(LETTER)

    assert "another" not in str(caught.value)
    assert box.letters == []


def test_somebody_who_is_refused() -> None:
    box = Mailbox()
    with office(box) as port, pytest.raises(UndeliveredError) as caught:
        mailer(port).send(LETTER._replace(to="refused@example.org"))

    assert "refused" not in str(caught.value)
    assert box.letters == []


GREETING, OK = "220 here", "250 ok"


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param((None,), id="says nothing"),
        pytest.param((GREETING, None), id="says nothing more"),
        pytest.param((GREETING, OK, OK, OK, None), id="does not want the text"),
        pytest.param((GREETING, OK, OK, OK, "354 go on", None), id="has the text and says nothing"),
        pytest.param((), id="hangs up"),
        pytest.param((GREETING,), id="hangs up after a greeting"),
        pytest.param(("554 go away",), id="takes nothing"),
        pytest.param((GREETING, OK, "421 later"), id="closes"),
        pytest.param(("HTTP/1.1 400 Bad Request",), id="is none"),
        pytest.param(("\xff" * 9000,), id="says too much"),
    ],
)
def test_a_server_that_does_not_take_it(answers: tuple[str | None, ...]) -> None:
    began = time.monotonic()
    with script(*answers) as port, pytest.raises(UndeliveredError):
        mailer(port, seconds=0.3).send(LETTER)

    assert time.monotonic() - began < 10


def test_no_server_at_all() -> None:
    with script() as port:
        pass

    with pytest.raises(UndeliveredError, match="ConnectionRefusedError"):
        mailer(port).send(LETTER)


def test_what_is_taken_is_sent_even_when_the_server_does_not_say_goodbye() -> None:
    # Greeting, EHLO, MAIL, RCPT, DATA; then a line of the letter for each answer, the first of which counts.
    with script(GREETING, OK, OK, OK, "354 go on", OK, None) as port:
        mailer(port, seconds=0.3).send(LETTER)


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://mail.example.org", Relay("mail.example.org", 25, "", "", False, "auto")),
        ("smtp://mail.example.org:2525", Relay("mail.example.org", 2525, "", "", False, "auto")),
        ("smtp://a%40b:p%2Fw@mail.example.org", Relay("mail.example.org", 587, "a@b", "p/w", False, "auto")),
        ("smtps://u:p@mail.example.org", Relay("mail.example.org", 465, "u", "p", True, "auto")),
        ("smtp://[::1]:25?tls=always", Relay("::1", 25, "", "", False, "always")),
        ("smtp://mail.example.org?tls=never", Relay("mail.example.org", 25, "", "", False, "never")),
    ],
)
def test_addresses_of_mail_servers(url: str, relay: Relay) -> None:
    assert relay_of(url) == relay


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://mail.example.org",
        "smtp://",
        "smtp://h:99999",
        "smtp://h:x",
        "smtp://[h",
        "smtp://h?tls=x",
    ],
)
def test_what_is_no_address_of_a_mail_server(url: str) -> None:
    with pytest.raises(UsageError, match="SMTP_URL must be") as caught:
        relay_of(url.replace("://", "://ada:secret@") if "[" not in url else url)
    assert "secret" not in str(caught.value)


@given(st.text(), st.text(), st.text())
def test_nothing_that_is_typed_becomes_a_header(subject: str, text: str, name: str) -> None:
    letter = Letter("bob@example.org", f"Invitation to {subject}", text.encode("utf-8", "ignore").decode())

    message, _, _ = mail.composed(letter, SENDER)
    head = message.as_bytes().partition(b"\r\n\r\n")[0].decode("ascii")

    names = [line.partition(":")[0] for line in head.split("\r\n") if not line.startswith((" ", "\t"))]
    wanted = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"]
    assert [one for one in names if not one.startswith(("Content-", "MIME-"))] == wanted
    assert message["Subject"].startswith("Invitation to")


@given(st.text() | st.from_regex(r"[^@]{1,20}@[^@]{1,20}", fullmatch=True))
@example("a@[")
@example("a@[ ")
def test_a_letter_goes_to_one_person_or_to_nobody(to: str) -> None:
    try:
        message, _, address = mail.composed(LETTER._replace(to=to), SENDER)
    except UndeliveredError:
        return
    assert len(message["To"].addresses) == 1
    assert message["To"].addresses[0].addr_spec == address
    assert not any(character in address for character in "\r\n")


@pytest.mark.parametrize(
    "to",
    [
        *(
            "a@b.org, c@d.org",
            "a@b.org,c@d.org",
            "a@b.org\nBcc: c@d.org",
            "<a@b.org>",
            "x <a@b.org>",
            "a@",
            "@b",
            "a",
            "",
        ),
        # Python's own parser fails at the first two of these with errors that are none of ours.
        *("a@[", "a@[ ", "a@[192.0.2.1]", '"a"@b.org', "a@b@c.org", "a(x)@b.org", "a\\@b.org"),
    ],
)
def test_what_is_no_address(to: str) -> None:
    with pytest.raises(UndeliveredError, match="no address"):
        mail.composed(LETTER._replace(to=to), SENDER)


def test_the_letter_of_an_invitation() -> None:
    text = mail.rendered(
        "invitation",
        inviter="Ada\nLovelace",
        team="<b>Todo</b>",
        role="admin",
        expires_at="2026-12-01 10:00:00",
        link="https://sessions.example.org/invitations/accept?token=abc",
    )

    assert text.splitlines()[0].startswith('Ada Lovelace invites you to the team "<b>Todo</b>" on opensession')
    assert "You would be one of its admins." in text
    assert "2026-12-01 10:00:00 UTC" in text
    assert "\nhttps://sessions.example.org/invitations/accept?token=abc\n" in text
