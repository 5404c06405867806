"""llama.cpp's converter is fetched once, by pip, and used only if it is the one that was tried."""

import hashlib
import io
import sys
import tarfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from export import llama_cpp_source
from export.llama_cpp_source import converter_folder, unpack_converter
from taxqa.errors import InputError, MissingExtraError, ServiceError

VERSION = "9.9.9"
ROOT = f"llama_cpp_python-{VERSION}"
INSIDE = f"{ROOT}/vendor/llama.cpp"
FILES = {
    f"{INSIDE}/conversion/__init__.py": b"",
    f"{INSIDE}/conversion/base.py": b"BASE = 1\n",
    f"{INSIDE}/gguf-py/gguf/__init__.py": b"",
    f"{INSIDE}/gguf-py/tests/test_gguf.py": b"",
    f"{INSIDE}/LICENSE": b"MIT",
    f"{INSIDE}/ggml/src/ggml.c": b"int main;",
    f"{ROOT}/conversion/base.py": b"raise SystemExit\n",
}


def archive(path: Path, files: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for name, target in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            tar.addfile(member)
    return path


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a version of llama-cpp-python that is nowhere."""
    monkeypatch.setenv("TAXQA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(llama_cpp_source, "version", lambda _: VERSION)
    return tmp_path / "cache" / "llama.cpp"


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The source archive of that version, pinned."""
    path = archive(tmp_path / f"{ROOT}.tar.gz", FILES)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setitem(llama_cpp_source.SHA256, VERSION, digest)
    return path


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts a script in the place of pip; returns where that notes each call."""

    def replace(script: str) -> Path:
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\necho \"$@\" >> '{tmp_path / 'calls'}'\n{script}\n", "utf-8")
        python.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(python))
        return tmp_path / "calls"

    return replace


def copying(source: Path) -> str:
    """A pip that puts `source` into the folder after --dest."""
    return f"for last; do :; done\ncp '{source}' \"$last/\""


def test_the_converter_is_fetched_once_and_only_what_is_needed_is_kept(
    source: Path, cache: Path, pip: Callable[[str], Path]
) -> None:
    calls = pip(copying(source))
    folder = converter_folder()
    assert folder == cache / VERSION
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert names == {
        "conversion/__init__.py", "conversion/base.py", "gguf-py/gguf/__init__.py", "LICENSE",
    }  # fmt: skip
    assert (folder / "conversion" / "base.py").read_bytes() == b"BASE = 1\n"
    assert converter_folder() == folder
    (call,) = calls.read_text(encoding="utf-8").splitlines()
    assert call.startswith("-m pip download")
    assert f"llama-cpp-python=={VERSION}" in call
    assert "--no-deps" in call
    assert [path.name for path in cache.glob("*.partial")] == []


def test_an_archive_that_is_not_the_pinned_one_is_not_used(
    source: Path, cache: Path, tmp_path: Path, pip: Callable[[str], Path]
) -> None:
    other = archive(tmp_path / "other.tar.gz", FILES | {f"{INSIDE}/conversion/base.py": b"BAD"})
    pip(copying(other))
    with pytest.raises(ServiceError, match="is not the one expected") as error:
        converter_folder()
    assert "--llama-cpp-dir" in error.value.hint
    assert [path.name for path in cache.iterdir() if path.is_dir()] == []
    pip(copying(source))
    assert (converter_folder() / "LICENSE").read_bytes() == b"MIT"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo 'WARNING: slow' >&2; echo 'ERROR: No matching distribution' >&2; exit 1",
         "ERROR: No matching distribution"),
        ("printf '\\377 no network' >&2; exit 1", "no network"),
        ("exit 1", "no message"),
        ("exit 0", "no message"),
        ("echo 'No module named pip' >&2; exit 1", "No module named pip"),
    ],
)  # fmt: skip
def test_a_pip_that_fails_is_one_message(
    script: str, message: str, source: Path, cache: Path, pip: Callable[[str], Path]
) -> None:
    pip(script)
    with pytest.raises(ServiceError, match=f"pip could not fetch .*: .*{message}") as error:
        converter_folder()
    assert "\n" not in error.value.message
    assert "Check the network" in error.value.hint
    assert not (cache / VERSION).exists()
    pip(copying(source))
    assert converter_folder().is_dir()


@pytest.mark.parametrize("name", ["../../../evil.py", "a/../../../../evil.py"])
def test_an_archive_cannot_write_outside_its_folder(name: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "evil.tar.gz", {f"{INSIDE}/conversion/{name}": b"evil"})
    with pytest.raises(tarfile.OutsideDestinationError):
        unpack_converter(path, tmp_path / "a" / "b" / "folder")
    assert list(tmp_path.rglob("evil.py")) == []


def test_links_and_strange_modes_of_an_archive_are_left_out(tmp_path: Path) -> None:
    links = {f"{INSIDE}/conversion/passwd": "/etc/passwd", f"{INSIDE}/conversion/up": "../.."}
    unpack_converter(archive(tmp_path / "a.tar.gz", FILES, links), tmp_path / "folder")
    assert {path.name for path in (tmp_path / "folder" / "conversion").iterdir()} == {
        "__init__.py",
        "base.py",
    }


def test_a_version_that_was_never_tried_is_refused() -> None:
    with pytest.raises(
        InputError, match=f"{VERSION} is installed; the converter was tried with"
    ) as e:
        converter_folder()
    assert "pip install 'llama-cpp-python==" in e.value.hint


def test_a_package_that_is_not_installed_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> str:
        raise PackageNotFoundError

    monkeypatch.setattr(llama_cpp_source, "version", missing)
    with pytest.raises(MissingExtraError, match="'llama-cpp-python'"):
        converter_folder()


def test_a_checkout_of_llama_cpp_takes_the_place_of_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"is no llama\.cpp checkout"):
        converter_folder(tmp_path)
    (tmp_path / "conversion").mkdir()
    (tmp_path / "conversion" / "base.py").touch()
    assert converter_folder(tmp_path) == tmp_path.resolve()
