"""llama.cpp's own converter, of the same version as the installed llama-cpp-python.

Its wheel leaves the converter out and PyPI's gguf is too old for it, so it is taken from the
package's source archive once, verified, and kept in the user's cache. No code of it is copied
into this project.
"""

import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from filelock import FileLock

from finetune.embedded import cache_folder
from taxqa.errors import InputError, MissingExtraError, ServiceError
from taxqa.folders import digest
from taxqa.progress import note

PACKAGE = "llama-cpp-python"
SHA256 = {"0.3.36": "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"}
"""SHA-256 of the source archives whose converter was tried with this project."""
PARTS = ("conversion/", "gguf-py/gguf/", "LICENSE", "convert_lora_to_gguf.py")


def converter_folder(override: Path | None = None) -> Path:
    """The folder that holds llama.cpp's `conversion` and `gguf-py`.

    Args:
        override: a llama.cpp checkout to use in its place.

    Raises:
        MissingExtraError: llama-cpp-python is not installed.
        InputError: `override` is no such checkout, or the installed version was never tried.
        ServiceError: the source archive could not be fetched, or is not the one expected.
    """
    if override is not None:
        if not (override / "conversion" / "base.py").is_file():
            raise InputError(f"{override} is no llama.cpp checkout (no conversion/base.py).")
        return override.resolve()
    try:
        installed = version(PACKAGE)
    except PackageNotFoundError:
        raise MissingExtraError(PACKAGE, "export") from None
    if installed not in SHA256:
        raise InputError(
            f"{PACKAGE} {installed} is installed; the converter was tried with"
            f" {', '.join(SHA256)}.",
            hint=f"pip install '{PACKAGE}=={next(iter(SHA256))}', or give --llama-cpp-dir.",
        )
    folder = cache_folder() / "llama.cpp" / installed
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{installed}.lock")):
        if not folder.is_dir():
            fetch_converter(installed, folder)
    return folder


def fetch_converter(installed: str, folder: Path) -> None:
    """Fetch the source archive with pip, verify it, and unpack the converter into `folder`."""
    draft = folder.with_name(f"{installed}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    note(f"Fetching llama.cpp's converter from the source of {PACKAGE} {installed} (once) …")
    archive = download_source(installed, draft)
    if digest(archive) != SHA256[installed]:
        shutil.rmtree(draft)
        raise ServiceError(
            f"The source archive of {PACKAGE} {installed} is not the one expected (SHA-256).",
            hint="Nothing of it was used. Give a llama.cpp checkout with --llama-cpp-dir.",
        )
    unpack_converter(archive, draft / "llama.cpp")
    archive.unlink()
    (draft / "llama.cpp").rename(folder)
    shutil.rmtree(draft)


def download_source(installed: str, folder: Path) -> Path:
    """The source archive in `folder`; pip knows the user's index, mirror and certificates."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--disable-pip-version-check", "--no-binary", PACKAGE]
    command += [f"{PACKAGE}=={installed}", "--dest", str(folder)]
    result = subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    found = list(folder.glob("*.tar.gz"))
    if result.returncode or not found:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise ServiceError(
            f"pip could not fetch the source of {PACKAGE} {installed}: {last}",
            hint="Check the network, or give a llama.cpp checkout with --llama-cpp-dir.",
        )
    return found[0]


def unpack_converter(archive: Path, folder: Path) -> None:
    """Unpack vendor/llama.cpp's converter; paths are checked by tarfile's data filter."""
    with tarfile.open(archive) as tar:
        for member in tar:
            inside = member.name.partition("/vendor/llama.cpp/")[2]
            if member.isfile() and inside.startswith(PARTS):
                member.name = inside
                tar.extract(member, folder, filter="data")
