"""A whole run on the loopback RunPod: rented once, trained, fetched, ended, nothing left."""

import json
from pathlib import Path

import pytest
import yaml
from fake_runpod import KEY, Fault, gpu
from runpod_laptop import Laptop

from finetune.runpod.offers import Terms
from taxqa.errors import InputError, ServiceError
from taxqa.folders import digest, manifest_of


def test_a_run_is_rented_trained_fetched_and_ended(
    laptop: Laptop, capsys: pytest.CaptureFixture[str]
) -> None:
    report = laptop.start()
    assert laptop.steps() == [1, 2, 3, 4]
    laptop.nothing_is_left()
    assert laptop.fake.most_pods == 1

    [pod] = laptop.fake.pods.values()
    assert pod.body["gpu"]["id"] == "NVIDIA A40"  # the cheapest that fits
    manifest = manifest_of(laptop.out)
    assert manifest["inputs"]["dataset"] == {
        "path": str(laptop.dataset),
        "sha256": digest(laptop.dataset),
    }
    assert manifest["base_model"]["folder"] == laptop.config.base_model
    config = yaml.safe_load((laptop.out / "config.yaml").read_text(encoding="utf-8"))
    assert config == laptop.config.model_dump(mode="json")
    assert report["steps"] == 4
    assert report["runpod"]["pods"] == 1
    assert report["runpod"]["usd"] <= 0.01
    assert "bootstrap: training" in (laptop.out / "pod-p1.txt").read_text(encoding="utf-8")
    shown = capsys.readouterr().err
    assert shown.count("training from step 0") == 1  # though the stream breaks off again and again


def test_the_person_is_asked_once_and_told_price_and_total(laptop: Laptop) -> None:
    laptop.agrees = False
    with pytest.raises(InputError, match="Nothing was rented"):
        laptop.start()
    [question] = laptop.questions
    assert "NVIDIA A40 (48 GB), 0.40 USD/h" in question
    assert "At most 6.0 h and 2.41 USD in all" in question
    assert {method for method, _ in laptop.fake.calls} == {"GET"}
    laptop.nothing_is_left()


def test_no_secret_is_in_the_pods_settings_on_its_volume_or_in_a_file_here(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret_42")
    laptop.fake.trainer = {"fails_at": 3}
    with pytest.raises(Exception, match="failed"):
        laptop.start()
    [pod] = laptop.fake.pods.values()
    assert ("0", "training from step 0, with token") in [("0", line) for _, line in pod.log]
    volume = laptop.fake.volume_folder(pod.body["mounts"]["network"][0]["volumeId"])
    files = [path for folder in (laptop.folder / "runs", volume) for path in folder.rglob("*")]
    texts = [path.read_bytes() for path in files if path.is_file()]
    texts += [json.dumps(pod.body).encode(), "\n".join(line for _, line in pod.log).encode()]
    texts.append(capsys.readouterr().err.encode())
    assert len(texts) > 10
    for secret in ("hf_secret_42", KEY, pod.key):
        assert not [text for text in texts if secret.encode() in text]
    state = laptop.state()
    assert state.path.stat().st_mode & 0o077 == 0
    assert (state.path / "key").stat().st_mode & 0o077 == 0


def test_a_gpu_that_is_taken_gives_way_to_the_next_and_its_volume_is_deleted(
    laptop: Laptop,
) -> None:
    laptop.fake.gpus = [
        gpu("NVIDIA A40", 48, 0.4, ("EU-SE-1",), sold_out=True),
        gpu("NVIDIA GeForce RTX 4090", 24, 0.69, ("EU-SE-1", "US-KS-2")),
        gpu("NVIDIA L40S", 48, 0.79, ("US-KS-2",), sold_out=True),
    ]
    laptop.fake.gpus[1]["dataCenters"][0]["availability"] = "LOW"
    full = {"EU-SE-1"}

    def refuse(method: str, path: str, times: int) -> Fault | None:
        # Sold between the catalogue and the creation.
        taken = method == "POST" and path == "/pods" and times == 1
        return Fault(400, "no instances") if taken and full else None

    laptop.fake.fault = refuse
    laptop.start()
    [pod] = laptop.fake.pods.values()
    assert pod.body["gpu"]["id"] == "NVIDIA GeForce RTX 4090"
    assert pod.body["dataCenterIds"] == ["EU-SE-1" if not full else "US-KS-2"]
    assert len(laptop.fake.volumes) >= 1
    laptop.nothing_is_left()


def test_where_nothing_is_to_be_had_nothing_is_left(laptop: Laptop) -> None:
    for line in laptop.fake.gpus:
        line["sold_out"] = True
    with pytest.raises(ServiceError, match="no instances available") as error:
        laptop.start()
    assert "--max-price" in error.value.hint
    assert len(laptop.fake.volumes) == 2  # one in each data center, deleted again
    laptop.nothing_is_left()


def test_a_data_center_without_volumes_is_passed_over(laptop: Laptop) -> None:
    laptop.fake.no_volumes_in = {"EU-RO-1"}
    laptop.start()
    [pod] = laptop.fake.pods.values()
    assert pod.body["dataCenterIds"] == ["US-KS-2"]


def test_the_gpu_that_was_named_is_rented(laptop: Laptop) -> None:
    laptop.terms = Terms(gpu="NVIDIA GeForce RTX 4090", gpu_memory=20)
    laptop.start()
    [pod] = laptop.fake.pods.values()
    assert pod.body["gpu"] == {
        "id": "NVIDIA GeForce RTX 4090",
        "count": 1,
        "minCudaVersion": "13.0",
    }


def test_a_run_folder_that_is_there_is_not_replaced_unasked(laptop: Laptop) -> None:
    laptop.start()
    calls = len(laptop.fake.calls)
    with pytest.raises(InputError, match="already there"):
        laptop.start()
    assert len(laptop.fake.calls) == calls
    laptop.start(force=True)
    assert laptop.steps() == [1, 2, 3, 4]
    laptop.nothing_is_left()


def test_a_dataset_that_is_none_costs_nothing(laptop: Laptop, tmp_path: Path) -> None:
    laptop.dataset = tmp_path / "nowhere"
    with pytest.raises(InputError, match="no folder"):
        laptop.start()
    assert laptop.fake.calls == []
