"""`taxqa export` and `taxqa-export`: an adapter to quantized GGUF models, each compared."""

from pathlib import Path
from typing import Any

import click


@click.command(
    epilog="Example: taxqa-export --quant q4_k_m,q8_0   (takes the newest run under work/runs)"
)
@click.option(
    "--run",
    type=click.Path(path_type=Path),
    help="Folder made by `taxqa finetune`; default: the newest under work/runs.",
)
@click.option(
    "--quant",
    default="q4_k_m",
    show_default=True,
    help="One or more of f16, bf16, q8_0, q6_k, q5_k_m, q4_k_m, with commas.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Model folder to make; default: work/models/ and the run's name.",
)
@click.option(
    "--questions",
    type=click.IntRange(min=0),
    default=24,
    show_default=True,
    help="How many questions each quant is compared on; 0 = no comparison.",
)
@click.option(
    "--llama-cpp-dir",
    type=click.Path(path_type=Path),
    help="A llama.cpp checkout to take the converter from.",
)
@click.option("--force", is_flag=True, help="Replace a whole model folder that is there already.")
@click.option("--json", "as_json", is_flag=True, help="Print export.json.")
def export(
    run: Path | None,
    quant: str,
    out: Path | None,
    questions: int,
    llama_cpp_dir: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Merge a run's adapter into the 16-bit weights, write GGUF, and say what each quant kept.

    The model folder holds the GGUF files, export.json with the comparison, and a Modelfile for
    the smallest quant that kept what was learned.
    """
    from cli.main import print_json
    from export.export import export as make
    from export.quantize import quant_names
    from taxqa.folders import newest_folder

    names = quant_names(quant)
    made_by = "taxqa finetune --config CONFIG.yaml --dataset work/dataset"
    run = run or newest_folder(Path("work/runs"), stage="run", made_by=made_by)
    out = out or Path("work/models") / run.name
    report = make(
        run,
        out,
        names,
        questions=questions,
        llama_cpp=llama_cpp_dir,
        force=force,
        finish=add_modelfile,
    )
    if as_json:
        print_json(report)
        return
    print_report(report)
    click.echo(f"{out}: GGUF, Modelfile (for {report['chosen']}), export.json")
    click.echo(f"Next: taxqa register --model {out}")


def add_modelfile(folder: Path) -> None:
    """Write the Modelfile beside the GGUF of a model folder that is being made.

    The GGUF's chat template has to make the token ids of training first, or nothing is written.
    """
    from modelfiles.model_folder import EXPORT, ExportReport
    from modelfiles.token_proof import prove_gguf, vocabulary
    from modelfiles.values import write_modelfile
    from taxqa.records import read_json, validated

    where = folder / EXPORT
    report = validated(ExportReport, read_json(where), str(where))
    path = folder / report.quant().file
    with vocabulary(path, report.proof) as tokens:
        if tokens and report.proof:
            prove_gguf(tokens, path, report, report.proof)
    write_modelfile(folder, report)


def print_report(report: dict[str, Any]) -> None:
    """The comparison as a table on stdout."""
    from rich.console import Console
    from rich.table import Table

    merged = report["merged"]
    table = Table(title=f"{report['name']}: what each quant kept")
    columns = ("", "size", "right answers", "same as merged", "stopped", "tokens/s")
    for column in columns if merged else columns[:2]:
        table.add_column(column, justify="left" if not column else "right")
    if merged:
        table.add_row("merged, 16 bit", "", *counts(merged), "")
    for quant in report["quants"]:
        mark = "  <- chosen" if quant["type"] == report["chosen"] else ""
        lost = "" if quant.get("kept", True) else " (lost it)"
        row = [f"{quant['type']}{lost}{mark}", f"{quant['bytes'] / 1e6:,.0f} MB"]
        if merged:
            row += [*counts(quant), f"{quant['tokens_per_second']:.0f}"]
        table.add_row(*row)
    Console(width=100).print(table)


def counts(found: dict[str, Any]) -> tuple[str, str, str]:
    """Right, same and stopped, each of all that were asked."""
    asked = found["asked"]
    return (
        f"{found['right']}/{asked}",
        f"{found['same']}/{asked}",
        f"{found['stopped']}/{asked}",
    )
