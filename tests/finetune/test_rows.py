"""A row's prompt is what a server will tokenise; only its answer carries loss."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_runs import record

from finetune.prompts import FORMS, prompt_form
from finetune.rows import IGNORED, Rows, make_rows, prompt_ids
from finetune.train import adds_bos

QUESTIONS = ["세율은 10퍼센트입니까?", "첫 줄\n\n둘째 줄 😀 {eos}", "a  b\u00a0漢字", "?"]
ENDS = {"qa": "<eos>", "gemma3": "<end_of_turn>"}
form_names = pytest.mark.parametrize("name", sorted(FORMS))


@pytest.fixture(scope="module")
def tokenizer(gemma: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(gemma)


def rows_of(tokenizer: Any, name: str, question: str, answer: str, most: int = 4096) -> Rows:
    form = prompt_form(name)
    return make_rows([record(1, question=question, answer=answer)], tokenizer, form, most)


@form_names
@pytest.mark.parametrize("question", QUESTIONS)
def test_labels_mask_the_prompt_and_nothing_else(name: str, question: str, tokenizer: Any) -> None:
    row = rows_of(tokenizer, name, question, "10퍼센트입니다.\n끝 😀").rows[0]
    prompt = prompt_ids(tokenizer, prompt_form(name), question)
    assert row.input_ids[: len(prompt)] == prompt
    assert row.labels == [IGNORED] * len(prompt) + row.input_ids[len(prompt) :]
    answer = tokenizer.decode([label for label in row.labels if label != IGNORED])
    assert answer == prompt_form(name).completion("10퍼센트입니다.\n끝 😀", "<eos>")


@form_names
def test_an_answer_ends_with_the_token_that_stops_a_server(name: str, tokenizer: Any) -> None:
    row = rows_of(tokenizer, name, "세율은?", "10퍼센트입니다.").rows[0]
    end = tokenizer.convert_tokens_to_ids(ENDS[name])
    assert row.labels[-1] == end
    assert row.labels.count(end) == 1


@form_names
def test_bos_stands_once_and_first_where_the_base_has_it(name: str, tokenizer: Any) -> None:
    ids = rows_of(tokenizer, name, "세율은?", "10퍼센트입니다.").rows[0].input_ids
    assert adds_bos(tokenizer)
    assert ids[0] == tokenizer.bos_token_id
    assert ids.count(tokenizer.bos_token_id) == 1


def test_a_base_without_bos_gets_none(phi_tokenizer: Any) -> None:
    row = rows_of(phi_tokenizer, "qa", "세율은?", "10퍼센트입니다.").rows[0]
    assert not adds_bos(phi_tokenizer)
    assert row.input_ids.count(phi_tokenizer.eos_token_id) == 1
    assert row.labels[-1] == phi_tokenizer.eos_token_id


@form_names
@pytest.mark.parametrize("question", QUESTIONS)
def test_the_chat_template_asks_with_the_ids_of_training(
    name: str, question: str, gemma_tokenizer: Any, phi_tokenizer: Any
) -> None:
    form = prompt_form(name)
    for found in (gemma_tokenizer, phi_tokenizer):
        found.chat_template = form.chat_template(found.eos_token, adds_bos(found))
        asked = found.apply_chat_template([{"role": "user", "content": question}], tokenize=True)
        assert list(asked["input_ids"]) == prompt_ids(found, form, question)


def test_what_exceeds_the_maximum_is_left_out_and_listed(tokenizer: Any) -> None:
    form = prompt_form("qa")
    records = [record(1), record(2, answer="긴 답변. " * 40), record(3)]
    whole = make_rows(records, tokenizer, form, 4096)
    lengths = [len(row.input_ids) for row in whole.rows]
    assert whole.tokens == sum(lengths)
    most = max(lengths[0], lengths[2])
    cut = make_rows(records, tokenizer, form, most)
    assert [row.record for row in cut.rows] == ["t1", "t3"]
    assert cut.too_long == [("t2", lengths[1])]
    assert cut.rows[0] == whole.rows[0]
    longer = "t1" if lengths[0] == most else "t3"
    assert (longer, most) in make_rows(records, tokenizer, form, most - 1).too_long


@given(
    name=st.sampled_from(sorted(FORMS)),
    question=st.text(max_size=30),
    answer=st.text(max_size=30),
    most=st.integers(16, 60),
)
def test_every_record_is_a_whole_row_or_is_listed(
    name: str, question: str, answer: str, most: int, tokenizer: Any
) -> None:
    rows = rows_of(tokenizer, name, question, answer, most)
    assert len(rows.rows) + len(rows.too_long) == 1
    for row in rows.rows:
        assert len(row.input_ids) == len(row.labels) <= most
        assert row.labels[-1] == tokenizer.convert_tokens_to_ids(ENDS[name])
    for _, tokens in rows.too_long:
        assert tokens > most
