"""A training on RunPod from the offer to the run folder; attach and resume after anything."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.config import TrainConfig
from finetune.forecast import base_shape, forecast
from finetune.preflight import Need
from finetune.resume import check_resume
from finetune.runpod.api import NoCapacityError, RunPod
from finetune.runpod.drive import drive, give_up_empty
from finetune.runpod.job import own_base, pack_job
from finetune.runpod.offers import (
    Offer,
    Terms,
    choose,
    needed_memory,
    require_time,
    seconds_left,
    volume_gb,
    volume_usd_per_hour,
)
from finetune.runpod.pods import (
    Pace,
    end_disk,
    end_leg,
    ensure_disk,
    ensure_pod,
    present,
    sweep,
    volume_is_gone,
)
from finetune.runpod.ssh import make_key, require_ssh
from finetune.runpod.state import (
    Leg,
    RunFolder,
    RunState,
    folder_of,
    has_state,
    new_name,
    new_run_folder,
    only_driver,
    open_run_folder,
)
from finetune.train import MAKE_DATASET
from taxqa.errors import InputError, ServiceError
from taxqa.folders import digest, partial_path, read_manifest, refuse_existing
from taxqa.progress import note


@dataclass(frozen=True)
class Person:
    """Who is asked before money is spent, and before a pod is ended by Ctrl-C."""

    agree: Callable[[str], bool]
    end_pod: Callable[[str], bool]


def start(
    api: RunPod,
    dataset: Path,
    out: Path,
    config: TrainConfig,
    terms: Terms,
    person: Person,
    *,
    force: bool = False,
    pace: Pace | None = None,
) -> dict[str, Any]:
    """Rent a GPU, train `dataset` on it and bring the run folder `out` here; its report.

    Raises:
        InputError: no dataset, nothing that fits the terms, an unfinished run is there, or the
            person did not agree.
        ServiceError: RunPod refused, or the pod was lost; what is kept and how to go on is said.
        ProofError: the training failed.
    """
    pace = pace or Pace()
    require_ssh()
    refuse_existing(out, "run", force)
    check_resume(partial_path(out), False, {})
    read_manifest(dataset, stage="dataset", made_by=MAKE_DATASET)
    with only_driver(out):
        refuse_unfinished(out)
        needed = None if terms.gpu_memory else forecast(dataset, config).need
        memory = terms.gpu_memory or needed_memory(needed)
        base = own_base(config)
        state = RunState(
            run=new_name(out),
            terms=terms.model_copy(update={"gpu_memory": memory}),
            volume_gb=volume_gb(2 * base_shape(config.base_model).parameters),
            dataset=str(dataset),
            dataset_digest=digest(dataset),
            base_model=config.base_model,
            base_folder=str(base) if base else "",
            force=force,
        )
        offers = offered(api, state, needed, person)
        folder = new_run_folder(out, state)
        state.job = pack_job(folder.path, dataset, config)
        folder.save()
        return rent_and_drive(api, folder, offers, person, pace)


def attach(api: RunPod, out: Path, person: Person, *, pace: Pace | None = None) -> dict[str, Any]:
    """Go on with a run whose pod trains, or has trained, while this machine was away.

    Raises:
        InputError: no unfinished run, or it has no pod any more.
    """
    pace = pace or Pace()
    require_ssh()
    with only_driver(out):
        folder = open_run_folder(out)
        leg = living_leg(api, folder, pace)
        if leg is None and not folder.has_result():
            raise InputError(
                f"No pod of the run {folder.state.run} is there any more.",
                hint=f"Start one that goes on: taxqa finetune --on runpod --resume --out {out}",
            )
        return drive(api, folder, leg, person.end_pod, pace)


def resume(
    api: RunPod,
    out: Path,
    changed: dict[str, Any],
    person: Person,
    *,
    pace: Pace | None = None,
) -> dict[str, Any]:
    """Go on with a run on a new pod, from its last checkpoint; on the old pod where it lives.

    Args:
        changed: fields of Terms that are to differ from now on; hours and budget count the whole
            run, what it has spent included.

    Raises:
        InputError: no unfinished run, or nothing fits the terms.
    """
    pace = pace or Pace()
    require_ssh()
    with only_driver(out):
        folder = open_run_folder(out)
        state = folder.state
        leg = living_leg(api, folder, pace)
        state.terms = Terms.model_validate(state.terms.model_dump() | changed)
        if leg is not None and changed:
            note(f"The pod {leg.id} runs on by the terms it was rented for.")
        if leg is not None or folder.has_result():
            return drive(api, folder, leg, person.end_pod, pace)
        disk = state.disk()
        if disk and disk.id and volume_is_gone(api, disk.id):
            note(f"The volume {disk.name} is gone; a new one takes its place.")
            disk.ended = api.now()
        offers = offered(api, state, None, person)
        folder.save()
        return rent_and_drive(api, folder, offers, person, pace)


def refuse_unfinished(out: Path) -> None:
    """InputError where an earlier run on RunPod was not brought to its end."""
    if has_state(out):
        run = open_run_folder(out).state.run
        raise InputError(
            f"The run {run} on RunPod is unfinished.",
            hint=f"Go on with it: taxqa finetune --on runpod --resume --out {out}\n"
            f"To give it up: taxqa pods stop {run} and delete {folder_of(out)}",
        )


def living_leg(api: RunPod, folder: RunFolder, pace: Pace) -> Leg | None:
    """The run's pod, found by its name where its creation's answer was lost; None where it is
    gone, or stands and only costs (then it is ended)."""
    leg = folder.state.leg()
    pods = api.pods()
    sweep(api, folder, pods, pace)
    if leg is None:
        return None
    pod = present(api, leg, pods)
    if pod is not None and pod.status not in ("EXITED", "ERROR"):
        leg.id = pod.id
        folder.save()
        return leg
    end_leg(api, folder, leg, pace)
    return None


def offered(api: RunPod, state: RunState, needed: Need | None, person: Person) -> list[Offer]:
    """The offers within the terms, agreed to by the person.

    Raises:
        InputError: none, too little money or time left, or the person did not agree.
    """
    places = api.data_centers_with_volumes()
    if disk := state.disk():
        places &= {disk.data_center}
    if not places:
        raise InputError(
            "The data center of the run's volume offers none any more.",
            hint=f"Give the volume up and go on elsewhere: taxqa pods stop {state.run}",
        )
    offers = choose(api.gpus(), state.terms, needed, places)
    first, now = offers[0], api.now()
    disk_price = volume_usd_per_hour(state.volume_gb)
    per_hour = first.usd_per_hour + disk_price
    seconds = seconds_left(
        state.terms,
        usd_per_hour=per_hour,
        spent_usd=state.spent(now),
        used_seconds=state.used_seconds(now),
    )
    require_time(seconds, state.terms)
    expected = "" if first.hours is None else f", expected {first.hours:.1f} h"
    if not person.agree(
        f"{first.gpu} ({first.memory_gb:g} GB), {first.usd_per_hour:.2f} USD/h, and a volume of"
        f" {state.volume_gb} GB, {disk_price:.3f} USD/h{expected}.\n"
        f"At most {seconds / 3600:.1f} h and {state.spent(now) + per_hour * seconds / 3600:.2f} USD"
        f" in all ({state.spent(now):.2f} spent; budget {state.terms.budget:.2f}). If it is taken,"
        f" the next that fits, at most {state.terms.max_price:.2f} USD/h.\nRent it?"
    ):
        raise InputError("Nothing was rented.")
    return offers


def rent_and_drive(
    api: RunPod, folder: RunFolder, offers: list[Offer], person: Person, pace: Pace
) -> dict[str, Any]:
    """Rent the first offer that is to be had, and bring the run to its end."""
    try:
        leg = rent(api, folder, offers, pace)
    except BaseException:
        give_up_empty(api, folder, pace)
        raise
    return drive(api, folder, leg, person.end_pod, pace)


def rent(api: RunPod, folder: RunFolder, offers: list[Offer], pace: Pace) -> Leg:
    """A pod for the first offer that can be placed, beside the run's volume.

    Raises:
        ServiceError: no offer could be placed.
    """
    key = make_key(folder.path)
    problem = "no data center has one"
    former = folder.state.disk()
    centers = [former.data_center] if former else []
    if not former:
        centers = list(dict.fromkeys(place for offer in offers for place in offer.data_centers))
    for center in centers:
        try:
            disk = ensure_disk(api, folder, center, pace)
            for offer in (offer for offer in offers if center in offer.data_centers):
                note(f"Asking for {offer.gpu} in {center} …")
                try:
                    return ensure_pod(api, folder, offer, disk, key, pace)
                except NoCapacityError as error:
                    problem = error.message
        except NoCapacityError as error:
            problem = error.message
            continue
        if not former:
            end_disk(api, folder, disk, pace)
    raise ServiceError(
        f"No GPU that fits could be rented: {problem}",
        hint="Try later, or with another --gpu or a higher --max-price.",
    )
