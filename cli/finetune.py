"""`taxqa finetune`: a dataset to a LoRA adapter."""

import sys
from pathlib import Path
from typing import Any

import click

BASES = "gemma3-12b, gemma3-4b, gemma3-1b, gemma3-270m, phi-2, smollm2-135m"


@click.command(
    epilog="Example: taxqa finetune --config train_config.yaml --dataset work/dataset"
    " --out work/runs/taxqa-gemma3"
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="YAML with training_args and lora_config; what it leaves out has a default.",
)
@click.option(
    "--dataset",
    type=click.Path(path_type=Path),
    default=Path("work/dataset"),
    show_default=True,
    help="Folder made by `taxqa generate`.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("work/runs/taxqa-gemma3"),
    show_default=True,
    help="Run folder to make.",
)
@click.option("--base-model", help=f"{BASES}, or a folder with a Hugging Face model.")
@click.option(
    "--trainer",
    type=click.Choice(["auto", "unsloth", "trl"]),
    help="auto = unsloth where it is installed and can train, else TRL + PEFT.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu"]),
    help="auto = CUDA, then Apple's MPS, then the CPU; cpu where a GPU fails.",
)
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Train with that many GPUs of this machine, one process each.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be trained, and train nothing.")
@click.option("--resume", is_flag=True, help="Go on with a killed run from its last checkpoint.")
@click.option("--force", is_flag=True, help="Replace a whole run folder that is there already.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def finetune(
    config: Path | None,
    dataset: Path,
    out: Path,
    base_model: str | None,
    trainer: str | None,
    device: str | None,
    processes: int,
    dry_run: bool,
    resume: bool,
    force: bool,
    as_json: bool,
) -> int | None:
    """Train a LoRA adapter on a dataset; loss on the answers only, best checkpoint kept.

    The run folder holds adapter/, metrics.jsonl, loss.svg, report.html, config.yaml and
    manifest.json. A killed run keeps its checkpoints beside it; the same command with --resume
    goes on from there.
    """
    from cli.main import print_json
    from finetune.config import load_config
    from finetune.train import finetune as train
    from finetune.train import plan_only

    settings = load_config(config, base_model=base_model, trainer=trainer, device=device)
    if processes > 1 and not dry_run:
        from finetune.processes import launch

        return launch(same_command(click.get_current_context()), processes)
    if dry_run:
        result: dict[str, Any] = plan_only(dataset, settings)
    else:
        result = train(dataset, out, settings, resume=resume, force=force)
    if as_json and result:
        print_json(result)
    elif result and not dry_run:  # of several processes only the first one has a result
        best = result["valid_loss"]
        on_valid = "" if best is None else f", best {best:.3f} on validation rows"
        model = f"work/models/{out.name}"
        click.echo(f"{out}: adapter, metrics.jsonl, report.html ({result['seconds']:.0f} s)")
        click.echo(f"Loss: {result['train_loss']:.3f} on training rows{on_valid}.")
        click.echo(f"Next: taxqa export --run {out} --quant q4_k_m,q8_0 --out {model}")
    return None


def same_command(context: click.Context) -> list[str]:
    """The command line that does what `context` was called for, in one process."""
    command = [sys.executable, "-c", "from cli.main import main; main()", "finetune"]
    for option in context.command.params:
        value = context.params[str(option.name)]
        if option.name == "processes" or value is None or value is False:
            continue
        command += [option.opts[0]] if value is True else [option.opts[0], str(value)]
    return command
