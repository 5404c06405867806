"""`taxqa pods`: what runs at RunPod, what it costs, and how to end it."""

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from finetune.runpod.api import Pod, RunPod, Volume


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def pods(context: click.Context, as_json: bool) -> None:
    """What taxqa has rented from RunPod: pods by the hour, volumes by the month.

    Needs RUNPOD_API_KEY. Only what taxqa made (its names begin with taxqa-) is shown.
    """
    if context.invoked_subcommand:
        return
    from cli.main import print_json
    from finetune.runpod.api import from_environment

    with from_environment() as api:
        found = rented_now(api)
    if as_json:
        print_json(found)
        return
    for pod in found["pods"]:
        click.echo(
            f"{pod['id']}  {pod['name']}  {pod['status']}  {pod['gpu']}"
            f"  {pod['usd_per_hour']:.2f} USD/h, {pod['hours']:.1f} h, {pod['usd']:.2f} USD so far"
        )
    for volume in found["volumes"]:
        click.echo(
            f"{volume['id']}  {volume['name']}  volume of {volume['gb']} GB in"
            f" {volume['data_center']}  {volume['usd_per_month']:.2f} USD a month"
        )
    if not found["pods"] and not found["volumes"]:
        click.echo("Nothing is rented.")


@pods.command()
@click.argument("what", nargs=-1, required=True, metavar="ID...")
@click.option("--yes", is_flag=True, help="Do not ask.")
def stop(what: tuple[str, ...], yes: bool) -> None:
    """End pods and delete volumes for good; it is read back that they are gone.

    ID is the id or name of a pod or volume, or the name of a run for all that it has.
    """
    from finetune.runpod.api import from_environment
    from finetune.runpod.pods import Pace, end_pod, end_volume
    from taxqa.errors import InputError

    with from_environment() as api:
        for word in what:
            found_pods, found_volumes = meant(api, word)
            if not found_pods and not found_volumes:
                raise InputError(
                    f"'{word}' is no pod or volume that taxqa has rented.", hint="See: taxqa pods"
                )
            for pod in found_pods:
                end_pod(api, pod.id, Pace())
                click.echo(f"{pod.id} ({pod.name}) ended.")
            for volume in found_volumes:
                lost = f"Delete the volume {volume.name} with the checkpoints on it?"
                if yes or click.confirm(lost, err=True):
                    end_volume(api, volume.id, Pace())
                    click.echo(f"{volume.id} ({volume.name}) deleted.")


def meant(api: "RunPod", word: str) -> "tuple[list[Pod], list[Volume]]":
    """The pods and volumes that a word of the command line names."""
    pods_meant = [pod for pod in api.pods() if is_meant(word, pod)]
    return pods_meant, [volume for volume in api.volumes() if is_meant(word, volume)]


def is_meant(word: str, thing: "Pod | Volume") -> bool:
    """Whether a word is the id or name of a thing, or the name of its run."""
    return word in (thing.id, thing.name, run_of(thing.name))


def run_of(name: str) -> str:
    """The run that a pod or volume was made for: its name without -p1 or -v1."""
    return name.rpartition("-")[0]


def rented_now(api: "RunPod") -> dict[str, Any]:
    """Everything with its cost; hours and USD since its creation by the server's clock."""
    from finetune.runpod.offers import VOLUME_USD_PER_GB_MONTH

    lines = []
    for pod in api.pods():
        hours, cost = hours_of(pod, api.now()), pod.cost or 0
        lines.append(
            {
                "id": pod.id,
                "name": pod.name,
                "run": run_of(pod.name),
                "status": pod.status,
                "gpu": pod.gpu.id if pod.gpu else "",
                "usd_per_hour": cost,
                "hours": round(hours, 2),
                "usd": round(hours * cost, 2),
            }
        )
    volumes = [
        {
            "id": volume.id,
            "name": volume.name,
            "run": run_of(volume.name),
            "gb": volume.size,
            "data_center": volume.dataCenter,
            "usd_per_month": round(VOLUME_USD_PER_GB_MONTH * volume.size, 2),
        }
        for volume in api.volumes()
    ]
    return {"pods": lines, "volumes": volumes}


def hours_of(pod: "Pod", now: float) -> float:
    """Hours since a pod was created; a time without a zone is UTC, one of no known form is now."""
    from datetime import UTC, datetime

    try:
        created = datetime.fromisoformat(pod.createdAt or "")
    except ValueError:
        return 0.0
    zoned = created if created.tzinfo else created.replace(tzinfo=UTC)
    return max(0.0, now - zoned.timestamp()) / 3600
