"""report.html of a run: curves, answers before and after, settings; one file, no network."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from finetune.samples import Sample
from taxqa.pages import templates
from taxqa.progress import minutes

LABELS = {
    "base model": "기반 모델",
    "trainer": "학습 도구",
    "prompt form": "질문 형식",
    "rows": "기록",
    "steps": "학습 단계",
    "loss": "손실",
    "speed": "속도",
    "memory": "최대 메모리",
    "time": "걸린 시간",
    "cost": "비용",
}
"""The same names for Korean readers."""


def report_run(
    folder: Path,
    name: str,
    plan: Mapping[str, Any],
    result: Mapping[str, Any],
    settings: Mapping[str, Any],
    samples: Sequence[Sample],
) -> None:
    """Write report.html beside the loss.svg of a run's folder.

    Args:
        plan: `finetune.train.Plan.summary`.
        result: `finetune.metrics.training_result`.
        settings: the resolved config; its sections are mappings.
    """
    from markupsafe import Markup

    svg = (folder / "loss.svg").read_text(encoding="utf-8")
    page = (
        templates("finetune")
        .get_template("report.html")
        .render(
            title=name,
            facts=facts(plan, result),
            labels=LABELS,
            settings=flat(settings),
            plot=Markup(
                svg[svg.index("<svg") :]
            ),  # our own drawing; nothing of it came from outside
            samples=samples,
        )
    )
    (folder / "report.html").write_text(page, encoding="utf-8")


def facts(plan: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, str]:
    """What happened, name to value, in the order to show; what is not known is left out."""
    speed, usd = result["tokens_per_second"], result["cost_usd"]
    found = {
        "base model": f"{plan['base_model']} ({plan['base_source']})",
        "trainer": plan["trainer"],
        "prompt form": plan["prompt_form"],
        "rows": f"{plan['train_rows']} to train, {plan['valid_rows']} to validate,"
        f" {len(plan['left_out_as_too_long'])} left out as too long",
        "steps": f"{result['steps']} of {plan['steps']} planned",
        "loss": losses(result),
        "speed": f"{speed:,.0f} tokens/s (median step)" if speed else "",
        "memory": f"{result['peak_memory_bytes'] / 1e9:.1f} GB",
        "time": minutes(result["trained_seconds"]),
        "cost": f"{usd:.2f} USD" if usd is not None else "",
    }
    return {name: value for name, value in found.items() if value}


def losses(result: Mapping[str, Any]) -> str:
    """Both losses, nats per answer token."""
    train, valid = result["train_loss"], result["valid_loss"]
    parts = [] if train is None else [f"{train:.3f} on training rows at the end"]
    parts += [] if valid is None else [f"{valid:.3f} on validation rows at best"]
    return ", ".join(parts)


def flat(settings: Mapping[str, Any]) -> dict[str, str]:
    """'section.key' to the value as text."""
    found: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found |= {f"{key}.{inner}": text for inner, text in flat(value).items()}
        else:
            found[key] = "" if value is None else str(value)
    return found
