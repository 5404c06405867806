"""`taxqa register`: a model folder to Ollama."""

from pathlib import Path

import click

from cli.main import print_json


@click.command()
@click.option(
    "--model",
    "folder",
    type=click.Path(path_type=Path),
    help="Folder made by `taxqa export`  [the newest under work/models]",
)
@click.option("--name", default="", help="Name in Ollama, as NAME or NAME:TAG  [the folder's own]")
@click.option("--quant", default="", help="Which GGUF, e.g. q4_k_m  [the one that export chose]")
@click.option("--host", default="", help="Where Ollama listens  [OLLAMA_HOST, or this machine]")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def register(folder: Path | None, name: str, quant: str, host: str, as_json: bool) -> None:
    """Give a model to Ollama, and prove that it is asked as it was trained.

    A former model of that name is replaced only after the new one is proven.
    """
    from chat.ask import MODELS
    from modelfiles.model_folder import MADE_BY
    from modelfiles.register import register as register_model
    from taxqa.folders import newest_folder

    folder = folder or newest_folder(MODELS, stage="model", made_by=MADE_BY)
    done = register_model(folder, name, quant=quant, host=host)
    if as_json:
        print_json(
            {
                "name": done.name,
                "quant": done.quant,
                "sha256": done.digest,
                "server": done.server,
                "version": done.version,
                "prompts_equal": list(done.prompts),
                "answer": done.answer,
                "replaced": done.replaced,
            }
        )
        return
    click.echo(f"{done.name} ({done.quant}) is in Ollama {done.version} at {done.server}.")
    click.echo(
        f"Its prompt equals the trained one in {len(done.prompts)} of {len(done.prompts)} ways"
    )
    click.echo(f"  ({', '.join(done.prompts)}).")
    click.echo(f"It answers, and stops by itself: {done.answer}")
    click.echo(f'\nNext:  ollama run {done.name}\n       taxqa ask "질문" --model {done.name}')
