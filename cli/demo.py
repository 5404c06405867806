"""`taxqa demo`: the whole line once, on what ships with the package."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

NAME = "taxqa-demo"
DOCUMENTS = (
    "gift:parent:adult:2000000000",
    "gift:parent:minor:100000000",
    "gift:spouse:adult:600000000",
    "income:base:60000000",
    "income:salary:50000000",
    "vat-filing",
    "corporate-return",
    "inheritance-return",
    "property-payment",
    "income-freelancer",
)
"""What the demo teaches: few cases and guide entries, each in several phrasings, because a small
model learns no more than that by heart in minutes. One of them is its validation part."""
QUANTS = ["f16", "q8_0", "q4_k_m"]
COMPARED = 12
"""Questions that each quant is compared on."""
SCORED = 512
"""Tokens of taught answers at which probabilities are compared."""
ASKED = 4


@dataclass(frozen=True)
class Folders:
    """Where the demo's stages lie."""

    dataset: Path
    run: Path
    model: Path


@click.command()
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=Path("work"),
    show_default=True,
    help="Folder for everything the demo makes.",
)
@click.option("--fresh", is_flag=True, help="Make stages that are there already anew.")
def demo(work: Path, fresh: bool) -> None:
    """Run the whole line once: dataset, LoRA, GGUF, comparison, Modelfile, Ollama, answers.

    Needs no GPU, account or network beyond pip: it trains the small Gemma 3 270M that comes as a
    package. Stages that are whole are kept, and a killed training goes on; --fresh starts anew.
    """
    from taxqa.progress import note

    started = time.monotonic()
    name = Path(NAME)
    folders = Folders(work / "demo-dataset", work / "runs" / name, work / "models" / name)
    stages: list[tuple[str, str, Path, Callable[[], object]]] = [
        ("Dataset: worked examples and guide, every record checked", "dataset", folders.dataset,
         lambda: make_dataset(folders, fresh)),
        ("Training: LoRA on Gemma 3 270M, answers only", "run", folders.run,
         lambda: train(folders, fresh)),
        ("Export: merge, GGUF, quantize, compare with the merged model", "model", folders.model,
         lambda: export_model(folders, fresh)),
    ]  # fmt: skip
    for number, (title, stage, folder, make) in enumerate(stages, start=1):
        note(f"\n[{number}/5] {title}")
        if is_whole(folder, stage) and not fresh:
            note(f"{folder} is there already and is kept (--fresh makes it anew).")
        else:
            make()
    note("\n[4/5] Registration with Ollama")
    registered = register_if_possible(folders.model)
    note("\n[5/5] Questions in words that it was not trained with")
    answers = ask_heldout(folders)
    summary(folders, registered, answers, time.monotonic() - started)


def is_whole(folder: Path, stage: str) -> bool:
    """Whether a stage folder is there and whole."""
    from taxqa.errors import InputError
    from taxqa.folders import read_manifest

    try:
        read_manifest(folder, stage=stage, made_by="taxqa demo")
    except InputError:
        return False
    return True


def make_dataset(folders: Folders, fresh: bool) -> None:
    """The demo's dataset: a part of what the worked teacher makes."""
    from datagen.dataset import generate
    from taxqa.progress import note

    counts = generate(None, folders.dataset, documents=DOCUMENTS, force=fresh)
    note(
        f"{counts['records']} records kept, {counts['rejected']} rejected;"
        f" {counts['heldout']} phrasings held out for the questions at the end."
    )


def train(folders: Folders, fresh: bool) -> None:
    """The demo's adapter, by the demo's config."""
    import finetune
    from finetune.config import load_config
    from finetune.train import finetune as make
    from taxqa.folders import partial_path

    killed = partial_path(folders.run).exists()
    config = load_config(Path(finetune.__file__).parent / "configs" / "demo.yaml")
    make(folders.dataset, folders.run, config, resume=killed, force=fresh)


def export_model(folders: Folders, fresh: bool) -> None:
    """The demo's GGUF files and their comparison."""
    from cli.export import add_modelfile, print_report
    from export.export import Options, export

    options = Options(questions=COMPARED, tokens=SCORED)
    report = export(folders.run, folders.model, QUANTS, options, force=fresh, finish=add_modelfile)
    print_report(report)


def register_if_possible(model: Path) -> bool:
    """Register where Ollama answers; otherwise say the command that will."""
    from modelfiles.register import register
    from taxqa.errors import InputError, ServiceError
    from taxqa.progress import note

    try:
        done = register(model)
    except ServiceError as error:
        note(f"{error.message}\nLater, with Ollama running:  taxqa register --model {model}")
        return False
    except InputError as error:
        note(f"{error}\nThen:  taxqa register --model {model}")
        return False
    note(f"{done.plan.name} ({done.plan.quant.type}) is in Ollama {done.plan.version}.")
    return True


def ask_heldout(folders: Folders) -> list[dict[str, Any]]:
    """Held-out phrasings of taught questions, asked and marked."""
    from chat.ask import answer, open_backend
    from export.compare import is_right
    from export.texts import spread
    from taxqa.records import Record, read_jsonl

    records = list(read_jsonl(folders.run / "heldout.jsonl", Record))
    found = []
    with closing(open_backend(str(folders.model))) as backend:
        for record in spread(records, ASKED):
            click.echo(f"\n질문: {record.question}")
            text = "".join(answer(backend, record.question, max_tokens=400))
            right = is_right(text, record)
            usage = backend.usage
            whole = bool(usage and usage.whole)
            speed = usage.tokens_per_second if usage else 0.0
            what = "text" if record.amount is None else "figures"
            click.echo(f"답변: {text}")
            click.echo(
                f"  ({what} {'as taught' if right else 'NOT as taught'},"
                f" {'stopped by itself' if whole else 'CUT at the limit'}, {speed:.0f} tokens/s)"
            )
            found.append({"right": right, "whole": whole, "tokens_per_second": speed})
    return found


def summary(
    folders: Folders, registered: bool, answers: list[dict[str, Any]], seconds: float
) -> None:
    """What was made, where, and what to type next."""
    from modelfiles.model_folder import read_model_folder

    folder = read_model_folder(folders.model)
    right = sum(answer["right"] for answer in answers)
    minutes = seconds / 60
    click.echo(f"\nDone in {minutes:.1f} minutes; {right} of {len(answers)} answers as taught.")
    click.echo("Of a calculation only the figures are compared: the words between may be wrong.")
    click.echo(f"  {folders.dataset}/dataset.json   questions and answers, all checked")
    click.echo(f"  {folders.run}/adapter   LoRA adapter; loss.svg and metrics.jsonl beside it")
    click.echo(f"  {folder.gguf()}   the model ({folder.report.chosen})")
    click.echo("It knows the few questions it was taught; it is a proof of the line, no adviser.")
    click.echo("\nNext:")
    if registered:
        click.echo(f"  ollama run {NAME}")
    click.echo(f'  taxqa ask "부가가치세 신고는 어떻게 하나요?" --model {folders.model}')
    click.echo("  taxqa collect --from YOUR_STATUTES --out work/corpus   (then: taxqa generate)")
