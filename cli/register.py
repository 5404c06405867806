"""`taxqa register`: a model folder to Ollama."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.main import print_json

if TYPE_CHECKING:
    from modelfiles.register import Plan, Registration


@click.command(epilog="Example: taxqa register --quant q8_0 --name taxqa-gemma3:q8")
@click.option(
    "--model",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder made by `taxqa export`  [the newest under work/models]",
)
@click.option("--name", default="", help="Name in Ollama, as NAME or NAME:TAG  [the folder's own]")
@click.option("--quant", default="", help="Which GGUF, e.g. q4_k_m  [the one that export chose]")
@click.option("--host", default="", help="Where Ollama listens  [OLLAMA_HOST, or this machine]")
@click.option("--dry-run", is_flag=True, help="Check everything, say what would be done, stop.")
@click.option(
    "--force", is_flag=True, help="Replace a model of that name that taxqa did not register."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def register(
    folder: Path | None,
    name: str,
    quant: str,
    host: str,
    dry_run: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Give a model to Ollama, and prove that it is asked as it was trained.

    The prompts of training, of the GGUF and of the server are compared, as text and as token ids,
    and a few questions are asked. A former model of that name is replaced only after that.
    """
    from chat.ask import MODELS
    from modelfiles.model_folder import MADE_BY
    from modelfiles.register import plan_only
    from modelfiles.register import register as register_model
    from taxqa.folders import newest_folder

    folder = folder or newest_folder(MODELS, stage="model", made_by=MADE_BY)
    if dry_run:
        plan = plan_only(folder, name, quant=quant, host=host, force=force)
        if as_json:
            print_json(plan_values(plan))
        else:
            print_plan(plan)
        return
    done = register_model(folder, name, quant=quant, host=host, force=force)
    if as_json:
        print_json(values(done))
    else:
        print_result(done)


def plan_values(plan: "Plan") -> dict[str, Any]:
    """A plan for --json."""
    return {
        "name": plan.name,
        "quant": plan.quant.type,
        "sha256": plan.quant.sha256,
        "bytes": plan.quant.bytes,
        "server": plan.server,
        "version": plan.version,
        "law_date": plan.model.report.law_date and plan.model.report.law_date.isoformat(),
        "file_is_there": plan.there,
        "replaces": plan.replaces,
        "token_ids_compared": plan.tokens,
    }


def values(done: "Registration") -> dict[str, Any]:
    """A result for --json."""
    answers = [
        {
            "question": one.question,
            "answer": one.answer,
            "same_as_at_export": one.same if one.expected else None,
        }
        for one in done.answers
    ]
    planned = plan_values(done.plan)
    return planned | {
        "replaced": planned.pop("replaces"),
        "prompts_equal": list(done.prompts),
        "answers": answers,
    }


def print_plan(plan: "Plan") -> None:
    """What would be done, on stdout."""
    report, size = plan.model.report, f"{plan.quant.bytes / 1e9:.2f} GB"
    click.echo(f"'{plan.name}' would be made in Ollama {plan.version} at {plan.server}:")
    law = f", law as in force on {report.law_date}" if report.law_date else ""
    click.echo(f"  {report.base_model.name}, fine-tuned{law}; {plan.quant.type}, {size}")
    click.echo(f"  SYSTEM: {plan.modelfile.system or 'none, as in training'}")
    if plan.there:
        click.echo("  Its GGUF is there already and would not be sent again.")
    else:
        click.echo(f"  {plan.path} would be sent.")
    click.echo(f"  Ollama's disk would take {plan.needed / 1e9:.2f} GB more.")
    if plan.tokens:
        click.echo("  Its GGUF makes the token ids of training; the server's would be compared.")
    else:
        click.echo("  The server's prompts would be compared as text, not as token ids.")
    asked = len(plan.quant.golden) or 1
    click.echo(f"  Then {asked} question{'s' if asked > 1 else ''} would be asked.")
    if plan.replaces:
        click.echo(f"  The model '{plan.name}' that is there now would be replaced after that.")
    click.echo("Nothing was changed.")


def print_result(done: "Registration") -> None:
    """What was proven and what to type next, on stdout."""
    plan, count = done.plan, len(done.prompts)
    click.echo(f"{plan.name} ({plan.quant.type}) is in Ollama {plan.version} at {plan.server}.")
    how = "as text and as token ids" if plan.tokens else "as text; token ids were not compared"
    click.echo(f"Its prompt equals the trained one in {count} of {count} conversations, {how}.")
    compared = [one for one in done.answers if one.expected]
    if compared:
        same = sum(one.same for one in compared)
        begin = sum(one.agrees for one in compared)
        click.echo(
            f"It stops by itself and answers in Korean; of {len(compared)} answers {begin} begin as"
            f" they did in llama.cpp at the export, {same} are the same to the letter."
        )
    else:
        click.echo("It stops by itself and answers in Korean.")
    for one in done.answers:
        click.echo(f"  질문: {one.question}\n  답변: {one.answer}")
    click.echo(f'\nNext:  ollama run {plan.name}\n       taxqa ask "질문" --model {plan.name}')
    click.echo(f"Apps that list Ollama's models (Ollama's own, Open WebUI, …): choose {plan.name}.")
    click.echo(
        f"Apps that speak OpenAI's protocol: base URL {plan.server}/v1, model {plan.name}, any key,"
        " and\nset temperature 0 there: through that door Ollama takes 1.0 unless the app sends it."
    )
