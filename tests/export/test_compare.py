"""What counts as right, as kept and as chosen, and which questions are asked."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import tiny_model, write_gguf
from tiny_runs import random_adapter, record

from export import compare as module
from export.compare import FEW_RIGHT, Comparison, compare, cut_answer, end_ids, is_right
from export.export import choose, comparison_records, lost, spread
from export.gguf_model import Answer, GgufModel
from export.lora import merged_weight, plain_name, read_adapter
from finetune.prompts import prompt_form
from finetune.weights import load_weights
from taxqa.records import Record, write_jsonl

COUNT = st.integers(0, 30)


def counted(asked: int = 20, *, right: int = 0, same: int = 0) -> Comparison:
    return Comparison(asked, same, right, asked, 10.0, asked)


def answer(text: str, *, stopped: bool = True, seconds: float = 0.5) -> Answer:
    return Answer(text, len(text), stopped, seconds)


TAUGHT = record(1, answer="과세표준 5억원에 세율 20%, 세액은 9,000만원입니다.", amount=90_000_000)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("과세표준 5억원에 세율 20%, 세액은 9,000만원입니다.", True),
        ("세액은 90,000,000원입니다 (과세표준 500,000,000원).", True),
        ("9천만원, 5억 원", True),
        ("세액은 9,000만원입니다.", False),
        ("과세표준 5억원, 세액은 8,000만원입니다.", False),
        ("과세표준 5억원, 공제 1억원, 세액은 9,000만원입니다.", False),
        ("", False),
        ("모릅니다.", False),
    ],
)
def test_a_calculation_is_right_with_every_taught_figure_and_no_other(
    text: str, right: bool
) -> None:
    assert is_right(text, TAUGHT) == right


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("5월에 신고합니다.", True),
        (" 5월에 신고합니다.\n", True),
        ("6월에 신고합니다.", False),
        ("", False),
    ],
)
def test_a_plain_answer_is_right_to_the_letter(text: str, right: bool) -> None:
    assert is_right(text, record(1, answer="5월에 신고합니다.")) == right


@given(text=st.text())
def test_any_answer_is_judged(text: str) -> None:
    assert is_right(text, record(1, answer=text))
    assert is_right(text, record(1, answer=text, amount=1))
    assert is_right(f"{text}\n9,000만원", TAUGHT) in (True, False)


@pytest.mark.parametrize(
    ("right", "before", "kept"),
    [(10, 10, True), (9, 10, True), (8, 10, False), (20, 10, True), (0, 10, False), (5, 5, True)],
)
def test_right_answers_decide_where_there_are_enough_to_lose(
    right: int, before: int, kept: bool
) -> None:
    assert before >= FEW_RIGHT
    found = counted(right=right, same=0)
    assert found.kept(counted(right=before)) == kept


@pytest.mark.parametrize(("same", "kept"), [(20, True), (18, True), (17, False), (0, False)])
def test_equal_answers_decide_where_there_are_few_right_ones(same: int, kept: bool) -> None:
    found = counted(right=0, same=same)
    assert found.kept(counted(right=FEW_RIGHT - 1)) == kept


@given(asked=st.integers(1, 30), right=COUNT, more=COUNT, before=COUNT, same=COUNT)
def test_a_model_always_keeps_its_own_and_more_right_answers_never_hurt(
    asked: int, right: int, more: int, before: int, same: int
) -> None:
    itself = counted(asked, right=min(right, asked), same=asked)
    assert itself.kept(itself)
    reference = counted(asked, right=before)
    fewer, better = (counted(asked, right=n, same=same) for n in (right, right + more))
    assert better.kept(reference) or not fewer.kept(reference)


def test_answers_are_counted_beside_the_merged_models() -> None:
    records = [record(1, answer="가"), record(2, answer="나"), record(3, answer="다")]
    answers = [answer("가"), answer("다른", stopped=False), answer("다")]
    found = compare(answers, ["가", "나", "라"], records, 3)
    assert found == Comparison(
        asked=3,
        same=1,
        right=2,
        stopped=2,
        tokens_per_second=2.7,
        same_prompt=3,
        golden=tuple(
            {"question": records[index].question, "answer": text}
            for index, text in ((0, "가"), (2, "다"))
        ),
    )
    assert compare([answer("", seconds=0)], [""], records[:1], 1).tokens_per_second == 0.0
    with pytest.raises(ValueError, match="longer"):
        compare(answers[:2], ["가", "나", "라"], records, 3)


def quant(name: str, size: int, kept: bool | None = None) -> dict[str, Any]:
    entry = {"type": name, "bytes": size, "right": 1, "same": 1, "asked": 4}
    return entry if kept is None else entry | {"kept": kept}


@pytest.mark.parametrize(
    ("quants", "chosen"),
    [
        ([quant("f16", 4, True), quant("q8_0", 2, True), quant("q4_k_m", 1, False)], "q8_0"),
        ([quant("f16", 4, True), quant("q8_0", 2, True), quant("q4_k_m", 1, True)], "q4_k_m"),
        ([quant("q8_0", 2, False), quant("q4_k_m", 1, False)], "q8_0"),
        ([quant("q8_0", 2), quant("q4_k_m", 1)], "q8_0"),
    ],
)
def test_the_smallest_that_kept_what_was_learned_is_chosen(
    quants: list[dict[str, Any]], chosen: str
) -> None:
    assert choose(quants) == chosen
    assert choose(quants[::-1]) == chosen


def test_a_quant_that_lost_what_was_learned_is_named_with_a_better_one() -> None:
    report = {"merged": {"right": 9}, "quants": [quant("q8_0", 2, True), quant("q4_k_m", 1, False)]}
    warning = lost(report["quants"][1], report)
    assert "q4_k_m lost what was learned (1 right answers, 9 before" in warning
    assert "use q8_0, which kept it" in warning
    report["quants"] = report["quants"][1:]
    assert "export a larger type, e.g. --quant q8_0" in lost(report["quants"][0], report)


@given(total=st.integers(0, 40), count=st.integers(0, 40))
def test_questions_are_spread_evenly_in_order_each_once(total: int, count: int) -> None:
    records = [record(number) for number in range(total)]
    found = spread(records, count)
    assert len(found) == min(total, count)
    places = [records.index(one) for one in found]
    assert places == sorted(set(places))
    if found:
        assert places[0] == 0
        gaps = [b - a for a, b in zip(places, [*places[1:], total], strict=True)]
        assert max(gaps) - min(gaps) <= 1


@given(taught=st.integers(0, 20), unseen=st.integers(0, 20), questions=st.integers(0, 40))
def test_most_questions_are_of_what_was_taught(
    taught: int, unseen: int, questions: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run = tmp_path_factory.getbasetemp() / "asked"
    run.mkdir(exist_ok=True)
    for name, count in {"heldout": taught, "valid": unseen}.items():
        write_jsonl(run / f"{name}.jsonl", [record(n, name[0]) for n in range(count)])
    found = comparison_records(run, questions)
    assert len(found) == len({one.id for one in found}) == min(questions, taught + unseen)
    of_taught = sum(one.id.startswith("h") for one in found)
    assert of_taught >= min(taught, questions - questions // 4)
    assert len(found) - of_taught >= min(unseen, questions // 4)


def test_a_run_without_questions_is_compared_on_none(tmp_path: Path) -> None:
    assert comparison_records(tmp_path, 24) == []


@pytest.mark.parametrize(("form", "end"), [("qa", "<eos>"), ("gemma3", "<end_of_turn>")])
def test_an_answer_ends_at_the_token_that_training_taught(form: str, end: str, gemma: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gemma)
    ends = end_ids(tokenizer, prompt_form(form))
    assert ends == [tokenizer.convert_tokens_to_ids(end)]
    taught = record(1, answer="10퍼센트입니다.\n끝")
    completion = prompt_form(form).completion(taught.answer, tokenizer.eos_token)
    ids = tokenizer(completion, add_special_tokens=False).input_ids
    found = cut_answer([*ids, 0, 0, 43], ends, tokenizer, 1.0)
    assert (found.text, found.tokens, found.stopped) == (taught.answer, len(ids) - 1, True)
    assert is_right(found.text, Record.model_validate(taught))
    cut = cut_answer(ids[:-1], ends, tokenizer, 1.0)
    assert (cut.text, cut.tokens, cut.stopped) == (taught.answer, len(ids) - 1, False)


def test_the_same_tokens_are_the_same_text_from_transformers_and_llama_cpp(
    gemma: Path, tmp_path: Path
) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(gemma)
    write_gguf(gemma, tmp_path / "gemma.gguf")
    model = GgufModel(tmp_path / "gemma.gguf", context=64)
    try:
        for text in (" 10퍼센트\n\n 漢字 😀  끝", "앞<start_of_turn>뒤<unk><pad>", " ,  .", ""):
            ids = tokenizer(text, add_special_tokens=False).input_ids
            written = [*ids, tokenizer.eos_token_id]
            model.model.generate = lambda *_, tokens=written, **__: iter(tokens)
            found = model.answer([2], 64)
            assert found == cut_answer(written, [1], tokenizer, found.seconds)
    finally:
        model.close()


def test_the_merged_model_is_asked_in_the_bases_own_16_bits(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from safetensors.torch import load_file
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # As Phi-2 comes: in fp16, whose last three bits bf16 would lose.
    model = AutoModelForCausalLM.from_pretrained(tiny_model("phi", tiny), dtype=torch.float16)
    for weight in model.parameters():
        weight.data *= 1.001
    base = tmp_path / "base"
    model.save_pretrained(base)
    adapter = random_adapter(base, tmp_path / "adapter")
    tokenizer = AutoTokenizer.from_pretrained(tiny_model("phi", tiny))
    tokenizer.pad_token = tokenizer.eos_token
    loaded: list[Any] = []

    def load(*arguments: Any, **options: Any) -> Any:
        loaded.append(load_weights(*arguments, **options))
        return loaded[0]

    monkeypatch.setattr(module, "load_weights", load)
    answers = module.ask_merged(base, adapter, tokenizer, [[1, 2, 3], [4]], prompt_form("qa"), 2)
    assert [answer.tokens for answer in answers] == [2, 2]
    name = "model.layers.0.mlp.fc1.weight"
    found = loaded[0].state_dict()[name].float().cpu()
    read = read_adapter(adapter)
    expected = load_file(base / "model.safetensors")[name]
    assert expected.dtype == torch.float16
    assert torch.equal(
        found, merged_weight(expected, read.pairs[plain_name(name)], read.scale).float()
    )
