"""`taxqa export` hands out what was kept, and fails where a quant that was asked for was not."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.main import taxqa
from export.report import Report

MEASURES = {
    "asked": 12, "same": 10, "right": 9, "stopped": 12, "tokens_per_second": 61.4,
    "same_prompt": 12, "scored_tokens": 1010, "perplexity": 1.9,
}  # fmt: skip


def quant(name: str, kld: float, lost: str = "") -> dict[str, Any]:
    return {
        "type": name, "file": f"m-{name}.gguf", "bytes": 291_000_000, "sha256": "ab" * 32,
        "imatrix": False, "careful": False, "seconds_quantize": 2.4, "seconds_measure": 3.0,
        "measures": MEASURES | {"mean_kld": kld, "p99_kld": kld, "same_top": 0.931},
        "kept": not lost, "lost": lost, "golden": [],
    }  # fmt: skip


def report(*left_out: dict[str, Any]) -> Report:
    base = {"name": "b", "license_name": "", "license_text": "", "source": "folder"}
    cost = dict.fromkeys(("seconds_convert", "seconds_imatrix", "seconds_reference", "seconds"), 1)
    return Report.model_validate(
        {
            "name": "m", "base_model": base, "form": "qa", "system": "", "eos": "<eos>",
            "bos": "", "max_length": 64, "law_date": None, "proof": {},
            "merged": MEASURES | {"measured_in": "transformers"},
            "quants": [quant("q8_0", 0.00042)], "chosen": "q8_0", "left_out": list(left_out),
            "limits": {"max_kld": 0.1, "min_right": 0.9}, "imatrix": None,
            "cost": cost | {"peak_memory_bytes": 1, "peak_disk_bytes": 1},
            "training": "", "taxqa": "0.1.0", "llama_cpp_python": "0.3.36",
        }
    )  # fmt: skip


BASE = ("--base-model", "gemma3-12b")
LOST = quant("q4_k_m", 0.71, "mean KL divergence 0.710, at most 0.1")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command asks of the stage; `report` in it is what the stage answers."""
    import export.export as stage

    seen: dict[str, Any] = {"report": report()}

    def make(*arguments: Any, **options: Any) -> Report:
        seen.update(arguments=arguments, **options)
        found: Report = seen["report"]
        return found

    monkeypatch.setattr(stage, "export", make)
    return seen


def run(*arguments: str) -> Result:
    return CliRunner().invoke(taxqa, ["export", "--run", "runs/r", *arguments])


def test_the_options_reach_the_stage(asked: dict[str, Any]) -> None:
    done = run(
        "--quant", "iq4_xs,q8_0", "--imatrix", "--careful", "--max-kld", "0.2", "--min-right",
        "0.5", "--questions", "3", "--tokens", "99", "--dataset", "d", "--author", "홍길동",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    folder, out, quants, options = asked["arguments"]
    assert (folder, out, quants) == (Path("runs/r"), Path("work/models/r"), ["q8_0", "iq4_xs"])
    assert (options.imatrix, options.careful, options.questions) == (True, True, 3)
    assert (options.tokens, options.dataset, options.author) == (99, Path("d"), "홍길동")
    assert (options.limits.max_kld, options.limits.min_right) == (0.2, 0.5)


def test_the_table_says_what_each_quant_kept(asked: dict[str, Any]) -> None:
    done = run()
    assert done.exit_code == 0
    lines = [line for line in done.stdout.splitlines() if "q8_0" in line]
    assert all(
        text in lines[0] for text in ("<- chosen", "291 MB", "0.00042", "93.1%", "9/12", "61")
    )
    assert "export.json, export.html" in done.stdout
    assert "Next: taxqa register --model work/models/r" in done.stdout


def test_a_model_that_learned_nothing_is_told(asked: dict[str, Any]) -> None:
    assert "train it longer" not in run().stdout
    merged = asked["report"].merged.model_copy(update={"right": 0})
    asked["report"] = asked["report"].model_copy(update={"merged": merged})
    assert "The merged model itself gave no answer as it was taught" in run().stdout


def test_a_machine_that_nothing_fits_is_told_of_smaller_bases() -> None:
    assert "Smaller bases: --base-model gemma3-4b" in run("--memory", "4GB", *BASE).stdout
    assert "Smaller bases" not in run("--memory", "64GB", *BASE).stdout


def test_a_quant_that_was_left_out_fails_the_command_and_the_rest_is_named(
    asked: dict[str, Any],
) -> None:
    asked["report"] = report(LOST)
    done = run("--quant", "q8_0,q4_k_m")
    assert type(done.exception).__name__ == "ProofError"
    assert "q4_k_m: mean KL divergence 0.710, at most 0.1" in str(done.exception)
    assert "its q8_0 kept it" in str(done.exception)
    assert "q4_k_m (left out)" in done.stdout


def test_the_report_can_be_read_by_a_script_also_where_a_quant_failed(
    asked: dict[str, Any],
) -> None:
    asked["report"] = report(LOST)
    done = run("--json")
    found = json.loads(done.stdout)
    assert [made["type"] for made in found["left_out"]] == ["q4_k_m"]
    assert done.exit_code != 0


@pytest.mark.parametrize("limit", [("--max-kld", "0"), ("--min-right", "1.1"), ("--tokens", "0")])
def test_limits_that_make_no_sense_are_refused(limit: tuple[str, str]) -> None:
    done = run(*limit)
    assert done.exit_code == 2
    assert limit[0] in done.output


@pytest.mark.parametrize(
    ("given", "imatrix", "careful"),
    [((), False, False), (("--imatrix",), True, False), (("--careful",), True, True)],
)
def test_careful_is_one_option_for_all_that_saves(
    given: tuple[str, ...], imatrix: bool, careful: bool, asked: dict[str, Any]
) -> None:
    assert run(*given).exit_code == 0
    options = asked["arguments"][3]
    assert (options.imatrix, options.careful) == (imatrix, careful)
