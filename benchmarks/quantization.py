"""What each quant costs, and what saves how much: `python -m benchmarks.quantization --help`.

Takes a run folder and an f16 GGUF that `taxqa export --quant f16` made of it, quantizes that in
each way, and prints a Markdown table: size, mean and 99th percentile KL divergence from f16, top
tokens that stayed the same, perplexity, and right answers. Nothing it writes is kept.
"""

import tempfile
import time
from contextlib import closing
from pathlib import Path

import click

from export import gguf_model
from export.compare import ask_gguf, compare
from export.divergence import Divergence, Reference, scored_tokens
from export.gguf_model import GgufModel
from export.importance import Importance, importance_of
from export.quantize import quant_names, quantize
from export.run import Trained, read_run, training_rows
from export.texts import comparison_records, within
from finetune.rows import prompt_ids
from taxqa.records import Record

WAYS: dict[str, dict[str, str]] = {
    "": {},
    "embeddings f16": {r"token_embd\.weight": "f16", r"^output\.weight": "f16"},
    "attn_v q8_0": {r"attn_v\.weight": "q8_0"},
    "ffn_down q8_0": {r"ffn_down\.weight": "q8_0"},
    "attn_v, ffn_down q8_0": {r"attn_v\.weight": "q8_0", r"ffn_down\.weight": "q8_0"},
    "attention q8_0": {r"attn_(q|k|v|output)\.weight": "q8_0"},
    "attention, ffn_down q8_0": {r"(attn_(q|k|v|output)|ffn_down)\.weight": "q8_0"},
}
"""What is kept at a higher precision: pattern of a tensor's name -> its type."""

QUESTIONS = 12


@click.command()
@click.option("--run", type=click.Path(path_type=Path), default="work/runs/taxqa-demo")
@click.option("--full", type=click.Path(path_type=Path), help="f16 GGUF of the run.")
@click.option("--quants", default="q8_0,q5_k_m,q4_k_m,q4_0,iq4_xs", show_default=True)
@click.option("--ways", default=";".join(WAYS), help="What is kept higher, with semicolons.")
@click.option("--imatrix", type=click.Choice(["both", "yes", "no"]), default="both")
@click.option("--calibration-tokens", default=8192, show_default=True)
@click.option("--tokens", default=1024, show_default=True, help="Most tokens that are scored.")
@click.option("--questions", default=QUESTIONS, show_default=True, help="0 = none asked.")
@click.option("--threads", type=int, help="Threads of llama.cpp; on a busy machine 1 is faster.")
def main(
    run: Path,
    full: Path,
    quants: str,
    ways: str,
    imatrix: str,
    calibration_tokens: int,
    tokens: int,
    questions: int,
    threads: int | None,
) -> None:
    """Measure and print a table."""
    if threads:
        gguf_model.few_cores = lambda: threads
    trained = read_run(run)
    records = comparison_records(run, questions)
    scored = comparison_records(run, QUESTIONS)
    rows = within(trained.rows(scored), tokens, lambda row: scored_tokens([row]))
    matrices: list[Importance | None] = [None] if imatrix != "yes" else []
    if imatrix != "no":
        started = time.monotonic()
        texts = [row.input_ids for row in training_rows(trained)]
        matrix = importance_of(full, within(texts, calibration_tokens, len))
        print(f"importance matrix: {matrix.tokens} tokens, {time.monotonic() - started:.0f} s")
        matrices.append(matrix)
    with (
        tempfile.TemporaryDirectory(dir=full.parent) as folder,
        closing(GgufModel(full, context=trained.run.max_length)) as model,
    ):
        reference = Reference(Path(folder) / "reference.npy", rows, model.logits)
        print(f"{len(rows)} texts, {reference.tokens} tokens scored, {len(records)} questions\n")
        print(
            "| quant | kept higher | imatrix | MB | mean KLD | p99 KLD | same top | ppl | right |"
        )
        print("|---|---|---|---|---|---|---|---|---|")
        answer = answers(model, trained, records)
        print(line("f16", "", "", full, reference.compare(model.logits), answer), flush=True)
        for quant in quant_names(quants):
            for way in ways.split(";"):
                for matrix in matrices:
                    path = Path(folder) / f"{quant}.gguf"
                    quantize(full, path, quant, importance=matrix, kept=WAYS[way])
                    with closing(GgufModel(path, context=trained.run.max_length)) as smaller:
                        found = reference.compare(smaller.logits)
                        answer = answers(smaller, trained, records)
                    print(line(quant, way, "yes" * bool(matrix), path, found, answer), flush=True)
                    path.unlink()


def answers(model: GgufModel, trained: Trained, records: list[Record]) -> str:
    """How many answers of a GGUF were right, of how many."""
    if not records:
        return ""
    prompts = [prompt_ids(trained.tokenizer, trained.form, one.question) for one in records]
    cut = max(len(trained.tokenizer(one.answer).input_ids) for one in records) + 8
    found, same = ask_gguf(model, records, prompts, trained.form, cut)
    right = compare(found, [one.text for one in found], records, same).right
    return f"{right}/{len(records)}"


def line(quant: str, way: str, matrix: str, path: Path, found: Divergence, right: str) -> str:
    """A row of the table."""
    size = path.stat().st_size / 1e6
    return (
        f"| {quant} | {way} | {matrix} | {size:.0f} | {found.mean_kld:.4f} | {found.p99_kld:.3f} |"
        f" {found.same_top:.1%} | {found.perplexity:.2f} | {right} |"
    )


if __name__ == "__main__":
    main()
