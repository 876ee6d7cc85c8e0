"""Explains a broker's error to the operator, with the way out: the broker's own text rarely does."""

from __future__ import annotations

import socket
import ssl

from .address import SETTING
from .errors import Malformed, Refused

# by reply code and, where one code means several things, by a word of its text
REFUSALS = [
    (403, "Login was refused", f"wrong user or password: correct {SETTING}"),
    (403, "", "this user may not do that: give it the rights with `rabbitmqctl set_permissions`"),
    (404, "no exchange", "an exchange is missing: start the service that declares it"),
    (404, "no queue", "a queue is missing: start the service that declares it"),
    (405, "", "another connection has it for itself: end that one"),
    (
        406,
        "inequivalent arg",
        "it exists with other arguments: delete it when it is empty, or give the setting that fits it",
    ),
    (406, "timed out", "a delivery was not acked in the time that the broker allows (consumer_timeout)"),
    (
        530,
        "not found",
        f"there is no such vhost: create it with `rabbitmqctl add_vhost`, or correct {SETTING}",
    ),
    (
        530,
        "vhost",
        "this user may not enter the vhost: give it the rights with `rabbitmqctl set_permissions`",
    ),
    (320, "", "the broker stops or was told to close the connection: it is made anew"),
]


def refusal(code: int, text: str) -> Refused:
    """The broker closed a channel or the connection with a reason."""
    way = next((way for known, word, way in REFUSALS if known == code and word in text), "")
    return Refused(code, text, f"{way} ({text})" if way else f"the broker refuses ({code} {text})")


def lasting(error: BaseException) -> bool:
    """Whether no wait can mend it: the broker knows us, and refuses. A vhost that is down comes up."""
    return isinstance(error, Refused) and error.code in (403, 530) and "is down" not in error.text


def trouble(error: BaseException, *, tls: bool) -> str:
    """Why no connection was made."""
    if isinstance(error, socket.gaierror):
        return f"there is no such host: correct {SETTING} ({error.strerror or error})"
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted: name the file of its authority, "
            f"{SETTING}=amqps://…?cafile=… ({error.verify_message})"
        )
    if isinstance(error, ssl.SSLError) and error.reason in (
        "WRONG_VERSION_NUMBER",
        "UNEXPECTED_MESSAGE",
        "HTTP_REQUEST",
        "RECORD_LAYER_FAILURE",
    ):
        return (
            f"it does not speak TLS there: write amqp:// in {SETTING}, or name the TLS port ({error.reason})"
        )
    if isinstance(error, ssl.SSLError):
        return f"TLS fails: {error.reason or error}"
    if isinstance(error, TimeoutError):
        return "no answer in time: the broker is overloaded, or something between drops what we send"
    if isinstance(error, Malformed):
        return f"what answers there is not RabbitMQ: correct {SETTING} ({error})"
    if isinstance(error, ConnectionRefusedError) or "Connect call failed" in str(error):
        return f"it cannot be reached: start RabbitMQ, or correct {SETTING} (connection refused)"
    if isinstance(error, ConnectionError) and tls:
        return (
            f"it closes the connection during the TLS handshake: name the TLS port, or write amqp:// "
            f"in {SETTING}"
        )
    if isinstance(error, OSError):
        return f"it cannot be reached: start RabbitMQ, or correct {SETTING} ({error.strerror or error})"
    return str(error) or type(error).__name__


def ended(error: BaseException | None, unread: bytes, *, ready: bool) -> str:
    """Why a connection was lost without a close frame."""
    if not ready and unread[:1] == b"\x15":
        return f"that port speaks TLS: write amqps:// in {SETTING}"
    if not ready and isinstance(error, ssl.SSLError):
        return trouble(error, tls=True)
    if not ready:
        return (
            f"it closes the connection without a word: it is just starting, wants TLS (amqps://) or "
            f"is not RabbitMQ: correct {SETTING}"
        )
    return f"the connection was lost ({error or 'closed by the other side'})"
