"""Stage folders: written under a temporary name, renamed when whole, with a manifest inside.

A reader never sees half a folder, a killed run leaves only hidden files beside it (.NAME.partial,
.NAME.lock), and two processes never write the same one.
"""

import errno
import hashlib
import os
import shutil
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

import taxqa
from taxqa.errors import BusyError, InputError, NoSpaceError, TaxqaError
from taxqa.records import read_json, write_json

MANIFEST = "manifest.json"
FULL_DISK = {errno.ENOSPC, errno.EDQUOT}
PATH_ERRORS = FULL_DISK | {
    errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP,
    errno.EFBIG,
}  # fmt: skip
"""What the user can mend with another path or more room; of a network, say, is none of them."""
OTHER_OUT = "Choose another --out."


@dataclass
class Draft:
    """A stage folder while it is being written."""

    path: Path
    """Where to write; renamed to the wanted name when the `with` block ends well."""
    counts: dict[str, int] = field(default_factory=dict)
    """What was made, for the manifest: {'records': 512, 'rejected': 3}."""
    details: dict[str, Any] = field(default_factory=dict)
    """Anything else the next stage or the user should find in the manifest."""


@contextmanager
def new_folder(
    out: Path,
    *,
    stage: str,
    config: dict[str, Any] | None = None,
    inputs: dict[str, Path] | None = None,
    force: bool = False,
    resume: bool | None = None,
) -> Iterator[Draft]:
    """Make the folder `out` as one act: all of it appears, or nothing does.

    Args:
        config: the resolved settings, written as config.yaml.
        inputs: name -> file or stage folder it is made from; their digests, taken before the
            block runs, go to the manifest.
        force: replace a whole folder of the same stage that is already there.
        resume: True = go on with what an earlier, killed run left under the temporary name;
            False = start over; either keeps what a failing block wrote. None = the stage cannot
            be resumed, and a failing block leaves nothing.

    Raises:
        InputError: `out` exists and `force` is off, is a file, or is no folder of this stage.
        BusyError: another process is writing `out`.
        NoSpaceError: the disk is full; nothing is left behind under the wanted name.
    """
    draft = Draft(partial_path(out))
    place = followed(out)
    started = time.monotonic()
    try:
        refuse_existing(out, stage, force)
        place.parent.mkdir(parents=True, exist_ok=True)
        with only_writer(place), removed_if_failing(draft.path, resume is None):
            put_back_former(place)
            refuse_existing(out, stage, force)
            if draft.path.exists() and not resume:
                shutil.rmtree(draft.path)
            draft.path.mkdir(exist_ok=True)
            origin = {
                name: {"path": str(path), "sha256": digest(path)}
                for name, path in (inputs or {}).items()
            }
            yield draft
            finish(draft, stage, config, origin, seconds=time.monotonic() - started)
            replace_folder(draft.path, place)
    except OSError as error:
        if error.errno in PATH_ERRORS:
            raise disk_error(error, out) from error
        raise


@contextmanager
def only_writer(out: Path) -> Iterator[None]:
    """Hold the lock of `out`; BusyError where another process holds it."""
    busy = BusyError(
        f"Another taxqa process is writing {out}.", hint="Wait for it, or choose another --out."
    )
    place = followed(out)  # under a link's name it would be another lock
    with locked(place.with_name(f".{place.name}.lock"), busy):
        yield


@contextmanager
def locked(path: Path, busy: BusyError) -> Iterator[None]:
    """Hold the lock file at `path`; `busy` is raised where another process holds it."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise busy from None
    try:
        yield
    finally:
        # Before the release, so that nobody waits for a file that is about to vanish.
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


@contextmanager
def removed_if_failing(folder: Path, wanted: bool) -> Iterator[None]:
    """Remove `folder` where the block fails and that is wanted: a full disk needs its room."""
    try:
        yield
    except BaseException:
        if wanted:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def partial_path(out: Path) -> Path:
    """Where `out` is written until it is whole.

    Raises:
        InputError: `out` is '.', '..' or '/', beside which nothing can be written.
    """
    if out.name in ("", ".."):
        raise InputError(
            f"'{out}' cannot be made anew; the result is a folder of its own.",
            hint=f"Name one, e.g.: --out {out / 'result'}",
        )
    place = followed(out)
    return place.with_name(f".{place.name}.partial")


def beside(path: Path) -> Path:
    """The folder in which what belongs to `path` and has to outlive `--force` is kept.

    That is the one `path` lies in, and for a file in a stage folder the one beside that.
    """
    parent = path.absolute().parent
    return parent.parent if manifest_of(parent).get("stage") else parent


def followed(out: Path) -> Path:
    """`out`, or where it leads where it is a link: that is the disk the user chose."""
    return out.resolve() if out.is_symlink() else out


def former_path(out: Path) -> Path:
    """Where a folder that is being replaced waits until the new one has its name."""
    return out.with_name(f".{out.name}.former")


def refuse_existing(out: Path, stage: str, force: bool, *, resume: bool = False) -> None:
    """InputError where `out` is there and may not be replaced, or cannot be a folder.

    Args:
        resume: an unfinished `out` was to be gone on with.
    """
    for path in (out, *out.parents):
        if path.exists() and not path.is_dir():
            raise InputError(f"{path} is a file; the result is a folder.", hint=OTHER_OUT)
    if not out.is_dir() or not any(out.iterdir()):
        return
    found = manifest_of(out).get("stage")
    if not found:
        raise InputError(
            f"{out} exists and was not made by taxqa (it has no {MANIFEST} of a stage).",
            hint=f"Nothing was changed. {OTHER_OUT}",
        )
    if found != stage:
        raise InputError(
            f"{out} is a {found} folder; a {stage} folder does not replace it.",
            hint=f"Nothing was changed. {OTHER_OUT}",
        )
    if resume and not force:
        raise InputError(
            f"{out} is already there, whole: there is nothing left to resume.",
            hint="Leave it as it is, or choose another --out.",
        )
    if not force:
        raise InputError(
            f"{out} is already there, whole.",
            hint="Add --force to replace it, or choose another --out.",
        )


def finish(
    draft: Draft,
    stage: str,
    config: dict[str, Any] | None,
    inputs: dict[str, dict[str, str]],
    seconds: float,
) -> None:
    """Write config.yaml and manifest.json into the draft."""
    import yaml

    if config is not None:
        text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False)
        (draft.path / "config.yaml").write_text(text, encoding="utf-8")
    manifest = {
        "stage": stage,
        "version": taxqa.__version__,
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": round(seconds, 1),
        "inputs": inputs,
        "counts": draft.counts,
        **draft.details,
    }
    write_json(draft.path / MANIFEST, manifest)


def replace_folder(draft: Path, out: Path) -> None:
    """Rename `draft` to `out`; a former `out` is set aside first, and put back if that fails."""
    former = former_path(out)
    if former.exists():
        shutil.rmtree(former)
    if out.exists():
        out.rename(former)
    try:
        draft.rename(out)
    except OSError:
        put_back_former(out)
        raise
    if former.exists():
        shutil.rmtree(former)


def put_back_former(out: Path) -> None:
    """Give `out` its former content back where a kill came between the two renames."""
    if former_path(out).exists() and not out.exists():
        former_path(out).rename(out)


def digest(path: Path) -> str:
    """SHA-256 of a file; of a stage folder, that of its manifest (which names its inputs).

    A folder without a manifest gives the digest of its files' names (NFC, so that a copy made by
    a Mac has the same) and digests; of a file in it that cannot be read, the name alone counts.
    """
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    if (path / MANIFEST).is_file():
        return digest(path / MANIFEST)
    whole = hashlib.sha256()
    files = {
        unicodedata.normalize("NFC", file_path.relative_to(path).as_posix()): found
        for file_path in path.rglob("*")
        if (found := digest_within(file_path)) is not None
    }
    for name in sorted(files):
        whole.update(f"{name}\0{files[name]}\n".encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def digest_within(path: Path) -> str | None:
    """Digest of a file in a folder; '' where it cannot be read, None for what is no file."""
    try:
        return digest(path) if path.is_file() else None
    except OSError:
        return ""


def read_manifest(folder: Path, *, stage: str, made_by: str) -> dict[str, Any]:
    """The manifest of a whole stage folder.

    Args:
        stage: what the folder has to be, e.g. 'dataset'.
        made_by: the command that makes one, for the message.

    Raises:
        InputError: no such folder, not whole, or of another stage.
    """
    hint = f"Make one with: {made_by}"
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}.", hint=hint)
    if not (folder / MANIFEST).is_file():
        raise InputError(f"{folder} is no {stage} folder of taxqa (no {MANIFEST}).", hint=hint)
    manifest = read_json(folder / MANIFEST)
    found = manifest.get("stage") if isinstance(manifest, dict) else None
    if not found:
        raise InputError(f"{folder / MANIFEST} names no stage; taxqa did not write it.", hint=hint)
    if found != stage:
        raise InputError(f"{folder} is a {found} folder; a {stage} folder was expected.", hint=hint)
    return dict(manifest)


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest of a folder; {} where there is none that can be read."""
    try:
        manifest = read_json(folder / MANIFEST)
    except InputError:
        return {}
    return manifest if isinstance(manifest, dict) else {}


def newest_folder(parent: Path, *, stage: str, made_by: str) -> Path:
    """The most recently made whole folder of a stage under `parent`.

    Raises:
        InputError: there is none.
    """
    found = []
    # Hidden ones are what a killed run left: partial and former folders.
    for folder in (path.parent for path in parent.glob(f"[!.]*/{MANIFEST}")):
        manifest = manifest_of(folder)
        if manifest.get("stage") == stage:
            found.append((str(manifest.get("made", "")), folder))
    if not found:
        raise InputError(
            f"There is no {stage} folder under {parent}.", hint=f"Make one with: {made_by}"
        )
    return max(found)[1]


def require_space(where: Path, needed: int, what: str) -> None:
    """NoSpaceError unless the disk of `where` has `needed` bytes free for `what`."""
    place = where
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise NoSpaceError(
            f"{what} needs {needed / 1e9:.1f} GB on the disk of {place}; {free / 1e9:.1f} GB is"
            " free.",
            hint="Free some space, or choose an --out on another disk.",
        )


def disk_error(error: OSError, out: Path) -> TaxqaError:
    """The error to show for an OSError while writing `out`."""
    if error.errno in FULL_DISK:
        return NoSpaceError(
            f"The disk of {out.parent} is full; {out} was not made.",
            hint="Free some space and run the same command again.",
        )
    return InputError(
        f"{out} was not made: {error.filename or out}: {os.strerror(error.errno or 0)}.",
        hint="Make that path usable, or choose another --out.",
    )
