"""`taxqa finetune`: a dataset to a LoRA adapter."""

import sys
from pathlib import Path
from shlex import quote
from typing import Any

import click

from cli.runpod_options import print_cost, refuse_alone, rented, runpod_options

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
@click.option("--dry-run", is_flag=True, help="Rows, tokens, memory, time, price; train nothing.")
@click.option("--resume", is_flag=True, help="Go on with a killed run from its last checkpoint.")
@click.option("--force", is_flag=True, help="Replace a whole run folder that is there already.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@runpod_options
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
    on: str,
    **rental: Any,
) -> int | None:
    """Train a LoRA adapter on a dataset; loss on the answers only, best checkpoint kept.

    The run folder holds adapter/, metrics.jsonl, loss.svg, report.html, config.yaml and
    manifest.json. A killed run keeps its checkpoints beside it; the same command with --resume
    goes on from there.

    With --on runpod the same training runs on a rented GPU, asked for once, within price, hours and
    budget, and ended when it is over, whatever happens; `taxqa pods` lists what is rented.
    """
    from cli.main import print_json
    from finetune.config import load_config
    from finetune.forecast import forecast
    from finetune.train import finetune as train
    from taxqa.progress import note

    rent = on == "runpod" or rental["attach"]
    refuse_alone(rent, rental, processes)
    if dry_run and processes > 1:
        raise click.UsageError("--dry-run reckons with one process: leave out --processes.")
    settings = load_config(config, base_model=base_model, trainer=trainer, device=device)
    if processes > 1 and not dry_run:
        from finetune.processes import launch

        return launch(same_command(click.get_current_context()), processes)
    if dry_run:
        result: dict[str, Any] = forecast(dataset, settings).summary()
    elif rent:
        result = rented(dataset, out, settings, resume=resume, force=force, **rental)
    else:
        try:
            result = train(dataset, out, settings, resume=resume, force=force)
        except KeyboardInterrupt:
            note("Where a checkpoint was written, the same command with --resume goes on from it.")
            raise
    if as_json and result:
        print_json(result)
    elif dry_run:
        print_forecast(result)
    elif result:  # of several processes only the first one has a result
        best = result["valid_loss"]
        on_valid = "" if best is None else f", best {best:.3f} on validation rows"
        model = f"work/models/{out.name}"
        click.echo(f"{out}: adapter, metrics.jsonl, report.html ({result['seconds']:.0f} s)")
        click.echo(f"Loss: {result['train_loss']:.3f} on training rows{on_valid}.")
        if rent:
            print_cost(result)
        run, model = quote(str(out)), quote(model)
        click.echo(f"Next: taxqa export --run {run} --quant q4_k_m,q8_0 --out {model}")
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


def on_this_machine(found: dict[str, Any] | None) -> str:
    """The line that says whether the training can be done right here."""
    if found is None:
        return "this machine: not known without PyTorch (pip install 'taxqa[finetune]')"
    verb = "does not train" if found["refused"] else "does not fit"
    verdict = f"{verb}; " + ("; ".join(found["change"]) or "nothing in the config helps")
    if found["fits"]:
        time = "time not measured" if found["hours"] is None else f"{found['hours']:5.1f} h"
        verdict = time + (", price not known" if found["usd"] is None else f", {found['usd']} USD")
    has = found["memory_gb"]
    needs = f"{found['bytes'] / 2**30:.1f} of {has:.1f} GiB in {found['precision']}"
    return f"{'this machine':<28} {has:>4.0f} GiB  {verdict} ({found['machine']}: {needs})"


def print_forecast(found: dict[str, Any]) -> None:
    """What a training would do and need, and which GPU holds it."""
    about = "" if found["tokens_counted"] else "about "
    click.echo(
        f"{found['base_model']}, {found['parameters'] / 1e9:.2f} B parameters: {found['rows']:,}"
        f" training rows, {about}{found['tokens']:,} tokens, the longest {found['longest_row']:,};"
        f" {found['steps']:,} steps"
    )
    for left_out in found["left_out_as_too_long"]:
        click.echo(f"  left out, too long: {left_out['record']} ({left_out['tokens']} tokens)")
    gib = {name: count / 2**30 for name, count in found["bytes"].items()}
    click.echo(
        f"Memory on a GPU: {gib['memory']:.1f} GiB (weights {gib['weights']:.1f}, adapter with"
        f" optimizer {gib['adapter']:.1f}, activations {gib['activations']:.1f}, loss"
        f" {gib['loss']:.1f}, runtime {gib['runtime']:.1f})"
    )
    click.echo(f"  {on_this_machine(found['this_machine'])}")
    for line in found["gpus"]:
        price = "price: ask the catalogue" if line["usd"] is None else f"{line['usd']:.2f} USD"
        verdict = f"{line['hours']:5.1f} h, {price}"
        if not line["fits"]:
            change = "; ".join(line["change"]) or "nothing in the config helps"
            verdict = f"does not fit; {change}"
        click.echo(f"  {line['gpu']:<28} {line['memory_gb']:>4.0f} GiB  {verdict}")
    click.echo("Hours assume 30 % of the GPU's peak: right to about a factor of two.")
