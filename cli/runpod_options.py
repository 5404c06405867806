"""The options of `taxqa finetune --on runpod`, and what they do."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from finetune.config import TrainConfig

Command = TypeVar("Command", bound=Callable[..., Any])


def runpod_options(command: Command) -> Command:
    """Add the options of a rented GPU to a command; it gets them as `rented`'s keywords."""
    options = (
        click.option(
            "--on",
            type=click.Choice(["here", "runpod"]),
            default="here",
            show_default=True,
            help="Where to train; runpod = on a GPU rented from RunPod (RUNPOD_API_KEY).",
        ),
        click.option("--gpu", help="RunPod's name of the GPU  [the cheapest that fits]"),
        click.option("--gpu-memory", type=float, help="GB of VRAM at least  [by the preflight]"),
        click.option("--max-price", help="USD per hour of the pod at most  [0.80/h]"),
        click.option("--max-hours", type=float, help="Hours of all the run's pods at most  [6]"),
        click.option("--budget", help="USD of the whole run at most  [5USD]"),
        click.option("--yes", is_flag=True, help="Rent without asking."),
        click.option(
            "--attach", is_flag=True, help="Go on watching a pod, e.g. after the laptop slept."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def rented(
    dataset: Path,
    out: Path,
    config: "TrainConfig",
    *,
    resume: bool,
    force: bool,
    attach: bool,
    yes: bool,
    **terms: Any,
) -> dict[str, Any]:
    """Train on RunPod, or go on with a run there; its report."""
    from finetune.runpod import run
    from finetune.runpod.api import from_environment
    from finetune.runpod.offers import Terms
    from taxqa.errors import InputError

    if attach and resume:
        raise InputError("--attach goes on with the pod that runs, --resume starts one: give one.")
    changed = changed_terms(**terms)
    if attach and changed:
        raise InputError(
            f"--{next(iter(changed)).replace('_', '-')} changes nothing for a pod that runs.",
            hint="Leave it out; or end the pod and go on with: taxqa finetune --on runpod --resume",
        )
    person = run.Person(agree=lambda text: yes or click.confirm(text, err=True), end_pod=end_pod)
    with from_environment() as api:
        if attach:
            return run.attach(api, out, person)
        if resume:
            return run.resume(api, out, changed, person)
        wanted = Terms.model_validate(changed)
        return run.start(api, dataset, out, config, wanted, person, force=force)


def refuse_alone(rent: bool, rental: dict[str, Any], processes: int) -> None:
    """InputError for an option of a rented GPU where none is to be rented, and for several
    processes where one is: a pod has one GPU."""
    from taxqa.errors import InputError

    if rent and processes > 1:
        raise InputError(f"--processes {processes} was given; a rented pod has one GPU.")
    given = [name for name, value in rental.items() if value not in (None, False)]
    if given and not rent:
        raise InputError(
            f"--{given[0].replace('_', '-')} was given, but the training is to run here.",
            hint="Add --on runpod to train on a rented GPU.",
        )


def changed_terms(
    gpu: str | None,
    gpu_memory: float | None,
    max_price: str | None,
    max_hours: float | None,
    budget: str | None,
) -> dict[str, Any]:
    """The fields of Terms that were given.

    Raises:
        ConfigError: an amount that is none, or nothing above zero.
    """
    from pydantic import ValidationError

    from finetune.runpod.offers import Terms, money
    from taxqa.errors import ConfigError
    from taxqa.records import first_problem

    given = {
        "gpu": gpu,
        "gpu_memory": gpu_memory,
        "max_price": None if max_price is None else money(max_price),
        "max_hours": max_hours,
        "budget": None if budget is None else money(budget),
    }
    changed = {name: value for name, value in given.items() if value is not None}
    try:
        Terms.model_validate(changed)
    except ValidationError as error:
        raise ConfigError(f"The options: {first_problem(error)}") from None
    return changed


def end_pod(text: str) -> bool:
    """Whether Ctrl-C shall end the pod: yes where nobody can be asked, or is asked in vain."""
    if not sys.stdin.isatty():
        return True
    try:
        return click.confirm(text, default=True, err=True)
    except click.Abort:
        return True


def print_cost(report: dict[str, Any]) -> None:
    """What the pod was and cost."""
    pod = report["runpod"]
    pods = f"{pod['pods']} pods" if pod["pods"] > 1 else "1 pod"
    click.echo(f"{pod['gpu']}, {pods}, {pod['hours']:.2f} h: {pod['usd']:.2f} USD.")
