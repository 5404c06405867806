"""`taxqa ask`: one question to a model."""

import io
import sys
from collections.abc import Iterator

import click

from cli.main import print_json


@click.command()
@click.argument("question", nargs=-1, required=True)
@click.option("--model", default="", help="Ollama name, model folder or .gguf  [newest folder]")
@click.option("--temperature", default=0.0, type=click.FloatRange(0, 2), show_default=True)
@click.option("--max-tokens", type=click.IntRange(1), help="Longest answer  [the model's context]")
@click.option("--host", default="", help="Where Ollama listens  [OLLAMA_HOST, or this machine]")
@click.option("--json", "as_json", is_flag=True, help="Print question, answer and speed as JSON.")
def ask(
    question: tuple[str, ...],
    model: str,
    temperature: float,
    max_tokens: int | None,
    host: str,
    as_json: bool,
) -> None:
    """Ask QUESTION ('-' = read it from standard input) and print the answer as it comes.

    Put it in quotes: '?' and '*' mean something else to a shell.

    The answer goes to stdout, the speed to stderr. A model folder is asked in Ollama where that
    has the same file, else in this process by llama.cpp.
    """
    from contextlib import closing

    from chat.ask import answer, open_backend, question_text
    from taxqa.progress import note

    asked = question_text(typed_in() if question == ("-",) else " ".join(question))
    with closing(open_backend(model, host=host)) as backend:
        pieces = answer(backend, asked, temperature=temperature, max_tokens=max_tokens)
        text = "".join(pieces if as_json else shown(pieces))
        usage = backend.usage
        if as_json:
            print_json(
                {
                    "question": asked,
                    "answer": text,
                    "model": backend.label,
                    "whole": bool(usage and usage.whole),
                    "prompt_tokens": usage.prompt_tokens if usage else None,
                    "tokens": usage.tokens if usage else None,
                    "tokens_per_second": round(usage.tokens_per_second, 1) if usage else None,
                }
            )
        elif usage:
            cut = "" if usage.whole else "; cut at the limit"
            speed = f"{usage.tokens} tokens, {usage.tokens_per_second:.1f} tokens/s"
            note(f"{backend.label}: {speed}{cut}")


def typed_in() -> str:
    """The whole of standard input; what is no text in it comes as an argument's would."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")
    return sys.stdin.read()


def shown(pieces: Iterator[str]) -> Iterator[str]:
    """The pieces, each printed as it comes, and a line end after the last."""
    for piece in pieces:
        click.echo(piece, nl=False)
        sys.stdout.flush()
        yield piece
    click.echo()
