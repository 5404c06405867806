"""report.html: one file that needs no network, escapes what it shows, and says what is true."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from browser_pages import PHONE, widths
from tiny_runs import settings, write_dataset

from finetune import samples
from finetune.metrics import plot_loss
from finetune.report import LABELS, facts, report_run
from finetune.samples import Sample, held_out
from finetune.train import finetune

PLAN: dict[str, Any] = {
    "base_model": "gemma3-12b",
    "base_source": "hub",
    "trainer": "trl",
    "prompt_form": "gemma3",
    "train_rows": 12,
    "valid_rows": 4,
    "left_out_as_too_long": [],
    "steps": 9,
}
RESULT: dict[str, Any] = {
    "steps": 6,
    "train_loss": 1.0,
    "valid_loss": None,
    "tokens_per_second": 1500.0,
    "peak_memory_bytes": 11_300_000_000,
    "trained_seconds": 5400.0,
    "cost_usd": 2.09,
}


class Page(HTMLParser):
    """The tags, what they point at, and the visible text of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.targets: list[str] = []
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.targets += [
            value or "" for name, value in attrs if name in ("src", "href", "xlink:href", "action")
        ]

    def handle_data(self, data: str) -> None:
        self.text += data


def page(folder: Path, asked: list[Sample], **result: Any) -> Page:
    plot_loss([{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0}], folder / "loss.svg")
    options = settings(folder, price_per_hour=1.39).model_dump(mode="json")
    report_run(folder, "나의 모델", PLAN, RESULT | result, options, asked)
    return Page(folder / "report.html")


def test_the_page_shows_curve_samples_settings_and_cost(tmp_path: Path) -> None:
    found = page(tmp_path, [Sample("세율은?", "10퍼센트입니다.", "모릅니다.", "10퍼센트입니다!")])
    for text in (
        "나의 모델", "6 of 9 planned", "1,500 tokens/s", "11.3 GB", "90 min", "2.09 USD",
        "세율은?", "10퍼센트입니다.", "모릅니다.", "10퍼센트입니다!",
        "training_args.learning_rate", "0.01", "lora_config.r",
    ):  # fmt: skip
        assert text in found.text, text
    assert "svg" in found.tags
    assert found.text.index("모릅니다.") < found.text.index("10퍼센트입니다!")


def test_the_page_asks_no_network_and_runs_no_script(tmp_path: Path) -> None:
    found = page(tmp_path, [])
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & set(found.tags)
    assert [target for target in found.targets if not target.startswith("#")] == []
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"url\((?!#)|@import", text) == []


def test_the_page_fits_a_phone(tmp_path: Path) -> None:
    page(tmp_path, [Sample("가" * 300, "a" * 300, "", "네.")])
    assert widths(tmp_path / "report.html", "0") == [PHONE["width"], 0]


def test_what_has_a_name_on_the_page_has_a_korean_one(tmp_path: Path) -> None:
    assert set(LABELS) == set(facts(PLAN, RESULT))
    assert "(빈 답)" in page(tmp_path, [Sample("세율은?", "10%", "", "10%")]).text


def test_what_a_model_wrote_is_shown_and_never_run(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>{{ 7 * 7 }}\" onload='x'"
    found = page(tmp_path, [Sample(evil, evil, evil, evil)])
    assert "script" not in found.tags
    assert found.text.count(evil) == 4


def test_what_is_not_known_is_left_out(tmp_path: Path) -> None:
    found = page(tmp_path, [], cost_usd=None, tokens_per_second=None, train_loss=None)
    for text in ("USD", "tokens/s", "None"):
        assert text not in found.text
    assert "None were asked for" not in found.text
    assert "No question was asked" in found.text


def test_a_run_shows_answers_of_base_and_trained_model(
    dataset: Path, base: Path, tmp_path: Path
) -> None:
    # A large step on few rows: the trained model writes something else than the base.
    config = settings(
        base, learning_rate=0.05, num_train_epochs=4, report_samples=2, report_sample_tokens=12
    )
    finetune(dataset, tmp_path / "run", config)
    found = Page(tmp_path / "run" / "report.html")
    asked = [each.question for each in held_out(dataset, 2)]
    assert all(question in found.text for question in asked)
    cells = re.findall(
        r'<td class="answer">(.*?)</td>',
        (tmp_path / "run" / "report.html").read_text(encoding="utf-8"),
        re.S,
    )
    assert len(cells) == 6
    assert cells[1] != cells[2]
    assert cells[4] != cells[5]


def test_samples_can_be_left_out(dataset: Path, base: Path, tmp_path: Path) -> None:
    finetune(dataset, tmp_path / "run", settings(base, max_steps=1, report_samples=0))
    assert "No question was asked" in Page(tmp_path / "run" / "report.html").text


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, []), (2, ["h16", "h18"]), (4, ["h16", "h17", "h18", "h19"]), (6, ["h16", "h17", "h18",
     "h19", "v12", "v14"]), (50, 8)],
)  # fmt: skip
def test_held_out_phrasings_are_asked_first(
    count: int, expected: list[str] | int, dataset: Path
) -> None:
    found = [each.id for each in held_out(dataset, count)]
    assert (len(found) if isinstance(expected, int) else found) == expected


def test_a_dataset_without_anything_held_out_gives_no_samples(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", valid=[], heldout=[])
    (dataset / "heldout.jsonl").unlink()
    assert held_out(dataset, 4) == []


def test_a_model_that_cannot_be_asked_is_still_a_run(
    dataset: Path,
    base: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: Any) -> list[str]:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")

    monkeypatch.setattr(samples, "answers", fail)
    finetune(dataset, tmp_path / "run", settings(base, max_steps=1))
    assert "No sample answers: RuntimeError: CUDA out of memory" in capsys.readouterr().err
    assert "No question was asked" in Page(tmp_path / "run" / "report.html").text
    assert (tmp_path / "run" / "adapter" / "adapter_model.safetensors").is_file()
