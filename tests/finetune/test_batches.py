"""Packed and grouped rows train what the same rows train one by one."""

import itertools
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import tiny_model
from tiny_runs import record, settings, write_dataset

from finetune import fit, loop
from finetune.batches import (
    Collator,
    as_dataset,
    fill,
    length_sampler,
    pack,
    require_rows_apart,
    steps_an_epoch,
)
from finetune.config import TrainConfig, TrainingArgs, load_config
from finetune.metrics import read_metrics
from finetune.rows import IGNORED, Row
from finetune.train import finetune, make_plan
from finetune.trl_trainer import load_trl
from taxqa.errors import ConfigError, ProofError

EXACT = {"lora_dropout": 0.0, "precision": "fp32", "warmup_ratio": 0.0}
rows = st.lists(st.integers(1, 70), min_size=1, max_size=40)


def row(number: int, length: int) -> Row:
    ids = list(range(10, 10 + length))
    return Row(f"t{number}", ids, [IGNORED, *ids[1:]])


@given(lengths=rows, most=st.integers(16, 64))
def test_packing_loses_and_doubles_no_token(lengths: list[int], most: int) -> None:
    given_rows = [row(number, length) for number, length in enumerate(lengths)]
    packed = pack(given_rows, most)
    assert sorted(each.record for part in packed for each in part) == sorted(
        each.record for each in given_rows
    )
    for part in packed:
        assert len(part) == 1 or sum(len(each.input_ids) for each in part) <= most


@given(lengths=rows, most=st.integers(70, 140))
def test_packing_leaves_no_two_sequences_that_fit_into_one(lengths: list[int], most: int) -> None:
    sums = sorted(sum(lengths[index] for index in group) for group in fill(lengths, most))
    assert len(sums) == 1 or sums[0] + sums[1] > most


@hypothesis.settings(deadline=None)  # the first datasets.Dataset takes a second
@given(lengths=rows, most=st.integers(16, 64), batch=st.integers(1, 5))
def test_a_batch_holds_each_row_from_its_first_position_on(
    lengths: list[int], most: int, batch: int
) -> None:
    sequences = pack([row(number, length) for number, length in enumerate(lengths)], most)
    found: list[list[int]] = []
    labels = 0
    for start in range(0, len(sequences), batch):
        some = sequences[start : start + batch]
        made = Collator(pad_token=0)(as_dataset(some).to_list())
        labels += int((made["labels"] != IGNORED).sum())
        assert ("position_ids" in made) == any(len(part) > 1 for part in some)
        assert ("attention_mask" in made) != ("position_ids" in made)
        for index, part in enumerate(some):
            ids = made["input_ids"][index].tolist()
            for each in part:
                length = len(each.input_ids)
                found.append(ids[:length])
                del ids[:length]
            assert not any(ids)
            if "position_ids" in made:
                wanted = [place for each in part for place in range(len(each.input_ids))]
                assert made["position_ids"][index].tolist() == wanted + [0] * len(ids)
            else:
                assert int(made["attention_mask"][index].sum()) == len(part[0].input_ids)
    assert sorted(map(len, found)) == sorted(lengths)
    assert labels == sum(length - 1 for length in lengths)


@pytest.mark.parametrize("kind", ["gemma", "multimodal", "phi", "llama"])
def test_packed_rows_are_trained_as_rows_by_themselves(
    kind: str, tiny: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file

    # All rows in one step: then packed or not, the gradient is that of the same answers.
    dataset = write_dataset(tmp_path / "dataset")
    base = tiny_model(kind, tiny)
    whole = {"max_steps": 2, "gradient_accumulation_steps": 1, **EXACT}
    alone = settings(base, per_device_train_batch_size=12, report_samples=0, **whole)
    packed = settings(
        base, per_device_train_batch_size=12, report_samples=0, packing=True, **whole
    ).model_copy(update={"max_length": 192})
    assert len(make_plan(dataset, packed)[0].sequences) < 6
    curves, adapters = [], []
    for name, config in {"alone": alone, "packed": packed}.items():
        finetune(dataset, tmp_path / name, config)
        lines = read_metrics(tmp_path / name / "metrics.jsonl")
        curves.append([line.get("loss", line.get("eval_loss")) for line in lines])
        adapters.append(load_file(tmp_path / name / "adapter" / "adapter_model.safetensors"))
    assert curves[1] == pytest.approx(curves[0], rel=1e-4)
    for name, weight in adapters[0].items():
        assert (weight - adapters[1][name]).abs().max() < 2e-3, name
        if "lora_B" in name:
            assert weight.abs().max() > 5e-3  # two steps moved it further than that


@pytest.mark.parametrize("kind", ["gemma", "multimodal", "phi", "llama"])
def test_a_model_that_ignores_where_rows_end_is_not_trained_on_packed_rows(
    kind: str, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transformers import masking_utils

    base = tiny_model(kind, tiny)
    model = load_trl(base, settings(base))
    packed = [[row(1, 20), row(2, 8), row(3, 5)]]
    require_rows_apart(model, packed, 0)
    monkeypatch.setattr(masking_utils, "find_packed_sequence_indices", lambda _: None)
    with pytest.raises(ProofError, match="see the rows packed before it") as error:
        require_rows_apart(model, packed, 0)
    assert "packing: false" in error.value.hint
    require_rows_apart(model, [[row(1, 20)], [row(2, 8)]], 0)  # nothing packed, nothing to see


@hypothesis.settings(deadline=None)  # torch is imported in it
@given(lengths=rows, together=st.integers(1, 8), seed=st.integers(0, 9), epoch=st.integers(0, 3))
def test_grouping_by_length_takes_each_row_once_in_an_order_of_the_epoch(
    lengths: list[int], together: int, seed: int, epoch: int
) -> None:
    sampler = length_sampler(lengths, together, seed)
    sampler.set_epoch(epoch)
    order = list(sampler)
    assert sorted(order) == list(range(len(lengths)))
    again = length_sampler(lengths, together, seed)
    again.set_epoch(epoch)
    assert list(again) == order


def padding(batches: list[list[int]]) -> int:
    return sum(len(batch) * max(batch) - sum(batch) for batch in batches)


def test_grouping_by_length_saves_padding_and_shuffles_every_epoch() -> None:
    lengths = [(7 * number) % 61 + 4 for number in range(400)]
    sampler = length_sampler(lengths, 4, seed=1)
    orders = []
    for epoch in range(2):
        sampler.set_epoch(epoch)
        orders.append(list(sampler))
        batches = [orders[-1][start : start + 4] for start in range(0, 400, 4)]
        saved = padding([[lengths[index] for index in batch] for batch in batches])
        in_order = padding([lengths[start : start + 4] for start in range(0, 400, 4)])
        assert saved < in_order / 3
        means = [sum(lengths[index] for index in batch) / 4 for batch in batches]
        assert lengths[orders[-1][0]] == max(lengths)
        # Shuffled: not from long to short.
        assert 30 < sum(left < right for left, right in itertools.pairwise(means)) < 70
    assert orders[0] != orders[1]


class Killed(BaseException):
    """Ends a training where a signal would."""


@pytest.mark.parametrize("way", ["group_by_length", "packing"])
def test_a_killed_run_goes_on_in_the_same_order(
    way: str, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uneven = [record(number, question="세율? " * (number % 5 + 1)) for number in range(12)]
    dataset = write_dataset(tmp_path / "dataset", train=uneven)
    config = settings(base, report_samples=0, gradient_accumulation_steps=1, **{way: True})
    finetune(dataset, tmp_path / "whole", config)
    append = fit.append_metrics

    def append_and_stop(path: Path, step: int, *rest: Any) -> None:
        append(path, step, *rest)
        if step == 5:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(fit, "append_metrics", append_and_stop)
        with pytest.raises(Killed):
            finetune(dataset, tmp_path / "run", config)
    finetune(dataset, tmp_path / "run", config, resume=True)
    weights = [
        (tmp_path / name / "adapter" / "adapter_model.safetensors").read_bytes()
        for name in ("whole", "run")
    ]
    assert weights[0] == weights[1]


@pytest.mark.parametrize("way", ["group_by_length", "packing"])
def test_an_epoch_trains_every_answer_token_once(
    way: str, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    collate = Collator.__call__

    def counted(self: Collator, sequences: Any) -> Any:
        seen.extend(token for each in sequences for token in each["input_ids"])
        return collate(self, sequences)

    dataset = write_dataset(tmp_path / "dataset", valid=[])
    config = settings(base, num_train_epochs=1, report_samples=0, **{way: True})
    plan, _ = make_plan(dataset, config)
    monkeypatch.setattr(loop, "require_rows_apart", lambda *_: None)  # it makes a batch too
    monkeypatch.setattr(Collator, "__call__", counted)
    result = finetune(dataset, tmp_path / "run", config)
    assert sorted(seen) == sorted(token for each in plan.train.rows for token in each.input_ids)
    assert (
        result["steps"] == plan.steps == steps_an_epoch(len(plan.sequences), config.training_args)
    )


def test_packing_and_grouping_are_not_both_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "both.yaml"
    path.write_text("training_args: {packing: true, group_by_length: true}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"training_args: .*set one"):
        load_config(path)


@pytest.mark.parametrize(
    ("rows", "batch", "together", "processes", "steps"),
    [(12, 2, 2, 1, 3), (12, 2, 1, 2, 3), (13, 2, 2, 1, 4), (13, 2, 1, 2, 4), (1, 4, 4, 2, 1)],
)
def test_steps_of_an_epoch(
    rows: int, batch: int, together: int, processes: int, steps: int
) -> None:
    args = TrainingArgs(per_device_train_batch_size=batch, gradient_accumulation_steps=together)
    assert steps_an_epoch(rows, args, processes) == steps


def test_both_ways_are_off_unless_asked_for() -> None:
    args = TrainConfig().training_args
    assert (args.packing, args.group_by_length) == (False, False)
