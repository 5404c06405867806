"""HTML pages from the Jinja templates of a package; what is put into them is escaped."""

from typing import TYPE_CHECKING

from taxqa.progress import minutes

if TYPE_CHECKING:
    from jinja2 import Environment


def templates(package: str) -> "Environment":
    """The templates in a package's folder templates/, with the filters that every page may use.

    A name that a template asks for and is not given is an error, never a blank.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"grouped": grouped, "megabytes": megabytes, "minutes": minutes}
    return environment


def grouped(number: int) -> str:
    """A whole number as '12,345'."""
    return f"{number:,}"


def megabytes(size: int) -> str:
    """Bytes as '536 MB'."""
    return f"{size / 1e6:,.0f} MB"
