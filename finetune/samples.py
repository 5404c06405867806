"""A few held-out questions, answered by the base and by the trained model."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetune.prompts import PromptForm
from finetune.rows import prompt_ids
from taxqa.progress import note
from taxqa.records import Record, read_jsonl

AT_ONCE = 8
"""Questions that are answered in one batch."""


@dataclass(frozen=True)
class Sample:
    """One question with three answers."""

    question: str
    expected: str
    """As the dataset answers it."""
    before: str
    after: str


def held_out(dataset: Path, count: int) -> list[Record]:
    """At most `count` records, evenly out of those that were not trained: held-out phrasings of
    taught questions, and validation questions where there are too few."""
    found: list[Record] = []
    for name in ("heldout.jsonl", "valid.jsonl"):
        path = dataset / name
        records = list(read_jsonl(path, Record)) if path.is_file() else []
        wanted = min(count - len(found), len(records))
        found += [records[index * len(records) // wanted] for index in range(wanted)]
    return found


def sample_answers(
    model: Any,
    tokenizer: Any,
    form: PromptForm,
    records: Sequence[Record],
    most_tokens: int,
    system: str = "",
) -> list[Sample]:
    """Ask the model with its adapter and without it, which is the base; greedy.

    Args:
        model: a PEFT model.
        most_tokens: longer answers are cut there.
        system: the system message of every prompt, as trained; '' = none.
    """
    if not records:
        return []
    note(f"Asking base and trained model {len(records)} held-out questions …")
    prompts = [prompt_ids(tokenizer, form, record.question, system) for record in records]
    with model.disable_adapter():
        before = answers(model, tokenizer, form, prompts, most_tokens)
    after = answers(model, tokenizer, form, prompts, most_tokens)
    return [
        Sample(record.question, record.answer, *both)
        for record, *both in zip(records, before, after, strict=True)
    ]


def answers(
    model: Any, tokenizer: Any, form: PromptForm, prompts: Sequence[list[int]], most_tokens: int
) -> list[str]:
    """The greedy answers to tokenised prompts."""
    import torch
    from transformers import GenerationConfig

    ends = sorted({tokenizer.eos_token_id, *form_end(tokenizer, form)})
    settings = GenerationConfig(
        max_new_tokens=most_tokens,
        do_sample=False,
        eos_token_id=ends,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.eval()
    texts: list[str] = []
    for start in range(0, len(prompts), AT_ONCE):
        batch = tokenizer.pad(
            {"input_ids": list(prompts[start : start + AT_ONCE])},
            padding_side="left",
            return_tensors="pt",
        ).to(model.device)
        with torch.inference_mode():
            rows = model.generate(**batch, generation_config=settings)
        for row in rows[:, batch["input_ids"].shape[1] :].tolist():
            cut = next((index for index, token in enumerate(row) if token in ends), len(row))
            texts.append(tokenizer.decode(row[:cut], skip_special_tokens=True).strip())
    return texts


def form_end(tokenizer: Any, form: PromptForm) -> list[int]:
    """The ids of what ends an answer of this form."""
    end = form.end.replace("{eos}", tokenizer.eos_token or "")
    return list(tokenizer(end, add_special_tokens=False).input_ids)
