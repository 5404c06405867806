"""Pages: escaped, strict about names, figures as people read them."""

import pytest
from jinja2 import UndefinedError

from taxqa.pages import templates


def rendered(text: str, **values: object) -> str:
    return templates("export").from_string(text).render(values)


def test_what_is_put_into_a_page_is_escaped() -> None:
    assert rendered("<b>{{ x }}</b>", x="<i>'\"&") == "<b>&lt;i&gt;&#39;&#34;&amp;</b>"


def test_a_name_that_is_not_given_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="'x' is undefined"):
        rendered("{{ x }}")


def test_figures_are_shown_as_people_read_them() -> None:
    text = "{{ 12345678 | grouped }} {{ 542834240 | megabytes }} {{ 190 | minutes }}"
    assert rendered(text) == "12,345,678 543 MB 3 min"
