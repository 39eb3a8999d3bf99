"""Every error the product raises on purpose, with its HTTP status and its remedy. Knows nothing of HTTP itself."""

from __future__ import annotations


class SupportBotError(Exception):
    """Base of all errors that a caller may see. `status` is the HTTP status, `code` the word in the JSON error."""

    status = 500
    code = "internal_error"

    def __init__(self, detail: str, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class NotFound(SupportBotError):
    """The thing does not exist, or the caller may not know that it does."""

    status = 404
    code = "not_found"


class UnknownModel(NotFound):
    """A model was asked for by a name that nothing here has."""

    code = "model_not_found"


class Conflict(SupportBotError):
    """The thing is in a state that does not allow this; the detail says which."""

    status = 409
    code = "conflict"


class AnsweredMeanwhile(Conflict):
    """Somebody else has answered since; `message` is the newest of their answers, which a second try has seen."""

    code = "answered_meanwhile"

    def __init__(self, detail: str, message: int) -> None:
        super().__init__(detail)
        self.message = message


class OtherCustomer(Conflict):
    """The conversation is a verified customer's, and somebody else was proved."""

    code = "other_customer"


class DamagedFile(Conflict):
    """A stored file is not what was uploaded, or the disk does not give it back."""

    code = "damaged_file"


class Invalid(SupportBotError):
    """The input cannot be used; the detail says what to change."""

    status = 422
    code = "invalid"


class TooLong(Invalid):
    """The text is longer than the setting allows."""

    code = "too_long"


class TooLarge(SupportBotError):
    status = 413
    code = "too_large"


class Unauthorized(SupportBotError):
    """No valid token, key or session."""

    status = 401
    code = "unauthorized"


class CodeNeeded(Unauthorized):
    """The password is right; `ticket` is the proof of it, with which a code of the second factor lets in."""

    code = "code_needed"

    def __init__(self, detail: str, ticket: str) -> None:
        super().__init__(detail)
        self.ticket = ticket


class Forbidden(SupportBotError):
    """Known, but not allowed: the role, the origin or the channel says no."""

    status = 403
    code = "forbidden"


class IdentityRefused(Forbidden):
    """What was sent does not prove who the customer is; the detail says why."""

    code = "identity_refused"


class ChannelOff(Forbidden):
    """An admin has switched the channel off."""

    code = "channel_off"


class LimitExceeded(SupportBotError):
    """Too many requests; `retry_after` says in how many seconds to try again."""

    status = 429
    code = "rate_limited"


class Overloaded(SupportBotError):
    """The queue is full; `retry_after` is the expected wait in seconds."""

    status = 503
    code = "overloaded"


class StorageFull(SupportBotError):
    """The disk is full; what was stored before is safe, this was not stored."""

    status = 507
    code = "storage_full"


class IndexBroken(SupportBotError):
    """The vector index is damaged or gone; it is built again from the database within a minute."""

    status = 503
    code = "index_broken"


class NotReady(SupportBotError):
    """A part of the product is still being prepared; the detail says how far it is."""

    status = 503
    code = "not_ready"


class EngineUnavailable(SupportBotError):
    """The model cannot answer now; customers are offered a person."""

    status = 503
    code = "engine_unavailable"


class Cancelled(SupportBotError):
    """The generation was cancelled by its owner."""

    status = 409
    code = "cancelled"


class HelpdeskUnavailable(SupportBotError):
    """The other help desk does not answer, or not with what was asked for; the detail says which."""

    status = 503
    code = "helpdesk_unavailable"


class DatabaseUnavailable(SupportBotError):
    """The database does not answer, does not let us in or cannot work right now (locked, read-only, damaged); the
    detail says where and why, without the password. Nothing was stored."""

    status = 503
    code = "database_unavailable"


class IndexUnavailable(IndexBroken):
    """The server of the vector index does not answer; the detail says where it should be."""

    status = 503
    code = "index_unavailable"


class WeightsError(SupportBotError):
    """Weights are missing, damaged or not in the catalogue; the detail names the file and the remedy."""

    status = 503
    code = "weights"


class UnreadableDocument(SupportBotError):
    """A file yields no text; the detail is the reason an admin can act on (scanned, password, wrong type, empty)."""

    status = 422
    code = "unreadable_document"


class DataFolderInUse(SupportBotError):
    """Another process owns the data folder."""

    status = 409
    code = "data_folder_in_use"
