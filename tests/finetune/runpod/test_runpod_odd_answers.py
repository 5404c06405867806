"""RunPod answers late, oddly or not at all: no pod is lost sight of, none is ended in error."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from fake_runpod import KEY, FakePod, FakeRunPod, Fault
from runpod_laptop import Dead, Laptop, only, said

from cli.pods import rented_now
from finetune.runpod import follow
from finetune.runpod.api import Pod, RunPod
from finetune.runpod.pods import sweep
from taxqa.errors import ProofError, ServiceError
from taxqa.progress import Bar


def raw(fake: FakeRunPod, answers: Callable[[str, str], tuple[int, Any] | None]) -> None:
    """Let some calls of the laptop be answered by the test."""
    right = fake.answer

    def answer(method: str, path: str, body: Any, key: str) -> tuple[int, Any]:
        found = answers(method, path) if key == KEY else None
        return right(method, path, body, key) if found is None else found

    fake.answer = answer  # type: ignore[method-assign]


def test_things_of_others_in_the_account_that_cannot_be_read_are_passed_over(
    laptop: Laptop,
) -> None:
    fake, right = laptop.fake, laptop.fake.listed
    foreign = [
        {"id": "a b/..", "name": "theirs", "status": "RUNNING"},
        {"id": "x1", "name": None, "status": None, "cost": None},
        {"id": None, "name": 7},
        "no pod at all",
    ]
    fake.listed = lambda things, ids: [*foreign, *right(things, ids)]  # type: ignore[method-assign]
    laptop.start()
    assert laptop.steps() == [1, 2, 3, 4]
    fake.listed = right  # type: ignore[method-assign]
    laptop.nothing_is_left()


def test_a_pod_without_a_price_yet_is_ended_when_its_price_turns_out_too_high(
    laptop: Laptop,
) -> None:
    fake, right = laptop.fake, laptop.fake.shown
    fake.trainer = {"hangs_at": 1}

    def shown(pod: FakePod) -> dict[str, Any]:
        return right(pod) | {"cost": 9.0 if pod.status == "RUNNING" else None}

    fake.shown = shown  # type: ignore[method-assign]
    with pytest.raises(ServiceError, match=r"costs 9\.00; the limit is 0\.80"):
        laptop.start()
    assert not said(only(laptop), "training")
    laptop.nothing_is_left()


def test_a_list_that_lags_behind_does_not_end_the_pod(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.fake.hides_first = laptop.fake.hides_new = 10_000
    laptop.fake.trainer = {"steps": 6, "seconds": 0.2}
    with monkeypatch.context() as patch:
        show = follow.Watch.show

        def die(watch: follow.Watch, look: follow.Look, view: Bar) -> None:
            show(watch, look, view)
            if len(look.metrics) > 2:
                raise Dead

        patch.setattr(follow.Watch, "show", die)
        with pytest.raises(Dead):
            laptop.start()
    laptop.attach()
    assert laptop.steps() == [1, 2, 3, 4, 5, 6]
    assert len(laptop.fake.pods) == 1
    assert laptop.fake.living() == []


def test_a_404_of_one_address_is_no_proof_that_a_pod_is_gone(laptop: Laptop) -> None:
    def fault(method: str, path: str, times: int) -> Fault | None:
        lost = path.startswith("/pods/") and laptop.out.is_dir() and times < 60
        if method == "DELETE" and lost and times < 3:
            return Fault(502, "bad gateway")
        return Fault(404, "page not found") if lost else None

    laptop.fake.fault = fault
    laptop.fake.pod_may = {"GET"}
    laptop.start()
    laptop.nothing_is_left()


def test_a_404_of_its_address_is_no_proof_that_a_volume_is_gone(laptop: Laptop) -> None:
    laptop.fake.trainer = {"fails_at": 4}
    with pytest.raises(ProofError):
        laptop.start()
    laptop.fake.trainer = {}
    laptop.fake.fault = lambda method, path, times: (
        Fault(404, "page not found")
        if (method, times) == ("GET", 0) and path.startswith("/network-volumes/")
        else None
    )
    laptop.resume()
    assert laptop.steps() == [1, 2, 3, 4]
    assert len(laptop.fake.volumes) == 1
    laptop.nothing_is_left()


@pytest.mark.parametrize("found", [{"error": "oops"}, [], "ok", None, {"id": "a/../b"}])
def test_a_creation_answered_by_what_is_no_pod_leaves_none_behind(
    laptop: Laptop, found: object
) -> None:
    done: list[int] = []

    def answers(method: str, path: str) -> tuple[int, Any] | None:
        if (method, path) == ("POST", "/pods") and not done:
            done.append(1)
            body = json.loads(json.dumps(request_of(laptop)))
            laptop.fake.create_pod(body)
            return 201, found
        return None

    raw(laptop.fake, answers)
    laptop.start()
    assert laptop.steps() == [1, 2, 3, 4]
    assert len(laptop.fake.pods) == 1
    laptop.nothing_is_left()


def request_of(laptop: Laptop) -> dict[str, Any]:
    """The body that the laptop's state stands for."""
    from finetune.runpod.pods import pod_request

    folder = laptop.state()
    leg, disk = folder.state.leg(), folder.state.disk()
    assert leg and disk
    public = (folder.path / "key.pub").read_text(encoding="utf-8").strip()
    return pod_request(leg, disk, laptop.fake.url, public, laptop.pace)


def test_a_run_whose_name_begins_like_another_is_not_ended_with_it(laptop: Laptop) -> None:
    ended: list[str] = []

    class Api(RunPod):
        def delete_pod(self, pod_id: str) -> None:
            ended.append(pod_id)

        def pod(self, pod_id: str) -> Pod | None:
            return None

        def pods(self) -> list[Pod]:
            return []

    laptop.fake.trainer = {"fails_at": 1}
    with pytest.raises(ProofError):
        laptop.start()
    folder = laptop.state()
    run = folder.state.run
    theirs = Pod(id="theirs", name=f"{run}-p1-00c0ffee-p1", status="RUNNING")
    ours = Pod(id="ours", name=f"{run}-p7", status="RUNNING")
    sweep(Api(KEY, laptop.fake.url), folder, [theirs, ours], laptop.pace)
    assert ended == ["ours"]


@pytest.mark.parametrize("created", ["2026-11-23T10:00:00", "2026-11-23T10:00:00Z", "yesterday"])
def test_pods_are_listed_whatever_their_time_of_creation_looks_like(
    fake: FakeRunPod, monkeypatch: pytest.MonkeyPatch, created: str
) -> None:
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    pod = {"id": "p", "name": "taxqa-a-1-p1", "status": "RUNNING", "cost": 1, "createdAt": created}
    raw(fake, lambda method, path: (200, {"pods": [pod]}) if path == "/pods" else None)
    with RunPod(KEY, fake.url) as api:
        monkeypatch.setattr(RunPod, "now", lambda self: 1795435200.0)  # 2026-11-23T12:00:00Z
        [line] = rented_now(api)["pods"]
    monkeypatch.undo()
    time.tzset()
    assert line["hours"] == (0 if created == "yesterday" else 2)
