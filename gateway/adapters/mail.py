"""E-mail by SMTP (RFC 5321), by the standard library, in a thread of its own."""

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from urllib.parse import unquote, urlsplit

from gateway.domain.notifications import Letter

WITHIN_S = 15.0
_HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Sent:
    """`sent`; `later` where it may still go; `refused` where it never will."""

    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class PostOffice:
    """`smtp://host:587` (TLS by STARTTLS where the server offers it) or `smtps://host`, either with
    `user:password@`, which is sent over TLS only.
    """

    url: str = field(repr=False)
    sender: str
    tls: ssl.SSLContext | None = None
    within_s: float = WITHIN_S

    def send(self, letter: Letter) -> Sent:
        """Blocks. A reply of the 5xx is a refusal; whatever else goes wrong may pass."""
        try:
            with self._connected() as server:
                server.send_message(self._message(letter))
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            return _failed(code, said)
        except smtplib.SMTPResponseException as error:
            return _failed(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            return Sent("later", f"{type(error).__name__}: {error}")
        return Sent("sent")

    def _connected(self) -> smtplib.SMTP:
        where = urlsplit(self.url)
        tls, host = self.tls or ssl.create_default_context(), where.hostname or ""
        server: smtplib.SMTP
        if where.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, where.port or 465, timeout=self.within_s, context=tls)
        else:
            server = smtplib.SMTP(host, where.port or 25, timeout=self.within_s)
        try:
            self._greet(server, where.scheme == "smtps", tls)
            if where.username is not None:
                server.login(unquote(where.username), unquote(where.password or ""))
        except BaseException:
            server.close()
            raise
        return server

    def _greet(self, server: smtplib.SMTP, is_secret: bool, tls: ssl.SSLContext) -> None:
        """Raises before a password would be read by others on its way."""
        where = urlsplit(self.url)
        server.ehlo()
        if not is_secret and server.has_extn("starttls"):
            server.starttls(context=tls)
            server.ehlo()
        elif not is_secret and where.username is not None and where.hostname not in _HERE:
            raise smtplib.SMTPNotSupportedError("the mail server offers no TLS for our password")

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self.sender
        message["To"] = letter.to
        message["Subject"] = letter.title
        message["Date"] = localtime()
        message["Message-ID"] = f"<{letter.number}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        message.set_content(letter.text)
        return message


def _failed(code: int, said: bytes | str) -> Sent:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return Sent("refused" if code >= 500 else "later", f"{code} {text}"[:200])
