"""The one tree of errors.

    TaxqaError                what a person can act on; cli/ prints it and ends with exit_code
    ├── InputError            a file, folder or value given by the user cannot be used   (2)
    │   └── ConfigError       a YAML config has an unknown key or a value out of range   (2)
    ├── MissingExtraError     an optional package is not installed                       (1)
    ├── NoSpaceError          the disk (or memory) would not hold the result             (1)
    ├── BusyError             another process works on the same folder                   (1)
    ├── ServiceError          an outside service refused, or did not answer              (1)
    └── ProofError            a result was made but is not what was promised             (1)

A message says what was found, what was expected and what to run next.
"""


class TaxqaError(Exception):
    """Anything that went wrong in a way the user can act on."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Say what was found and what was expected, and in `hint` what to do or run next."""
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """The message and, on the next line, the hint."""
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class InputError(TaxqaError):
    """A file, folder or value given by the user cannot be used."""

    exit_code = 2


class ConfigError(InputError):
    """A config file has an unknown key, or a value of the wrong type or out of range."""


class MissingExtraError(TaxqaError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        """Say which extra of taxqa brings `package`."""
        super().__init__(
            f"The Python package '{package}' is needed for this and is not installed.",
            hint=f"Install it with: pip install 'taxqa[{extra}]'   (from a clone: '.[{extra}]')",
        )


class NoSpaceError(TaxqaError):
    """The disk or memory would not hold what is about to be made."""


class BusyError(TaxqaError):
    """Another process works on the same folder."""


class ServiceError(TaxqaError):
    """An outside service (Ollama, law.go.kr, a teacher, a cloud) refused or did not answer."""


class ProofError(TaxqaError):
    """A result exists but fails the comparison that would have proven it right."""
