"""This very taxqa as a wheel, from a clone or from an installed package, without a build tool."""

import base64
import hashlib
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import taxqa

SCRIPTS = "[console_scripts]\ntaxqa = cli.main:main\n"
EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of every file in the wheel: the same code gives the same bytes."""


def build_wheel(folder: Path) -> Path:
    """Write taxqa-VERSION-py3-none-any.whl into `folder`; it names no dependencies.

    The pod has the packages of lock.txt. The same code gives the same bytes.
    """
    name = f"taxqa-{taxqa.__version__}"
    info = f"{name}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: taxqa\nVersion: {taxqa.__version__}\n"
    texts = {
        "METADATA": metadata,
        "WHEEL": "Wheel-Version: 1.0\nGenerator: taxqa\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "entry_points.txt": SCRIPTS,
    }
    path = folder / f"{name}-py3-none-any.whl"
    record = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for inside, file in sorted(package_files()):
            record.append(add(wheel, inside, file.read_bytes()))
        for inside, text in texts.items():
            record.append(add(wheel, f"{info}/{inside}", text.encode()))
        lines = "".join(f"{line}\n" for line in [*record, f"{info}/RECORD,,"])
        add(wheel, f"{info}/RECORD", lines.encode())
    return path


def add(wheel: zipfile.ZipFile, inside: str, content: bytes) -> str:
    """Put a file into the wheel; its line of RECORD."""
    entry = zipfile.ZipInfo(inside, EPOCH)
    entry.external_attr = 0o100644 << 16
    wheel.writestr(entry, content, zipfile.ZIP_DEFLATED)
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{inside},sha256={digest},{len(content)}"


def package_files() -> Iterator[tuple[str, Path]]:
    """(path in the wheel, file) of every file of taxqa's packages, wherever they are installed."""
    root = Path(taxqa.__file__).resolve().parent.parent
    for package in packages(root):
        for file in (root / package).rglob("*"):
            inside = file.relative_to(root)  # above it anything may be hidden: ~/.local/...
            hidden = any(part.startswith((".", "__pycache__")) for part in inside.parts)
            if file.is_file() and not hidden:
                yield inside.as_posix(), file


def packages(root: Path) -> list[str]:
    """taxqa's top-level packages: by pyproject.toml in a clone, else by what was installed."""
    if (root / "pyproject.toml").is_file():
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        return list(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    files = distribution("taxqa").files or []
    return sorted({file.parts[0] for file in files if file.name == "__init__.py"})
