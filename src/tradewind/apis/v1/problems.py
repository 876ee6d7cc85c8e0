"""Every error code, its meaning and what to do, in one table: the responses, the API description and the
pages read it.
"""

from __future__ import annotations

import msgspec


class Code(msgspec.Struct, frozen=True):
    """One code. `title` is the problem's title; `means` and `do` are for the person who reads the page."""

    code: str
    status: int
    title: str
    means: str
    do: str

    @property
    def type(self) -> str:
        return f"/docs/problems#{self.code}"


_AGAIN = (
    "Try again after the seconds in `Retry-After`, with the same `Idempotency-Key`: nothing happens twice."
)
_FIX = "Correct the request; sending the same again gives the same answer."

TABLE: tuple[Code, ...] = (
    # what is wrong with the request as such
    Code("malformed_request", 400, "Malformed request", "The bytes are not a well-formed HTTP request.", _FIX),
    Code("invalid_json", 400, "Invalid JSON", "The body is not JSON in UTF-8.", _FIX),
    Code("invalid_idempotency_key", 400, "Invalid idempotency key",
         "`Idempotency-Key` is not 1 to 255 visible ASCII characters, or it and `X-Idempotency-Key` differ.",
         "Send a fresh UUID for each thing you want done, and the same one when you try again."),
    Code("not_found", 404, "Not found", "There is no such path or thing here, or it is not yours to see.",
         "Check the id and who you are signed in as."),
    Code("method_not_allowed", 405, "Method not allowed", "The path exists, the method does not.", "Use a method that `Allow` names."),
    Code("request_timeout", 408, "Request timeout", "The request did not arrive completely in time.", "Send it again on a new connection."),
    Code("body_too_large", 413, "Body too large", "The body is larger than the server takes (1 MiB).", _FIX),
    Code("url_too_long", 414, "URL too long", "The request target is longer than the server takes (8 "
                                              "KiB).", _FIX),
    Code("invalid_precondition", 400, "Invalid precondition", "`If-Match` or `If-None-Match` is malformed, or a "
         "condition that the operation does not know.",
         "Send the `ETag` that you have got, or `*`; leave out what the operation does not list."),
    Code("precondition_failed", 412, "Precondition failed", "It has another version by now than `If-Match` says.",
         "Read it again, and decide anew."),
    Code("unsupported_media_type", 415, "Unsupported media type", "The body is not `application/json`.",
         "Send JSON with `Content-Type: application/json`."),
    Code("expectation_failed", 417, "Expectation failed", "The only `Expect` known here is `100-continue`.", _FIX),
    Code("headers_too_large", 431, "Headers too large", "The headers are larger than the server takes "
                                                        "(16 KiB, 100 lines).", _FIX),
    # what is wrong with its values; `errors` names the field
    Code("invalid_field", 422, "Invalid field", "A field has a value that it cannot have; `errors` says "
                                                "which and why.", _FIX),
    Code("unknown_field", 422, "Unknown field", "The body or the query has a field that the operation "
                                                "does not know.",
         "Remove it: a field that is ignored in silence is a mistake that nobody sees."),
    Code("weak_password", 422, "Weak password", "The password is among the first that anybody tries.", "Choose another."),
    Code("invalid_cursor", 422, "Invalid cursor", "`cursor` did not come from this list's `nextCursor`.", "Start again without a cursor."),
    # who you are
    Code("unauthorized", 401, "Not signed in", "The operation needs an access token, and there is none "
                                               "that is alive.",
         "Log in, or refresh the tokens, and send `Authorization: Bearer …`."),
    Code("invalid_token", 401, "Invalid token", "The refresh token is not ours, was used before, or its "
                                                "session is over. "
         "One that is used twice ends its whole session.", "Log in again."),
    Code("invalid_credentials", 401, "Invalid credentials", "No account has this e-mail and password.", "Check both."),
    Code("invalid_signature", 401, "Invalid signature", "A webhook's signature is wrong or too old.", "Check the secret and the clock."),
    Code("forbidden", 403, "Forbidden", "You are signed in, and this is for others.", "Use an account with the right role."),
    # what the shop refuses
    Code("email_taken", 409, "E-mail taken", "An account with this e-mail exists.", "Log in, or register another address."),
    Code("last_admin", 409, "Last admin", "The last admin can neither leave nor give up the role.", "Make somebody else an admin first."),
    Code("sku_exists", 409, "SKU exists", "A product with this SKU exists.", "Change that product, or choose another SKU."),
    Code("insufficient_stock", 409, "Insufficient stock", "The adjustment would take pieces that are "
                                                          "held for orders or not there.",
         "Take at most what is available."),
    Code("unknown_product", 422, "Unknown product", "A line of the order names a product that is not in "
                                                    "the catalogue.", _FIX),
    Code("product_withdrawn", 422, "Product withdrawn", "A line of the order names a product that is no longer sold.", _FIX),
    Code("mixed_currencies", 422, "Mixed currencies", "The lines of the order have prices in more than "
                                                      "one currency.",
         "Place one order for each currency."),
    Code("total_too_large", 422, "Total too large", "The order comes to more than one order may.", "Place it as several orders."),
    Code("too_much_stock", 422, "Too much stock", "The product would have more pieces than a product may.", _FIX),
    Code("invalid_amount", 422, "Invalid amount", "A refund must be at least one minor unit.", _FIX),
    Code("currency_mismatch", 422, "Currency mismatch", "The amount is in another currency than the "
                                                        "payment.", _FIX),
    Code("price_missing", 422, "Price missing", "A line of the order names no price, and prices are the client's here.", _FIX),
    Code("price_changed", 409, "Price changed", "The total is not the `expectedTotal` of the request.",
         "Show the new total to the customer and place the order again, with a new `Idempotency-Key`."),
    Code("illegal_transition", 409, "Illegal transition", "The thing is in a status that does not allow "
                                                          "this; `detail` names it.",
         "Read it again and decide anew."),
    Code("refund_exceeds_payment", 409, "Refund exceeds payment", "The refund is more than is left of "
                                                                  "the payment.",
         "Refund at most what is left; leave `amount` out for all of it."),
    Code("not_issued", 409, "Not issued", "The invoice is a draft and has no number yet.", "Wait until the order is confirmed."),
    Code("waits_for_another", 409, "Waits for another", "An older message with the same key is among the "
                                                        "dead letters.",
         "Replay or discard that one first."),
    # idempotency
    Code("idempotency_key_reused", 422, "Idempotency key reused", "This key came before with another body.",
         "Use a new key for a new request."),
    Code("request_in_progress", 409, "Request in progress", "The request with this key is running right "
                                                            "now.", _AGAIN),
    # too much, or not now
    Code("rate_limited", 429, "Too many requests", "You have sent more requests in a minute than one "
                                                   "caller may.", _AGAIN),
    Code("internal_error", 500, "Internal error", "The request failed here; the reason is in the "
                                                  "server's log, under the `X-Request-Id`.",
         "Tell the operator the request id. With an `Idempotency-Key` it is safe to try again."),
    Code("transfer_coding_unknown", 501, "Unknown transfer coding", "The only transfer coding known here "
                                                                    "is chunked.", _FIX),
    Code("overloaded", 503, "Overloaded", "More requests wait than can be answered in time; this one was "
                                          "not begun.", _AGAIN),
    Code("store_unavailable", 503, "Store unavailable", "The database cannot take this now; nothing was "
                                                        "written.", _AGAIN),
    Code("outcome_unknown", 503, "Outcome unknown", "The database went away in the middle; nobody knows "
                                                    "whether this was carried out.",
         "Look first; with an `Idempotency-Key` the same request can simply be sent again."),
    Code("not_here", 503, "Not here", "The service that answers this runs in no process that can be "
                                      "reached now.", _AGAIN),
    Code("too_many_connections", 503, "Too many connections", "Every connection is taken.", "Try again soon, on fewer connections."),
    Code("answer_timeout", 504, "No answer in time", "The answer took too long; whether the request was "
                                                     "carried out is not known.",
         "Try again with the same `Idempotency-Key`: you get the first outcome, or it happens now."),
    Code("http_version_unknown", 505, "Unknown HTTP version", "The server speaks HTTP/1.1 and HTTP/1.0.", _FIX),
)  # fmt: skip

FAILURES: dict[str, str] = {
    "out_of_stock": "There was less in stock than ordered; `detail` has the shortages.",
    "payment_declined": "The payment was declined; nothing was taken.",
    "payment_error": "The payment could not be settled; what was taken is given back.",
    "expired": "The payment had no outcome before the order's deadline; what comes later is given back.",
}
"""Not problems of a request: why an order that was accepted failed later (`failure.code`)."""

BY_CODE: dict[str, Code] = {code.code: code for code in TABLE}
