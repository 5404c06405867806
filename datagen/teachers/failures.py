"""How an exchange with a teacher fails: what passes, what this request caused, what is final.

    ServiceError                   final: a wrong key, an unknown model, no credit left
    ├── PassingError               worth another try: a rate limit, an overload, a broken line
    └── RequestRefusedError        this one request is refused for good; others may be fine

No message holds a key: of an answer to a wrong key nothing is repeated, as providers echo parts
of it.
"""

import email.utils
import time
from collections.abc import Mapping
from dataclasses import dataclass

from datagen.teachers.prices import load_prices
from taxqa.errors import ServiceError

OVERLOADED = {429, 503, 529}
PASSING = {408, 409, 425, 500, 502, 504, 520, 522, 524}
REFUSED = {400, 413, 422}
PAID_IN_VAIN = {408, 504, 524}
"""A gateway lost patience; the model behind it may have answered, and charged for it."""
NO_CREDIT = ("insufficient_quota", "billing_hard_limit_reached", "credit balance is too low")
NO_MODEL = ("model_not_found", "does not exist", "has been deprecated", "model: ")
MOST_LETTERS = 300


class PassingError(ServiceError):
    """The exchange failed, and the same request may succeed later."""

    def __init__(
        self,
        message: str,
        *,
        wait: float | None = None,
        overloaded: bool = False,
        maybe_paid: bool = False,
        not_taken: bool = False,
    ) -> None:
        """Say what came.

        Args:
            wait: seconds that the service asks to wait; None = it does not say.
            overloaded: too many requests at once; fewer would do.
            maybe_paid: the request arrived, so it may be billed although no answer came.
            not_taken: it certainly had no effect (429). A 503 may come from something that stands
                before the service and has let the request through.
        """
        super().__init__(message)
        self.wait, self.overloaded, self.maybe_paid = wait, overloaded, maybe_paid
        self.not_taken = not_taken


class RequestRefusedError(ServiceError):
    """The service refuses this request, however often it is asked; nothing is billed."""


@dataclass(frozen=True)
class Service:
    """The service behind a teacher, as its messages name it."""

    title: str
    """'OpenAI'."""
    teacher: str
    """Name of the teacher: provider and model."""
    key_hint: str = ""
    """Where the key comes from, for a wrong one."""
    secret: str = ""
    """The key, cut out of every message."""

    def __repr__(self) -> str:
        """Without the key."""
        return f"Service({self.title!r}, {self.teacher!r})"

    @property
    def model(self) -> str:
        """The model's name."""
        return self.teacher.partition(":")[2]

    def told(self, text: str) -> str:
        """What the service said, in one short line without the key."""
        line = " ".join(text.split())
        # Before it is cut, which would leave a part of a key that no longer looks like one.
        return (line.replace(self.secret, "…") if self.secret else line)[:MOST_LETTERS]

    def status_error(
        self, status: int, message: str, code: str, headers: Mapping[str, str]
    ) -> ServiceError:
        """The error for an HTTP status of 400 and above.

        Args:
            message, code: of the error in the answer; '' where it has none.
        """
        said = f"{code} {message}"
        if status in (401, 403):
            return self.key_error(status, message)
        if status == 402 or any(mark in said for mark in NO_CREDIT):
            return ServiceError(
                f"{self.title} has no credit left for this key (HTTP {status}).",
                hint="Add credit or raise the limit in the provider's console, then run the same"
                " command again: what was answered is kept.",
            )
        if status in (400, 404) and (status == 404 or any(mark in said for mark in NO_MODEL)):
            return self.model_error(status, message)
        shown = f"{self.title} answered HTTP {status}: {self.told(message) or 'no reason given'}"
        if status in OVERLOADED or status in PASSING:
            return PassingError(
                shown,
                wait=retry_after(headers),
                overloaded=status in OVERLOADED,
                maybe_paid=status in PAID_IN_VAIN,
                not_taken=status == 429,
            )
        return RequestRefusedError(shown) if status in REFUSED else ServiceError(shown)

    def key_error(self, status: int, message: str) -> ServiceError:
        """The error for a key that is refused, or that may not do this."""
        if status == 401:
            return ServiceError(f"{self.title} refused the API key (HTTP 401).", hint=self.key_hint)
        return ServiceError(
            f"{self.title} does not allow this key to use '{self.model}' (HTTP 403):"
            f" {self.told(message)}",
            hint=self.key_hint,
        )

    def model_error(self, status: int, message: str) -> ServiceError:
        """The error for a model that the service does not have (any more)."""
        return ServiceError(
            f"{self.title} has no model '{self.model}' (HTTP {status}): {self.told(message)}",
            hint=load_prices().known_models(self.teacher.partition(":")[0]),
        )

    def broken(self, error: BaseException, *, sent: bool) -> PassingError:
        """The error for a connection that could not be made (`sent` off) or broke off."""
        cause = error.__cause__ or error
        what = "broke off" if sent else "could not be made"
        said = self.told(f"{type(cause).__name__} {cause}")
        return PassingError(
            f"The connection to {self.title} {what}: {said}".rstrip(),
            maybe_paid=sent,
        )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait that an answer asks for; None where it does not say, or not readably."""
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / scale
        except ValueError:
            continue
        return seconds if 0 <= seconds < float("inf") else None
    try:
        moment = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - time.time())
