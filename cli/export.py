"""`taxqa export` and `taxqa-export`: an adapter to quantized GGUF models, each compared."""

import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from export.report import Answers, QuantReport, Report


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
    help="One or more of f16, bf16, q8_0, q6_k, q5_k_m, q4_k_m, q4_0, iq4_xs, with commas.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Model folder to make; default: work/models/ and the run's name.",
)
@click.option(
    "--imatrix",
    is_flag=True,
    help="Quantize by an importance matrix of the run's own training texts: slower, better.",
)
@click.option(
    "--careful",
    is_flag=True,
    help="--imatrix, and the tensors that suffer most kept at q8_0: a little larger, keeps more.",
)
@click.option(
    "--max-kld",
    type=click.FloatRange(min=0, min_open=True),
    default=0.05,
    show_default=True,
    help="Most mean KL divergence from the merged model, nats a token; past it a quant is left"
    " out.",
)
@click.option(
    "--min-right",
    type=click.FloatRange(0, 1),
    default=0.9,
    show_default=True,
    help="Least share of the merged model's right answers; below it a quant is left out.",
)
@click.option(
    "--questions",
    type=click.IntRange(min=0),
    default=24,
    show_default=True,
    help="How many questions each quant is compared on; 0 = no comparison.",
)
@click.option(
    "--tokens",
    type=click.IntRange(min=1),
    default=1024,
    show_default=True,
    help="Most tokens of taught answers at which the probabilities are compared.",
)
@click.option(
    "--dataset",
    type=click.Path(path_type=Path),
    help="The run's dataset folder, where it was moved since (for --imatrix).",
)
@click.option(
    "--adapter-only", is_flag=True, help="Only the adapter as GGUF, for llama.cpp --lora."
)
@click.option("--hf", is_flag=True, help="Only the merged Hugging Face folder, for vLLM or MLX.")
@click.option("--list", "list_types", is_flag=True, help="Print the types with their sizes.")
@click.option("--target", default="", help="Print what fits a Mac, e.g. m4-16gb, m4-pro-24gb.")
@click.option("--memory", default="", help="Print what fits a machine of so much, e.g. 16GB.")
@click.option("--base-model", default="", help="For these tables: gemma3-12b, phi-2, a folder …")
@click.option("--author", default="", help="Your name, to be written into the GGUF.")
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
    imatrix: bool,
    careful: bool,
    max_kld: float,
    min_right: float,
    questions: int,
    tokens: int,
    dataset: Path | None,
    adapter_only: bool,
    hf: bool,
    list_types: bool,
    target: str,
    memory: str,
    base_model: str,
    author: str,
    llama_cpp_dir: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Merge a run's adapter into the 16-bit weights, write GGUF, and measure what each quant kept.

    The model folder holds the GGUF files, export.json and export.html with the comparison, and a
    Modelfile for the smallest quant. A quant past --max-kld or --min-right is left out and the
    command fails; the others are kept. Where none is good enough, a larger one is tried and named.
    """
    from cli.export_fit import print_fits
    from cli.main import print_json
    from export.export import Options
    from export.export import export as make
    from export.limits import Limits
    from export.quantize import quant_names
    from taxqa.folders import newest_folder

    if list_types or target or memory:
        print_fits(base_model, run, target, memory, as_json)
        return
    names = quant_names(quant)
    made_by = "taxqa finetune --config CONFIG.yaml --dataset work/dataset"
    run = run or newest_folder(Path("work/runs"), stage="run", made_by=made_by)
    if adapter_only or hf:
        export_other(run, out, adapter_only, llama_cpp_dir, force)
        return
    out = out or Path("work/models") / run.name
    options = Options(
        questions=questions,
        tokens=tokens,
        imatrix=imatrix or careful,
        careful=careful,
        limits=Limits(max_kld, min_right),
        dataset=dataset,
        author=author,
    )
    report = make(
        run, out, names, options, llama_cpp=llama_cpp_dir, force=force, finish=add_modelfile
    )
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        print_report(report)
        click.echo(f"{out}: GGUF, Modelfile (for {report.chosen}), export.json, export.html")
        click.echo(f"Next: taxqa register --model {quote(str(out))}")
    require_all(report)


def export_other(
    run: Path, out: Path | None, adapter_only: bool, llama_cpp: Path | None, force: bool
) -> None:
    """The adapter alone, or the merged Hugging Face folder."""
    from export.adapter_gguf import export_adapter
    from export.hf import export_hf

    if adapter_only:
        out = out or Path("work/models") / f"{run.name}-adapter"
        file = export_adapter(run, out, llama_cpp=llama_cpp, force=force)
        click.echo(f"{file}: the adapter, for llama-server --model BASE.gguf --lora {file}")
        click.echo("Ollama takes merged models only: leave out --adapter-only for it.")
        return
    out = out or Path("work/models") / f"{run.name}-hf"
    merged = export_hf(run, out, force=force)
    click.echo(f"{out}: the merged model in 16 bits ({merged} tensors merged), for vLLM or MLX.")


def require_all(report: "Report") -> None:
    """ProofError where a quant that was asked for was left out."""
    from taxqa.errors import ProofError

    if report.left_out:
        lost = "; ".join(f"{made.type}: {made.lost}" for made in report.left_out)
        raise ProofError(
            f"Left out, because quantization lost what was learned: {lost}.",
            hint=f"The model folder is whole without it; its {report.chosen} kept it. Small types"
            " keep more with --careful, and of a LoRA of a larger rank (lora_config: r: 64).",
        )


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


def print_report(report: "Report") -> None:
    """The comparison as a table on stdout."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{report.name}: what each quant kept")
    columns = ("", "size", "mean KLD", "same top token", "right", "same", "tokens/s")
    for column in columns if report.merged else columns[:2]:
        table.add_column(column, justify="left" if not column else "right", overflow="fold")
    if report.merged:
        table.add_row("merged, 16 bit", "", "", "", *counts(report.merged), "")
    for made in [*report.quants, *report.left_out]:
        table.add_row(*row(made, made.type == report.chosen))
    Console(width=None if sys.stdout.isatty() else 100).print(table)
    if report.merged and report.merged.asked and not report.merged.right:
        click.echo("The merged model itself gave no answer as it was taught: train it longer.")


def row(made: "QuantReport", chosen: bool) -> list[str]:
    """A quant's row of the table."""
    mark = " (left out)" if made.lost else "  <- chosen" if chosen else ""
    cells = [f"{made.type}{mark}", f"{made.bytes / 1e6:,.0f} MB"]
    if made.measures:
        found = made.measures
        cells += [f"{found.mean_kld:.5f}", f"{found.same_top:.1%}", *counts(found)]
        cells.append(f"{found.tokens_per_second:.0f}")
    return cells


def counts(found: "Answers") -> tuple[str, str]:
    """Right and same, each of all that were asked."""
    return f"{found.right}/{found.asked}", f"{found.same}/{found.asked}"
