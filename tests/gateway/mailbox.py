"""A small SMTP server on a real socket, that also refuses, delays and hangs up."""

import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import TracebackType
from typing import Self


@dataclass
class Mailbox:
    """Recipients named `gone@` are refused, `busy@` put off; `drop@` ends the connection."""

    tls: ssl.SSLContext | None = None  # offered by STARTTLS
    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[bool] = field(default_factory=list)  # whether each came over TLS
    is_busy: bool = False

    def __enter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        line.settimeout(10)
        with suppress(OSError), line:
            line.sendall(b"220 mailbox\r\n")
            self._talk(line, is_secret=False)

    def _talk(self, line: socket.socket, is_secret: bool) -> None:
        words = line.makefile("rb")
        while command := words.readline().decode().strip():
            verb = command.split()[0].upper()
            if verb == "STARTTLS" and self.tls is not None:
                line.sendall(b"220 go on\r\n")
                with self.tls.wrap_socket(line, server_side=True) as secret:
                    self._talk(secret, is_secret=True)
                return
            if verb == "DATA":
                line.sendall(b"354 write\r\n")
                self._take(b"".join(iter(words.readline, b".\r\n")))
                line.sendall(b"250 kept\r\n")
            elif "drop@" in command:
                return
            else:
                if verb == "AUTH":
                    self.logins.append(is_secret)
                line.sendall(self._reply(verb, command, is_secret))

    def _reply(self, verb: str, command: str, is_secret: bool) -> bytes:
        if verb == "EHLO":
            offered = b"250-STARTTLS\r\n" if self.tls is not None and not is_secret else b""
            return b"250-mailbox\r\n" + offered + b"250 AUTH PLAIN\r\n"
        if verb == "AUTH":
            return b"235 welcome\r\n"
        if verb == "RCPT":
            if "gone@" in command:
                return b"550 nobody of that name\r\n"
            if "busy@" in command or self.is_busy:
                return b"451 come again\r\n"
            self.recipients.append(command.partition("<")[2].rstrip(">"))
        return b"221 bye\r\n" if verb == "QUIT" else b"250 fine\r\n"

    def _take(self, written: bytes) -> None:
        written = written.replace(b"\r\n..", b"\r\n.")  # RFC 5321, section 4.5.2
        self.letters.append(message_from_bytes(written, policy=policy.default))
