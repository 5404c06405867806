"""What counts as right, and that both sides of a comparison read the same tokens alike."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import tiny_model, write_gguf
from tiny_runs import random_adapter, record

from export import merged_model as module
from export.compare import Comparison, compare, is_right, require_same_prompts
from export.gguf_model import Answer, GgufModel
from export.lora import merged_weight, plain_name, read_adapter
from export.merged_model import MergedModel, cut_answer, end_ids
from export.run import BaseOfRun, Trained, WholeRun
from finetune.prompts import prompt_form
from finetune.weights import load_weights
from taxqa.errors import ProofError
from taxqa.records import Record


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


def test_a_prompt_with_other_token_ids_is_no_proof() -> None:
    require_same_prompts(4, 4, "m.gguf")
    with pytest.raises(ProofError, match=r"of 1 of 4 prompts \(m\.gguf\)"):
        require_same_prompts(3, 4, "m.gguf")


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


def trained(run: Path, base: Path, tokenizer: Any) -> Trained:
    of_run = BaseOfRun(
        name="tiny", folder=str(base), source="folder", repo="", license_name="", license_url=""
    )
    whole = WholeRun(base_model=of_run, prompt_form="qa", system="", max_length=64)
    found = Trained(run, whole, base, prompt_form("qa"))
    found.__dict__["tokenizer"] = tokenizer  # as if it had been loaded from the run
    return found


def test_the_merged_models_logits_are_those_of_one_pass(
    gemma: Path, gemma_adapter: Path, tmp_path: Path
) -> None:
    import numpy
    import torch
    from transformers import AutoTokenizer

    (tmp_path / "adapter").symlink_to(gemma_adapter)
    merged = MergedModel(trained(tmp_path, gemma, AutoTokenizer.from_pretrained(gemma)))
    ids = [2, *(7 + index % 200 for index in range(149))]  # three parts, longer than the window
    with torch.inference_mode():
        whole = merged.model(torch.tensor([ids])).logits[0].numpy()
    for first in (0, 63, 64, 100, 149):
        parts = [part.copy() for part in merged.logits(ids, first)]
        numpy.testing.assert_allclose(numpy.concatenate(parts), whole[first:], atol=1e-3)


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
    (tmp_path / "run").mkdir()
    adapter.rename(tmp_path / "run" / "adapter")
    merged = MergedModel(trained(tmp_path / "run", base, tokenizer))
    assert [answer.tokens for answer in merged.answers([[1, 2, 3], [4]], 2)] == [2, 2]
    name = "model.layers.0.mlp.fc1.weight"
    found = loaded[0].state_dict()[name].float().cpu()
    read = read_adapter(tmp_path / "run" / "adapter")
    expected = load_file(base / "model.safetensors")[name]
    assert expected.dtype == torch.float16
    assert torch.equal(
        found, merged_weight(expected, read.pairs[plain_name(name)], read.scale).float()
    )
