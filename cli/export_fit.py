"""The table of `taxqa export --list`, `--target` and `--memory`: what fits, and how fast it is."""

from pathlib import Path
from typing import Any

import click

SMALLER = "gemma3-4b, gemma3-1b, phi-2"


def print_fits(base_model: str, run: Path | None, target: str, memory: str, as_json: bool) -> None:
    """Print each type with its size and, for a machine, context and speed.

    Args:
        base_model: short name, folder or GGUF file; '' = the base of `run`.
        target: e.g. 'm4-16gb'; '' = none.
        memory: e.g. '16GB'; '' = none.
    """
    from cli.main import print_json
    from export import fit
    from export.run import read_run
    from finetune.forecast import base_shape

    machine = fit.target(target) if target else fit.memory(memory) if memory else None
    if base_model or run is None:
        name = base_model or "gemma3-12b"
        shape = base_shape(name)
    else:
        trained = read_run(run)
        name, shape = trained.run.base_model.name, trained.shape
    found = fit.fits(shape, machine or fit.EVERYWHERE)
    if as_json:
        print_json(
            {"base_model": name, "machine": target or memory, "types": list(map(plain, found))}
        )
        return
    click.echo(f"{name}, {shape.parameters / 1e9:.2f} B parameters{place(machine)}")
    for line in found:
        cells = f"  {line.quant:<8} {line.bytes / 1e9:6.2f} GB"
        if machine:
            cells += f"   {verdict(line)}"
        click.echo(cells.rstrip())
    if machine and all(line.context is None for line in found):
        click.echo(f"Smaller bases: --base-model {SMALLER}")
    if machine:
        click.echo("Sizes, contexts and speeds are estimates; the first export says the real size.")


def place(machine: Any) -> str:
    """', on m4-16gb (10.7 GiB for the GPU)'; '' without a machine."""
    return f", on {machine.name} ({machine.room / 2**30:.1f} GiB for the model)" if machine else ""


def verdict(line: Any) -> str:
    """What a machine makes of a type."""
    if line.context is None:
        return "does not fit"
    speed = f", about {line.tokens_per_second:.0f} tokens/s" if line.tokens_per_second else ""
    return f"fits with {line.context:,} tokens of context{speed}"


def plain(line: Any) -> dict[str, Any]:
    """A line for JSON."""
    return {
        "type": line.quant,
        "bytes": line.bytes,
        "context": line.context,
        "tokens_per_second": line.tokens_per_second and round(line.tokens_per_second, 1),
    }
