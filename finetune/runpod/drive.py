"""From a rented pod to the run folder; and whatever happens, nothing that costs is left behind."""

import time
from collections.abc import Callable
from typing import Any

from finetune.runpod.api import RunPod
from finetune.runpod.follow import Ending, Watch, follow
from finetune.runpod.logs import PodLog
from finetune.runpod.offers import volume_usd_per_hour
from finetune.runpod.pods import (
    LOCAL,
    Pace,
    end_disk,
    end_leg,
    reckon,
    sweep,
    sweep_disks,
)
from finetune.runpod.result import report, take_result
from finetune.runpod.ssh import Link, LinkError
from finetune.runpod.state import Leg, RunFolder
from taxqa.errors import ProofError, ServiceError
from taxqa.progress import note

WHY = {
    "gone": "The pod ended before its result was here ({}).",
    "deadline": "The pod's time or money is up; it was ended.",
    "silent": "The pod gave no sign of life any more ({}); it was ended.",
    "dear": "The pod {}. It was ended; try again, or raise --max-price.",
    "unguarded": "The pod could not show that it can end itself; it was ended before it trained.",
}


def drive(
    api: RunPod, folder: RunFolder, leg: Leg | None, end_asked: Callable[[str], bool], pace: Pace
) -> dict[str, Any]:
    """Watch the run's pod to the end, take its result, end it; the report of the run.

    Args:
        leg: None where the result is here already and only the ending is left.
        end_asked: whether Ctrl-C shall end the pod (True) or let it train on.
    """
    link: Link | None = None
    if leg is not None and not folder.has_result():
        try:
            ending, link = watched(api, folder, leg, pace)
        except KeyboardInterrupt:
            interrupted(api, folder, leg, end_asked, pace)
            raise
        except BaseException:
            note(running(folder, leg))
            raise
        if ending.kind != "done":
            fail(api, folder, leg, ending, pace)
    try:
        finish(api, folder, link, pace)
    except BaseException:
        if leg is not None and leg.ended is None:
            note(running(folder, leg))
        raise
    return report(folder.out)


def watched(api: RunPod, folder: RunFolder, leg: Leg, pace: Pace) -> tuple[Ending, Link | None]:
    """Reach the pod and follow it; how that ended, and the way to the pod."""
    log_file = folder.path / f"log-{leg.name.rpartition('-')[2]}.txt"
    with PodLog(api, leg.id, log_file, pace.poll) as log:
        until = time.monotonic() + pace.boot
        status = ""
        while True:
            pod = api.pod(leg.id)
            if pod is None or pod.status in ("EXITED", "ERROR"):
                return Ending("gone", "TERMINATED" if pod is None else pod.status), None
            if dear := reckon(folder, leg, pod):
                return Ending("dear", dear), None
            if api.now() >= leg.deadline:
                return Ending("deadline"), None
            if pod.status != status:
                status = pod.status
                note(f"{leg.name} ({leg.gpu}, {leg.usd_per_hour:.2f} USD/h): {status}")
            if pod.status == "RUNNING" and pod.ssh and pod.ssh.direct:
                break
            if time.monotonic() >= until:
                return Ending("silent", f"it stayed {status}"), None
            time.sleep(pace.poll)
        link = Link(pod.ssh.direct, folder.path)
        link.forget_host()
        if log.has_host_key.wait(timeout=pace.settle):
            leg.host_key = log.host_key
            folder.save()
        if leg.host_key:  # a log that is long may not show any more what it showed before
            link.trust(leg.host_key)
        else:
            note("The pod's log shows no host key; the first one that it shows is trusted.")
        return follow(Watch(api, folder, leg, link, pace)), link


def finish(api: RunPod, folder: RunFolder, link: Link | None, pace: Pace) -> None:
    """Put the result in its place; then end what costs, and read back that it ended."""
    state = folder.state
    if not state.fetched:
        take_result(folder, api.now())
        state.fetched = True
        folder.save()
    if link is not None:
        tell_fetched(link, folder)
    note(f"{folder.out} is here; ending what was rented …")
    for leg in state.legs:
        if leg.ended is None:
            end_leg(api, folder, leg, pace)
    sweep(api, folder, api.pods(), pace)
    for disk in state.disks:
        if disk.ended is None:
            end_disk(api, folder, disk, pace)
    sweep_disks(api, folder, api.volumes(), pace)
    folder.remove()


def fail(api: RunPod, folder: RunFolder, leg: Leg, ending: Ending, pace: Pace) -> None:
    """End the pod of a training that did not come to its end, and say what is kept.

    Raises:
        ProofError: the training itself failed.
        ServiceError: the pod was lost, or had to be ended.
    """
    end_leg(api, folder, leg, pace)
    log = folder.path / f"log-{leg.name.rpartition('-')[2]}.txt"
    if ending.kind == "failed":
        lines = log.read_text(encoding="utf-8").splitlines() if log.is_file() else []
        last = "".join(f"\n  {line}" for line in lines[-8:])
        message = f"The training on the pod failed ({ending.detail}). Its last words:{last}"
        raise ProofError(message, hint=kept(api, folder, pace))
    message = WHY[ending.kind].format(ending.detail)
    raise ServiceError(message, hint=kept(api, folder, pace))


def kept(api: RunPod, folder: RunFolder, pace: Pace) -> str:
    """What is left of the run and how to go on; where that is nothing, nothing is left to pay."""
    if give_up_empty(api, folder, pace):
        return "Nothing was trained and nothing is left; the same command starts anew."
    state, disk = folder.state, folder.state.disk()
    said = f"Its checkpoints are kept: {state.checkpoint or 'none'} here"
    if disk:
        day = 24 * volume_usd_per_hour(disk.size_gb)
        said += f", and all on the volume {disk.name} ({day:.2f} USD a day until it is deleted)"
    return (
        f"{said}. {state.spent(api.now()):.2f} USD were spent.\n"
        f"Go on, also to fetch a result: taxqa finetune --on runpod --resume --out {folder.out}\n"
        f"To give it up: taxqa pods stop {state.run} and delete {folder.path}"
    )


def give_up_empty(api: RunPod, folder: RunFolder, pace: Pace) -> bool:
    """End the pod, and where no job ever reached one forget the run; whether it is forgotten."""
    state = folder.state
    for leg in state.legs:
        if leg.ended is None:
            end_leg(api, folder, leg, pace)
    if state.fetched or state.checkpoint or any(leg.uploaded for leg in state.legs):
        return False
    for disk in state.disks:
        if disk.ended is None:
            end_disk(api, folder, disk, pace)
    folder.remove()
    return True


def interrupted(
    api: RunPod, folder: RunFolder, leg: Leg, end_asked: Callable[[str], bool], pace: Pace
) -> None:
    """After Ctrl-C: end the pod where that is wanted, and say how it goes on."""
    if end_asked(f"End the pod {leg.id}? (No: it trains on, for {leg.usd_per_hour:.2f} USD/h.)"):
        end_leg(api, folder, leg, pace)
        note(f"The pod was ended. {kept(api, folder, pace)}")
    else:
        note(running(folder, leg))


def running(folder: RunFolder, leg: Leg) -> str:
    """That a pod goes on, until when, and how to come back to it."""
    until = time.strftime("%Y-%m-%d %H:%M", time.localtime(leg.deadline))
    return (
        f"The pod {leg.id} goes on ({leg.usd_per_hour:.2f} USD/h) and ends itself, at the latest"
        f" {until}.\nBack to it: taxqa finetune --attach --out {folder.out}\n"
        f"To end it: taxqa pods stop {leg.id}"
    )


def tell_fetched(link: Link, folder: RunFolder) -> None:
    """Tell the pod that its result is here; it ends itself then, should this machine not."""
    marker = folder.path / "fetched"
    marker.touch()
    try:
        link.put(marker, f"{LOCAL}/inbox/fetched")
    except LinkError as error:
        note(error.message)
