"""export.html opens offline, escapes what it shows, and says what export.json says."""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pytest
from browser_pages import PHONE, widths
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from export.page import BAR, length, number, write_page
from export.report import Report

ROOT = Path(__file__).resolve().parent.parent.parent


def measures(kld: float, right: int) -> dict[str, Any]:
    return {
        "asked": 12, "same": right, "right": right, "stopped": 12, "tokens_per_second": 61.4,
        "same_prompt": 12, "scored_tokens": 1010, "perplexity": 1.9,
    } | ({} if kld < 0 else {"mean_kld": kld, "p99_kld": 4 * kld, "same_top": 0.93})  # fmt: skip


def quant(name: str, size: int, kld: float, lost: str = "") -> dict[str, Any]:
    return {
        "type": name, "file": f"세무-{name}.gguf", "bytes": size, "sha256": "ab" * 32,
        "imatrix": name != "f16", "careful": False, "seconds_quantize": 2.4,
        "seconds_measure": 30.0, "measures": measures(kld, 9), "kept": not lost, "lost": lost,
        "golden": [],
    }  # fmt: skip


def report(**changes: Any) -> Report:
    values: dict[str, Any] = {
        "name": "세무-모델",
        "base_model": {
            "name": "google/gemma-3-270m", "license_name": "Gemma Terms of Use",
            "license_text": "https://ai.google.dev/gemma/terms", "source": "embedded",
        },
        "form": "qa", "system": "", "eos": "<eos>", "bos": "<bos>", "max_length": 512,
        "law_date": None, "proof": {},
        "merged": measures(-1, 10) | {"measured_in": "transformers"},
        "quants": [quant("f16", 542_834_240, 2e-6), quant("q8_0", 291_000_000, 0.0004)],
        "chosen": "q8_0",
        "left_out": [quant("q4_k_m", 241_000_000, 0.71, "mean KL divergence 0.710, at most 0.1")],
        "limits": {"max_kld": 0.1, "min_right": 0.9},
        "imatrix": {"texts": 45, "tokens": 7607, "dataset": "cd" * 32},
        "cost": {
            "seconds_convert": 17.6, "seconds_imatrix": 21.0, "seconds_reference": 44.1,
            "seconds": 190.2, "peak_memory_bytes": 3_100_000_000, "peak_disk_bytes": 1_900_000_000,
        },
        "training": "ef" * 32, "taxqa": "0.1.0", "llama_cpp_python": "0.3.36",
    } | changes  # fmt: skip
    return Report.model_validate(values)


class Page(HTMLParser):
    """The text of a page, its tags, and whether each is closed in order."""

    VOID = ("meta", "br", "rect", "line")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data

    def rectangles(self) -> list[tuple[int, str | None]]:
        return [(int(a["width"] or 0), a["class"]) for tag, a in self.tags if tag == "rect"]


def page_of(found: Report, folder: Path) -> Page:
    write_page(folder / "export.html", found)
    page = Page((folder / "export.html").read_text(encoding="utf-8"))
    assert page.open == []
    return page


def test_every_quant_stands_in_the_page_and_the_lost_one_with_its_reason(tmp_path: Path) -> None:
    page = page_of(report(), tmp_path)
    words = " ".join(page.words.split())
    for text in (
        "542 MB",
        "543 MB",
        "291 MB",
        "241 MB",
        "0.000400",
        "0.710",
        "10/12",
        "3 min",
        "3,100 MB",
        "45 학습 글",
        "left out",
        "mean KL divergence 0.710, at most 0.1",
    ):
        assert (text in words) == (text != "542 MB"), text
    assert words.index("f16") < words.index("q8_0 ✓") < words.index("q4_k_m ✗")


def test_bars_are_as_long_as_what_they_show(tmp_path: Path) -> None:
    *sizes, one, two, three = page_of(report(), tmp_path).rectangles()
    assert [width for width, _ in sizes] == [BAR, round(BAR * 291 / 542.834), 98]
    assert one[0] < two[0] < three[0] <= BAR
    assert three[1] != two[1] == one[1]


def test_the_page_loads_nothing_and_runs_nothing(tmp_path: Path) -> None:
    page = page_of(report(), tmp_path)
    assert {"script", "img", "link", "iframe"}.isdisjoint(tag for tag, _ in page.tags)
    assert {"src", "href"}.isdisjoint(key for _, attrs in page.tags for key in attrs)
    policy = [a["content"] for tag, a in page.tags if "http-equiv" in a]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_the_page_fits_a_phone_and_its_bars_keep_their_figures(tmp_path: Path) -> None:
    write_page(tmp_path / "export.html", report(name="긴이름" * 30))
    clipped = (
        "[...document.querySelectorAll('svg text')].filter(text =>"
        " text.getBoundingClientRect().right >"
        " text.ownerSVGElement.getBoundingClientRect().right).length"
    )
    assert widths(tmp_path / "export.html", clipped) == [PHONE["width"], 0]


def test_names_are_escaped(tmp_path: Path) -> None:
    evil = '<script>alert("1")</script>&amp;'
    base = report().base_model.model_copy(update={"name": evil})
    page = page_of(report().model_copy(update={"name": evil, "base_model": base}), tmp_path)
    assert "script" not in {tag for tag, _ in page.tags}
    assert page.words.count(evil) == 3  # title, heading, base model


def test_a_model_that_was_not_compared_has_no_figures(tmp_path: Path) -> None:
    plain = quant("q8_0", 291_000_000, 0.0) | {"measures": None, "kept": None}
    found = report(merged=None, quants=[plain], left_out=[], imatrix=None)
    words = " ".join(page_of(found, tmp_path).words.split())
    assert "Nothing was compared" in words
    assert "KL" not in words


@given(value=st.floats())
def test_any_divergence_has_a_bar(value: float) -> None:
    assert 0 <= length(value) <= BAR
    assert number(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.000"), (0.000423, "0.000423"), (0.71, "0.710"), (12.345, "12.3"), (1234.5, "1,234"),
     (float("nan"), "–"), (1e-9, "0.0000000")],
)  # fmt: skip
def test_figures_have_three_digits_that_say_something(value: float, text: str) -> None:
    assert number(value) == text


def field_names(model: type[BaseModel]) -> set[str]:
    """The fields of export.json from `model` on."""
    found = set()
    for name, field in model.model_fields.items():
        found.add(name)
        for part in (field.annotation, *get_args(field.annotation)):
            if isinstance(part, type) and issubclass(part, BaseModel):
                found |= field_names(part)
    return found


def test_every_field_of_the_report_stands_in_its_documentation() -> None:
    names = field_names(Report)
    assert {"chosen", "mean_kld", "peak_disk_bytes", "same_prompt", "dataset"} <= names
    text = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
    table = text.partition("## export.json")[2]
    assert {name for name in names if f"`{name}`" not in table} == set()
