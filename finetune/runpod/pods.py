"""Renting and ending: each thing once, by a name that was written down before, and read back."""

import base64
import gzip
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Protocol, TypeVar

from finetune.runpod.api import CONSOLE, NoCapacityError, Pod, RunPod, UnsureError, Volume
from finetune.runpod.offers import BILLING_MINUTE, Offer, seconds_left, volume_usd_per_hour
from finetune.runpod.state import Disk, Leg, RunFolder
from taxqa.errors import ServiceError
from taxqa.progress import note

IMAGE = "runpod/pytorch:1.0.3-cu1300-torch291-ubuntu2404"
"""Brings Python 3.12, pip and sshd; its PyTorch is not used, lock.txt has its own."""
LEAST_CUDA = "13.0"
"""Of the host's driver, for the PyTorch of lock.txt."""
POD_DISK_GB = 40
"""The pod's own disk, gone with it: packages and what waits to be fetched."""
MOUNT = "/workspace"
LOCAL = "/opt/taxqa"
START = (
    "bash -c 'mkdir -p /opt/taxqa; printenv TAXQA_GUARD | base64 -d | gunzip > /opt/taxqa/guard.py;"
    " (while :; do python3 /opt/taxqa/guard.py; sleep 2; done) & exec /start.sh'"
)
"""The pod's command: the guard, again where it is killed, beside the image's own start."""


@dataclass(frozen=True)
class Pace:
    """How patient the laptop and the pod are; seconds."""

    poll: float = 10
    """Between two looks at the pod."""
    boot: float = 1200
    """Until a pod that was rented has to take its job."""
    silence: float = 600
    """Without a sign of life, until the pod is given up."""
    linger: float = 600
    """That a pod with a result waits for someone to fetch it."""
    settle: float = 60
    """In which a thing whose creation was not answered may still show up."""
    tick: float = 5
    """Between two beats of the pod's guard."""
    confirm: float = 300
    """In which an end has to be read back."""


class Named(Protocol):
    """A pod or a volume."""

    @property
    def name(self) -> str:
        """As given at its creation."""


Thing = TypeVar("Thing", bound=Named)


def once(
    name: str, find: Callable[[], list[Thing]], create: Callable[[], Thing], pace: Pace
) -> Thing:
    """The thing of this name: found where an earlier try made it, else created; never twice.

    Raises:
        NoCapacityError: refused, and nothing of that name is there.
        ServiceError: five creations without an answer and without a trace.
    """
    for _ in range(5):
        found = [thing for thing in find() if thing.name == name]
        if found:
            return found[0]
        try:
            return create()
        except UnsureError as error:
            note(f"{error.message} Looking for {name} …")
            made = appeared(name, find, pace)
        if made:
            return made
    raise ServiceError(f"RunPod did not answer whether it made {name}.", hint=f"See {CONSOLE}.")


def appeared(name: str, find: Callable[[], list[Thing]], pace: Pace) -> Thing | None:
    """The thing of this name as soon as it shows up within the time to settle."""
    until = time.monotonic() + pace.settle
    while time.monotonic() < until:
        for thing in find():
            if thing.name == name:
                return thing
        time.sleep(min(pace.poll, pace.settle / 5))
    return None


def ensure_disk(api: RunPod, folder: RunFolder, data_center: str, pace: Pace) -> Disk:
    """The run's volume, made in this data center where there is none; its name is saved first.

    Raises:
        NoCapacityError: no volume is to be had there.
    """
    state = folder.state
    disk = state.disk()
    if disk is None:
        name = f"{state.run}-v{len(state.disks) + 1}"
        disk = Disk(name=name, data_center=data_center, size_gb=state.volume_gb, asked=api.now())
        state.disks.append(disk)
        folder.save()
    if not disk.id:
        try:
            disk.id = once(
                disk.name,
                api.volumes,
                lambda: api.create_volume(disk.name, disk.size_gb, disk.data_center),
                pace,
            ).id
        except NoCapacityError:
            disk.ended = disk.asked
            raise
        finally:
            folder.save()
    return disk


def ensure_pod(
    api: RunPod, folder: RunFolder, offer: Offer, disk: Disk, public_key: str, pace: Pace
) -> Leg:
    """A pod for this offer beside the volume, within hours and budget; its name is saved first.

    Raises:
        NoCapacityError: not to be had; nothing is rented.
    """
    state = folder.state
    leg = state.leg()
    if leg is None:
        now = api.now()
        name = f"{state.run}-p{len(state.legs) + 1}"
        leg = Leg(
            name=name,
            gpu=offer.gpu,
            data_center=disk.data_center,
            usd_per_hour=offer.usd_per_hour,
            asked=now,
            deadline=deadline(folder, offer.usd_per_hour, disk, now),
        )
        state.legs.append(leg)
        folder.save()
    if leg.id:
        return leg
    try:
        body = pod_request(leg, disk, api.url, public_key, pace)
        pod = once(leg.name, api.pods, lambda: api.create_pod(body), pace)
    except NoCapacityError:
        leg.ended = leg.asked
        folder.save()
        raise
    leg.id = pod.id
    folder.save()
    return leg


def present(api: RunPod, leg: Leg, pods: Iterable[Pod]) -> Pod | None:
    """A run's pod: listed, by name where its id was never told; as lists may lag behind, an id that
    is in none is also read by itself."""
    if not leg.id:
        return next((pod for pod in pods if pod.name == leg.name), None)
    return next((pod for pod in pods if pod.id == leg.id), None) or api.pod(leg.id)


def reckon(folder: RunFolder, leg: Leg, pod: Pod) -> str:
    """Take what a pod really costs into the books; what is wrong where it is above the limit."""
    cost, limit, disk = pod.cost or 0, folder.state.terms.max_price, folder.state.disk()
    if cost > leg.usd_per_hour:
        leg.usd_per_hour = cost
        if disk:
            leg.deadline = min(leg.deadline, deadline(folder, cost, disk, leg.asked, leg))
        folder.save()
    return f"costs {cost:.2f}; the limit is {limit:.2f} USD/h" if cost > limit else ""


def deadline(
    folder: RunFolder, usd_per_hour: float, disk: Disk, asked: float, leg: Leg | None = None
) -> float:
    """When a pod asked for at `asked` has to end, a billing minute kept for the ending itself."""
    state = folder.state
    earlier = state.model_copy(update={"legs": [other for other in state.legs if other is not leg]})
    seconds = seconds_left(
        state.terms,
        usd_per_hour=usd_per_hour + volume_usd_per_hour(disk.size_gb),
        spent_usd=earlier.spent(asked),
        used_seconds=earlier.used_seconds(asked),
    )
    return asked + max(0.0, seconds - BILLING_MINUTE)


def pod_request(leg: Leg, disk: Disk, api_url: str, public_key: str, pace: Pace) -> dict[str, Any]:
    """The body of the creation; env can be read by every key of the account: no secret in it."""
    guard = files("finetune.runpod").joinpath("guard.py").read_bytes()
    hours = (leg.deadline - leg.asked) / 3600
    env = {
        "PUBLIC_KEY": public_key,
        "TAXQA_API": api_url,
        "TAXQA_GUARD": base64.b64encode(gzip.compress(guard, mtime=0)).decode(),
        "TAXQA_LOCAL": LOCAL,
        "TAXQA_VOLUME": f"{MOUNT}/taxqa",
        "TAXQA_HOST_KEY": "/etc/ssh/ssh_host_ed25519_key.pub",
        "TAXQA_ASKED": f"{leg.asked:.0f}",
        "TAXQA_DEADLINE": f"{leg.deadline:.0f}",
        "TAXQA_USD_PER_HOUR": f"{leg.usd_per_hour:.6f}",
        "TAXQA_MOST_USD": f"{hours * leg.usd_per_hour:.6f}",
        "TAXQA_BOOT": f"{pace.boot:g}",
        "TAXQA_LINGER": f"{pace.linger:g}",
        "TAXQA_TICK": f"{pace.tick:g}",
    }
    return {
        "name": leg.name,
        "image": IMAGE,
        "gpu": {"id": leg.gpu, "count": 1, "minCudaVersion": LEAST_CUDA},
        "cloud": "SECURE",
        "dataCenterIds": [disk.data_center],
        "disk": POD_DISK_GB,
        "mounts": {"network": [{"volumeId": disk.id, "path": MOUNT}]},
        "ports": ["22/tcp"],
        "startSsh": True,
        "args": START,
        "env": env,
    }


def end_leg(api: RunPod, folder: RunFolder, leg: Leg, pace: Pace) -> None:
    """End a pod of the run and read back that it is gone; one that never came to be is closed."""
    end_rented(leg, api.pods, lambda id: end_pod(api, id, pace), api, folder, pace, leg.deadline)


def end_rented(
    thing: Leg | Disk,
    listed: Callable[[], list[Any]],
    end: Callable[[str], None],
    api: RunPod,
    folder: RunFolder,
    pace: Pace,
    latest: float = math.inf,
) -> None:
    """End all that was rented under a name, and note when; one that never came to be is closed.

    Args:
        latest: when it has ended itself, where it is gone already.
    """
    ids = {each.id for each in listed() if each.name == thing.name}
    gone = bool(thing.id) and not ids
    ids |= {thing.id} if thing.id else set()
    if not ids:
        late = appeared(thing.name, listed, pace)
        ids = {late.id} if late else set()
    for each_id in ids:
        end(each_id)
    thing.ended = api.now() if ids else thing.asked
    if gone:
        thing.ended = min(thing.ended, latest)
    folder.save()


def end_pod(api: RunPod, pod_id: str, pace: Pace) -> None:
    """End a pod, and read back that it is gone.

    Raises:
        ServiceError: it is still there after pace.confirm seconds; the message says so loudly.
    """
    confirmed(
        lambda: api.delete_pod(pod_id),
        lambda: api.pod(pod_id) is None and pod_id not in {pod.id for pod in api.pods()},
        f"The pod {pod_id} at {CONSOLE}/pods",
        pace,
    )


def end_disk(api: RunPod, folder: RunFolder, disk: Disk, pace: Pace) -> None:
    """Delete a volume of the run, and read back that it is gone."""
    end_rented(disk, api.volumes, lambda id: end_volume(api, id, pace), api, folder, pace)


def end_volume(api: RunPod, volume_id: str, pace: Pace) -> None:
    """Delete a volume, and read back that it is gone; errors as `end_pod`."""
    confirmed(
        lambda: api.delete_volume(volume_id),
        lambda: volume_is_gone(api, volume_id),
        f"The volume {volume_id} at {CONSOLE}/user/storage",
        pace,
    )


def volume_is_gone(api: RunPod, volume_id: str) -> bool:
    """Whether a volume is neither to be read nor listed; one of the two may err."""
    return api.volume(volume_id) is None and volume_id not in {disk.id for disk in api.volumes()}


def confirmed(ask: Callable[[], object], gone: Callable[[], bool], what: str, pace: Pace) -> None:
    """Ask for an end until it can be read back; ServiceError where it never can."""
    until, problem = time.monotonic() + pace.confirm, "it is still there"
    while True:
        for act in (ask, gone):
            try:
                if act():
                    return
            except ServiceError as error:  # refused because it ends already, perhaps
                problem = error.message
        if time.monotonic() >= until:
            raise ServiceError(
                f"{what} could not be seen to end: {problem}",
                hint="It may still cost money: end it there by hand.",
            )
        time.sleep(min(pace.poll, 5))


def sweep(api: RunPod, folder: RunFolder, pods: Iterable[Pod], pace: Pace) -> None:
    """End what bears the run's name and is not its pod: the second of a creation whose first
    answer was lost, or a pod that showed up after it was given up."""
    current = folder.state.leg()
    for pod in pods:
        ours = pod.name.rpartition("-p")[0] == folder.state.run
        if ours and (current is None or current.id not in ("", pod.id)):
            note(f"Ending {pod.id}, a pod of this run that nobody uses …")
            end_pod(api, pod.id, pace)


def sweep_disks(api: RunPod, folder: RunFolder, volumes: Iterable[Volume], pace: Pace) -> None:
    """Delete volumes that bear the run's name and are not its volume."""
    current = folder.state.disk()
    for volume in volumes:
        ours = volume.name.rpartition("-v")[0] == folder.state.run
        if ours and (current is None or current.id not in ("", volume.id)):
            note(f"Deleting {volume.id}, a volume of this run that nobody uses …")
            end_volume(api, volume.id, pace)
