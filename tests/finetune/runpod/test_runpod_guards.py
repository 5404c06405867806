"""What protects the money: every way in which a run can go wrong ends what costs."""

import json
import os
from dataclasses import replace

import pytest
from fake_runpod import Fault
from runpod_laptop import QUICK, Dead, Laptop, heard, left_alone, only, said, until

from finetune.runpod import follow, offers, pods
from finetune.runpod.offers import Terms
from finetune.runpod.ssh import Link
from taxqa.errors import InputError, ProofError, ServiceError
from taxqa.progress import Bar


def dies_when(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, condition: str, what: type[BaseException]
) -> None:
    """The laptop is killed at a look at the pod: 'sent' = once the job is on it, or a step."""
    show = follow.Watch.show

    def die(watch: follow.Watch, look: follow.Look, view: Bar) -> None:
        show(watch, look, view)
        steps = [line["step"] for line in look.metrics]
        if (condition == "sent" and look.status.get("job")) or condition in map(str, steps):
            raise what

    monkeypatch.setattr(follow.Watch, "show", die)


def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let runs of seconds be allowed, whose deadlines come while one waits."""
    monkeypatch.setattr(offers, "LEAST_SECONDS", 0)
    monkeypatch.setattr(pods, "BILLING_MINUTE", 0)


def billed_within(laptop: Laptop) -> None:
    """What was billed is within the budget and one billing minute."""
    pod, budget = only(laptop), laptop.terms.budget
    assert pod.billed() <= budget + pod.cost / 60


# The pod alone, its laptop gone.


def test_a_pod_whose_laptop_is_gone_ends_itself_at_the_deadline(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.terms = Terms(gpu_memory=20, max_hours=1)
    laptop.fake.trainer = {"hangs_at": 3}
    dies_when(laptop, monkeypatch, "sent", Dead)
    with pytest.raises(Dead):
        laptop.start()
    laptop.fake.ahead = 3600
    until(lambda: not laptop.fake.living(), "the pod ends itself")
    heard(only(laptop), "guard: the pod ends: its deadline has come")
    until(lambda: not only(laptop).processes(), "nothing runs on")


def test_a_pod_that_costs_more_than_it_was_offered_for_ends_itself_when_the_money_is_spent(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    short(monkeypatch)
    laptop.terms = Terms(gpu_memory=20, max_price=7200, budget=8)
    for line in laptop.fake.gpus:
        line["price"]["secure"] = 72
    laptop.fake.trainer = {"hangs_at": 1}
    dies_when(laptop, monkeypatch, "sent", Dead)
    with pytest.raises(Dead):
        laptop.start()
    only(laptop).cost = 7200  # nobody there to see it but the guard
    until(lambda: not laptop.fake.living(), "the pod ends itself")
    heard(only(laptop), "guard: the pod ends: its money is spent")
    billed_within(laptop)


def test_a_pod_to_which_nobody_sends_a_job_ends_itself(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise Dead

    monkeypatch.setattr(follow.Watch, "bring_job", die)
    with pytest.raises(Dead):
        laptop.start()
    left_alone(only(laptop))
    until(lambda: not laptop.fake.living(), "the pod ends itself")
    heard(only(laptop), "nobody sent a job")


@pytest.mark.parametrize("trainer", [{}, {"fails_at": 3}])
def test_a_pod_whose_training_ended_or_crashed_waits_for_a_while_and_ends_itself(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, trainer: dict[str, int]
) -> None:
    laptop.fake.trainer = trainer
    dies_when(laptop, monkeypatch, "sent", Dead)
    with pytest.raises(Dead):
        laptop.start()
    left_alone(only(laptop))
    until(lambda: not laptop.fake.living(), "the pod ends itself")
    heard(only(laptop), "nobody fetched its result")


def test_a_guard_that_is_killed_comes_back_and_the_run_goes_on(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.fake.trainer = {"steps": 8, "seconds": 0.3}
    show, killed = follow.Watch.show, []

    def kill(watch: follow.Watch, look: follow.Look, view: Bar) -> None:
        show(watch, look, view)
        if look.metrics and not killed:
            killed.append(True)
            only(laptop).kill("guard.py")

    monkeypatch.setattr(follow.Watch, "show", kill)
    laptop.start()
    assert killed
    assert laptop.steps() == list(range(1, 9))
    laptop.nothing_is_left()


# The laptop, its pod gone wrong.


def test_the_laptop_ends_the_pod_at_the_deadline_itself(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.terms = Terms(gpu_memory=20, max_hours=1)
    laptop.fake.pod_may = {"GET"}  # the guard cannot
    laptop.fake.trainer = {"hangs_at": 3}
    show = follow.Watch.show

    def late(watch: follow.Watch, look: follow.Look, view: Bar) -> None:
        show(watch, look, view)
        laptop.fake.ahead = 3600.0 if look.metrics else 0.0

    monkeypatch.setattr(follow.Watch, "show", late)
    with pytest.raises(ServiceError, match="time or money is up") as error:
        laptop.start()
    assert "--resume" in error.value.hint
    assert laptop.fake.living() == []
    assert len(laptop.fake.living_volumes()) == 1


def test_a_pod_that_cannot_end_itself_is_ended_before_it_trains(laptop: Laptop) -> None:
    laptop.fake.pod_may = set()
    with pytest.raises(ServiceError, match="could not show that it can end itself"):
        laptop.start()
    assert not said(only(laptop), "training")
    laptop.nothing_is_left()


@pytest.mark.parametrize("status", ["ERROR", "EXITED"])
def test_a_pod_that_does_not_come_up_is_ended_and_nothing_is_left(
    laptop: Laptop, status: str
) -> None:
    laptop.fake.breaks_boot = status
    with pytest.raises(ServiceError, match=status) as error:
        laptop.start()
    assert "nothing is left" in error.value.hint
    laptop.nothing_is_left()


def test_a_pod_that_stays_provisioning_is_given_up(laptop: Laptop) -> None:
    laptop.fake.breaks_boot = "PROVISIONING"
    laptop.pace = replace(laptop.pace, boot=0.5)
    with pytest.raises(ServiceError, match="stayed PROVISIONING"):
        laptop.start()
    laptop.nothing_is_left()


def test_a_failed_training_ends_the_pod_and_goes_on_from_its_checkpoint(laptop: Laptop) -> None:
    laptop.fake.trainer = {"fails_at": 4}
    with pytest.raises(ProofError, match=r"(?s)status 1.*the training diverged") as error:
        laptop.start()
    assert laptop.fake.living() == []
    assert len(laptop.fake.living_volumes()) == 1
    for part in ("checkpoint-2.tar here", "USD a day", "--resume", "taxqa pods stop taxqa-run-"):
        assert part in error.value.hint
    with pytest.raises(InputError, match="unfinished"):
        laptop.start()
    with pytest.raises(InputError, match="No pod of the run"):
        laptop.attach()

    laptop.fake.trainer = {}
    laptop.resume()
    assert laptop.steps() == [1, 2, 3, 4]
    second = list(laptop.fake.pods.values())[1]
    heard(second, "training from step 2")
    assert laptop.fake.most_pods == 1
    laptop.nothing_is_left()


@pytest.mark.parametrize("program", ["fake_trainer.py", "bootstrap.py"])
def test_a_process_killed_on_the_pod_is_a_failed_training(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    laptop.fake.trainer = {"hangs_at": 3}
    show = follow.Watch.show

    def kill(watch: follow.Watch, look: follow.Look, view: Bar) -> None:
        show(watch, look, view)
        if look.index:
            only(laptop).kill(program)

    monkeypatch.setattr(follow.Watch, "show", kill)
    with pytest.raises(ProofError, match="failed"):
        laptop.start()
    assert laptop.fake.living() == []
    until(lambda: not only(laptop).processes(), "nothing runs on")


def test_a_container_that_dies_is_ended_and_the_run_goes_on_elsewhere(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.fake.trainer = {"hangs_at": 3}
    show = follow.Watch.show

    def kill(watch: follow.Watch, look: follow.Look, view: Bar) -> None:
        show(watch, look, view)
        if look.index:
            only(laptop).kill()

    with monkeypatch.context() as patch:
        patch.setattr(follow.Watch, "show", kill)
        with pytest.raises(ServiceError, match="EXITED"):
            laptop.start()
    assert laptop.fake.living() == []
    laptop.fake.trainer = {}
    laptop.resume()
    assert laptop.steps() == [1, 2, 3, 4]
    laptop.nothing_is_left()


def test_a_pod_without_a_sign_of_life_is_ended_and_its_volume_kept(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.fake.trainer = {"hangs_at": 3}
    show = follow.Watch.show

    def cut(watch: follow.Watch, look: follow.Look, view: Bar) -> None:
        show(watch, look, view)
        if look.index and watch.pace.silence > 1:
            watch.pace = replace(watch.pace, silence=0.5)
            port = laptop.fake.root / "ports" / f"{only(laptop).port}.json"
            where = json.loads(port.read_text(encoding="utf-8"))
            port.write_text(json.dumps(where | {"down": True}), encoding="utf-8")

    monkeypatch.setattr(follow.Watch, "show", cut)
    with pytest.raises(ServiceError, match="no sign of life"):
        laptop.start()
    assert laptop.fake.living() == []
    assert len(laptop.fake.living_volumes()) == 1


def test_a_long_step_is_no_silence(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    laptop.pace = replace(laptop.pace, silence=5)
    laptop.fake.trainer = {"steps": 1, "seconds": 7}
    laptop.start()
    assert laptop.steps() == [1]


def test_a_network_that_is_gone_here_ends_nothing(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.fake.trainer = {"hangs_at": 3}
    looks: list[int] = []
    look, pods_of = follow.Watch.look, follow.Watch.ours

    def unreachable(watch: follow.Watch) -> bool:
        return 3 < len(looks) < 9

    def cut(watch: follow.Watch) -> follow.Look:
        looks.append(1)
        watch.pace = replace(watch.pace, silence=0.0)  # as if long asleep
        if unreachable(watch):
            raise follow.LinkError("no route to host")
        if len(looks) > 12:
            laptop.fake.trainer = {}
            raise Dead
        return look(watch)

    def no_api(watch: follow.Watch) -> object:
        if unreachable(watch):
            looks.append(1)
            raise ServiceError("RunPod could not be reached")
        return pods_of(watch)

    monkeypatch.setattr(follow.Watch, "look", cut)
    monkeypatch.setattr(follow.Watch, "ours", no_api)
    monkeypatch.setattr(follow.Watch, "silent", lambda watch: not watch.beat or 3 < len(looks) < 10)
    with pytest.raises(Dead):
        laptop.start()
    assert len(laptop.fake.living()) == 1


def test_ctrl_c_ends_the_pod_after_asking(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dies_when(laptop, monkeypatch, "2", KeyboardInterrupt)
    laptop.fake.trainer = {"hangs_at": 3}
    with pytest.raises(KeyboardInterrupt):
        laptop.start()
    assert "End the pod" in laptop.questions[-1]
    assert laptop.fake.living() == []
    assert "--resume" in capsys.readouterr().err


def test_ctrl_c_may_leave_the_pod_and_attach_comes_back_to_it(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.ends_pod = False
    laptop.fake.trainer = {"steps": 8, "seconds": 0.2}
    with monkeypatch.context() as patch:
        dies_when(laptop, patch, "2", KeyboardInterrupt)
        with pytest.raises(KeyboardInterrupt):
            laptop.start()
    assert len(laptop.fake.living()) == 1
    assert "--attach" in capsys.readouterr().err
    laptop.attach()
    assert laptop.steps() == list(range(1, 9))
    assert len(laptop.fake.pods) == 1
    laptop.nothing_is_left()


# The service.


@pytest.mark.parametrize("path", ["/pods", "/network-volumes"])
@pytest.mark.parametrize("hides_new", [0, 3])
def test_what_was_made_though_its_answer_was_lost_is_found_by_its_name(
    laptop: Laptop, path: str, hides_new: int
) -> None:
    laptop.pace = replace(laptop.pace, settle=100)
    laptop.fake.hides_new = hides_new
    laptop.fake.fault = lambda method, asked, times: (
        Fault(lost=True) if (method, asked, times) == ("POST", path, 0) else None
    )
    laptop.start()
    assert laptop.fake.calls.count(("POST", path)) == 1
    assert len(laptop.fake.pods) == len(laptop.fake.volumes) == 1
    laptop.nothing_is_left()


def test_a_second_pod_of_a_creation_that_showed_up_late_is_ended(laptop: Laptop) -> None:
    laptop.fake.hides_first = 1_000_000  # longer than anyone waits

    def gate(count: int, what: str) -> None:
        if len(laptop.fake.pods) == 2:
            laptop.fake.hidden.clear()

    laptop.fake.gate = gate
    laptop.fake.fault = lambda method, asked, times: (
        Fault(lost=True) if (method, asked, times) == ("POST", "/pods", 0) else None
    )
    laptop.start()
    assert len(laptop.fake.pods) == 2
    laptop.nothing_is_left()


def test_errors_that_pass_are_waited_out(laptop: Laptop) -> None:
    def fault(method: str, path: str, times: int) -> Fault | None:
        if times == 0:
            return Fault(429, "rate limit exceeded", (("Retry-After", "0"),))
        return Fault(503, "upstream") if times == 1 else None

    laptop.fake.fault = fault
    laptop.start()
    assert len(laptop.fake.pods) == 1
    laptop.nothing_is_left()


def test_a_pod_whose_price_is_above_the_limit_is_ended_at_once(laptop: Laptop) -> None:
    laptop.fake.cost = 0.81
    with pytest.raises(ServiceError, match=r"costs 0\.81; the limit is 0\.80"):
        laptop.start()
    laptop.nothing_is_left()


def test_a_price_that_moved_within_the_limit_shortens_the_run(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.fake.cost = 0.8
    laptop.terms = Terms(gpu_memory=20, budget=0.8, max_hours=6)
    dies_when(laptop, monkeypatch, "sent", Dead)
    with pytest.raises(Dead):
        laptop.start()
    leg = laptop.state().state.legs[0]
    assert leg.usd_per_hour == 0.8
    assert 3400 < leg.deadline - leg.asked < 3600


def test_an_end_is_read_back_and_asked_for_again(laptop: Laptop) -> None:
    refused: list[str] = []

    def fault(method: str, path: str, times: int) -> Fault | None:
        if method == "DELETE" and len(refused) < 4:
            refused.append(path)
            return Fault(409, "the pod is busy")
        return None

    laptop.fake.fault = fault
    laptop.start()
    assert len(refused) == 4
    laptop.nothing_is_left()


def test_an_end_that_cannot_be_confirmed_is_said_loudly_and_finished_later(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop.pace = replace(laptop.pace, confirm=0.3)
    laptop.fake.pod_may = {"GET"}
    laptop.fake.fault = lambda method, path, times: (
        Fault(409, "the pod is locked") if method == "DELETE" else None
    )
    with pytest.raises(ServiceError, match=r"console\.runpod\.io/pods could not be seen to end"):
        laptop.start()
    assert laptop.steps() == [1, 2, 3, 4]  # the result is here, whatever else
    assert len(laptop.fake.living()) == 1
    laptop.fake.fault = lambda method, path, times: None
    laptop.pace = QUICK
    laptop.attach()
    laptop.nothing_is_left()


def test_a_result_that_nobody_fetched_lies_on_the_volume_and_is_fetched_without_training_again(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        dies_when(laptop, patch, "sent", Dead)
        with pytest.raises(Dead):
            laptop.start()
    left_alone(only(laptop))
    until(lambda: not laptop.fake.living(), "the pod ends itself")
    with pytest.raises(InputError, match="No pod") as error:
        laptop.attach()
    assert "--resume" in error.value.hint
    laptop.resume()
    assert laptop.steps() == [1, 2, 3, 4]
    assert not said(list(laptop.fake.pods.values())[1], "training from step")
    laptop.nothing_is_left()


def test_a_volume_that_is_gone_is_replaced_and_the_checkpoint_from_here_goes_on(
    laptop: Laptop,
) -> None:
    laptop.fake.trainer = {"fails_at": 4}
    with pytest.raises(ProofError):
        laptop.start()
    for volume in laptop.fake.volumes.values():
        volume["gone"] = True
    laptop.fake.trainer = {}
    laptop.resume()
    heard(list(laptop.fake.pods.values())[1], "took over the checkpoint of step 2")
    assert laptop.steps() == [1, 2, 3, 4]
    laptop.nothing_is_left()


def test_a_budget_that_is_spent_is_not_spent_again(laptop: Laptop) -> None:
    laptop.fake.trainer = {"fails_at": 4}
    with pytest.raises(ProofError):
        laptop.start()
    folder = laptop.state()
    folder.state.legs[0].asked -= 12.4 * 3600  # 4.96 USD
    folder.state.legs[0].ended = laptop.fake.pods[folder.state.legs[0].id].ended
    folder.save()
    with pytest.raises(InputError, match="count the whole run"):
        laptop.resume(max_hours=24.0)
    assert laptop.fake.living() == []
    laptop.fake.trainer = {}
    assert laptop.resume(max_hours=24.0, budget=6.0)["runpod"]["usd"] >= 4.96
    assert "4.96 spent; budget 6.00" in laptop.questions[-1]


def test_a_pod_with_another_host_key_gets_nothing(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust = Link.trust

    def other(link: Link, key: str) -> None:
        trust(link, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIothers")

    monkeypatch.setattr(Link, "trust", other)
    laptop.pace = replace(laptop.pace, silence=1, settle=100)
    with pytest.raises(ServiceError, match="Host key verification failed"):
        laptop.start()
    assert not (only(laptop).root / "opt" / "taxqa" / "inbox" / "job.tar").exists()
    laptop.nothing_is_left()


def test_the_environment_of_the_training_has_no_key_of_runpod(laptop: Laptop) -> None:
    laptop.start()  # the fake trainer asserts it
    assert "RUNPOD_API_KEY" not in os.environ
