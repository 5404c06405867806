"""What a killed run left, and whether this one may go on with it."""

import json
from pathlib import Path
from typing import Any

from finetune.report import flat
from taxqa.errors import InputError
from taxqa.progress import note

FINGERPRINT = "resume.json"
"""What the checkpoints of an unfinished run belong to."""


def check_resume(draft: Path, resume: bool, fingerprint: dict[str, Any]) -> None:
    """InputError where a killed run cannot be gone on with, or would be thrown away.

    Args:
        draft: the unfinished run folder.
        fingerprint: config, trainer, rows, base model and number of processes of this run.
    """
    checkpoint = checkpoint_to_resume(draft / "checkpoints")
    if not resume:
        if checkpoint:
            raise InputError(
                f"A killed run left checkpoints in {draft}.",
                hint=f"Go on with it: add --resume. To start over, delete that folder: {draft}",
            )
        return
    if not checkpoint:
        note("Nothing to resume (no checkpoint was written yet); starting from the beginning.")
    elif read_fingerprint(draft) != fingerprint:
        raise InputError(
            f"The killed run had another {other(draft, fingerprint)} than this one"
            f"{changed_keys(draft, fingerprint)}.",
            hint=f"Start it as it was, with --resume, or delete {draft} to start over.",
        )


def other(draft: Path, fingerprint: dict[str, Any]) -> str:
    """What differs between the killed run and this one, in words."""
    found = read_fingerprint(draft)
    names = {
        "config": "config",
        "system": "system message",
        "trainer": "trainer",
        "rows": "dataset",
        "base": "base model",
        "processes": "number of processes",
    }
    if not isinstance(found, dict):
        return " or ".join(names.values())
    return " and ".join(
        name for key, name in names.items() if found.get(key) != fingerprint.get(key)
    )


def changed_keys(draft: Path, fingerprint: dict[str, Any]) -> str:
    """' (key: value then, value now; …)' of a config that differs; '' where it does not."""
    found = read_fingerprint(draft)
    before = found.get("config") if isinstance(found, dict) else None
    if not isinstance(before, dict):
        return ""
    then, now = flat(before), flat(fingerprint.get("config", {}))
    changed = [
        f"{key}: {then.get(key, 'nothing')} then, {now.get(key, 'nothing')} now"
        for key in {**then, **now}
        if then.get(key) != now.get(key)
    ]
    return f" ({'; '.join(changed)})" if changed else ""


def read_fingerprint(draft: Path) -> Any:
    """What the checkpoints in `draft` belong to; None where that is not to be read."""
    try:
        return json.loads((draft / FINGERPRINT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def checkpoint_to_resume(checkpoints: Path) -> Path | None:
    """The newest whole checkpoint; transformers writes trainer_state.json last."""
    whole = [path for path in checkpoints.glob("checkpoint-*") if is_whole(path)]
    return max(whole, key=lambda path: int(path.name.split("-")[1]), default=None)


def is_whole(checkpoint: Path) -> bool:
    """Whether a checkpoint's last file was written to its end."""
    try:
        json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return checkpoint.name.split("-")[1].isdigit()
