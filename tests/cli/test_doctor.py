"""`taxqa doctor` looks at everything, loads nothing heavy, and tells no secret."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from fake_ollama import fake_ollama

from cli import doctor as doctor_module
from cli.doctor import EXTRAS, KEYS, doctor, extra_finding, gpu

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
HEAVY = ("torch", "transformers", "llama_cpp", "ollama", "gguf", "datasets", "unsloth", "numpy")


def findings() -> dict[str, dict[str, object]]:
    result = CliRunner().invoke(doctor, ["--json"])
    assert result.exit_code == 0, result.output
    return {str(found["name"]): found for found in json.loads(result.stdout)["findings"]}


def test_what_is_missing_says_what_it_is_for_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with fake_ollama() as fake:
        monkeypatch.setenv("OLLAMA_HOST", fake.url)
        found = findings()
        assert found["Ollama"]["found"] == f"0.34.1 at {fake.url}, 0 models"
    assert not findings()["Ollama"]["here"]
    for finding in findings().values():
        assert finding["found"]
        if not finding["here"]:
            assert finding["needed_for"]
            assert finding["todo"]


def test_an_address_that_is_none_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "http://[::1")
    found = findings()["Ollama"]
    assert not found["here"]
    assert "OLLAMA_HOST is 'http://[::1', which is no address" in str(found["found"])
    assert "Correct it" in str(found["todo"])


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_only_looked_at_for_whether_it_is_set(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.delenv(key, raising=False)
    assert not findings()[key]["here"]
    monkeypatch.setenv(key, "a-secret-value")
    assert findings()[key]["here"]
    for arguments in ([], ["--json"]):
        assert "a-secret-value" not in CliRunner().invoke(doctor, arguments).output


def test_the_extras_are_those_of_the_package() -> None:
    declared = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    extras = declared["optional-dependencies"]
    for extra, (_, packages) in EXTRAS.items():
        names = [line.split(">")[0].split("=")[0].split("[")[0] for line in extras[extra]]
        assert set(packages) == {name for name in names if name != "taxqa"}
    assert {extra for extra, packages in extras.items() if packages} == set(EXTRAS)


def test_an_extra_that_is_not_whole_says_how_to_install_it() -> None:
    found = extra_finding("export", "making GGUF", ("click", "no-such-package-of-taxqa"))
    assert not found.here
    assert "click 8" in found.found
    assert "not installed: no-such-package-of-taxqa" in found.found
    assert found.todo == "pip install 'taxqa[export]'"


def program(folder: Path, text: str) -> str:
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("text", "here", "found"),
    [
        ("echo 'NVIDIA A100, 81920 MiB'; echo 'NVIDIA A100, 81920 MiB'", True,
         "NVIDIA A100, 81920 MiB; NVIDIA A100, 81920 MiB"),
        ("exit 9", False, "nvidia-smi fails (CalledProcessError)"),
    ],
)  # fmt: skip
def test_a_gpu_is_what_its_driver_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, here: bool, found: str
) -> None:
    path = program(tmp_path, text)
    monkeypatch.setattr(doctor_module.shutil, "which", lambda name: path)
    monkeypatch.setattr(doctor_module.platform, "system", lambda: "Linux")
    assert (gpu().here, gpu().found) == (here, found)


def test_apples_gpu_is_known_without_a_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_module.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(doctor_module.platform, "machine", lambda: "arm64")
    assert gpu().found == "Apple (Metal, MPS)"


def test_nothing_heavy_is_loaded() -> None:
    code = (
        "import sys, cli.doctor; list(cli.doctor.findings());"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
