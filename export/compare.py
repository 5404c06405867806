"""What quantization cost: the same questions to the merged model and to each GGUF, greedily."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.gguf_model import Answer, GgufModel
from export.lora import merge_into, read_adapter
from finetune.prompts import PromptForm
from finetune.rows import prompt_ids
from finetune.weights import load_weights
from taxlaw.amounts import find_amounts
from taxqa.progress import bar
from taxqa.records import Record

KEPT_SHARE = 0.9
"""A quant kept what was learned when it gives at least this share of the merged model's right
answers; the demo's q8_0 keeps nearly all, its q4_k_m a fraction."""
FEW_RIGHT = 5
"""With fewer right answers than this to lose, the share of answers that stayed the same counts."""
BATCH = 8
GOLDEN = 3
"""Questions that a registration asks again."""


@dataclass(frozen=True)
class Comparison:
    """How a GGUF answered beside the merged model."""

    asked: int
    same: int
    """Answers equal to the merged model's, to the letter."""
    right: int
    """Answers with the right figure, or the taught text where there is no figure."""
    stopped: int
    """Answers that ended by themselves."""
    tokens_per_second: float
    """Tokens of answers over all the time it took, reading the questions included."""
    same_prompt: int
    """Questions whose prompt had the same token ids in llama.cpp as in training."""
    golden: tuple[dict[str, str], ...] = ()
    """Questions with the answers given, for the registration to ask them again."""

    def kept(self, reference: "Comparison") -> bool:
        """Whether what the merged model (`reference`) learned is still there."""
        if reference.right >= FEW_RIGHT:
            return self.right >= KEPT_SHARE * reference.right
        return self.same >= KEPT_SHARE * self.asked


def is_right(answer: str, record: Record) -> bool:
    """Whether an answer gives what was taught.

    For a calculation every figure has to be there and no other: the taught amount alone may stand
    in a wrong answer too, as a step of another calculation. Elsewhere the text has to be the same.
    """
    if record.amount is not None:
        return amounts(answer) == amounts(record.answer)
    return answer.strip() == record.answer.strip()


def amounts(text: str) -> set[int]:
    """The amounts in a text, KRW."""
    return {mention.value for mention in find_amounts(text)}


def compare(
    answers: Sequence[Answer], reference: Sequence[str], records: Sequence[Record], prompts: int
) -> Comparison:
    """Count; all sequences have the length (questions,)."""
    pairs = list(zip(answers, records, strict=True))
    seconds = sum(answer.seconds for answer in answers)
    return Comparison(
        asked=len(answers),
        same=sum(a.text == text for a, text in zip(answers, reference, strict=True)),
        right=sum(is_right(answer.text, record) for answer, record in pairs),
        stopped=sum(answer.stopped for answer in answers),
        tokens_per_second=round(sum(a.tokens for a in answers) / seconds, 1) if seconds else 0.0,
        same_prompt=prompts,
        golden=golden(pairs),
    )


def golden(pairs: Sequence[tuple[Answer, Record]]) -> tuple[dict[str, str], ...]:
    """At most GOLDEN questions whose answers ended by themselves, right ones first."""
    ended = [pair for pair in pairs if pair[0].stopped and pair[0].text]
    ended.sort(key=lambda pair: not is_right(pair[0].text, pair[1]))
    return tuple(
        {"question": record.question, "answer": answer.text} for answer, record in ended[:GOLDEN]
    )


def ask_gguf(
    path: Path,
    records: Sequence[Record],
    trained: Sequence[list[int]],
    form: PromptForm,
    cut: int,
    system: str = "",
) -> tuple[list[Answer], int]:
    """A GGUF's greedy answers, and how many prompts it tokenises as training did.

    Args:
        trained: the prompts' ids as training made them.
        cut: most tokens of an answer.
    """
    model = GgufModel(path, context=max(len(ids) for ids in trained) + cut + 8)
    answers, same = [], 0
    try:
        with bar(f"Asking {path.name}", total=len(records)) as progress:
            for record, expected in zip(records, trained, strict=True):
                ids = model.tokens(form.prompt(record.question, system))
                same += ids == expected
                answers.append(model.answer(ids, cut))
                progress.advance()
    finally:
        model.close()
    return answers, same


def ask_merged(
    base: Path,
    adapter: Path,
    tokenizer: Any,
    trained: Sequence[list[int]],
    form: PromptForm,
    cut: int,
) -> list[Answer]:
    """The greedy answers of the merged 16-bit weights in transformers, in 32-bit arithmetic."""
    import time

    import torch

    model = load_weights(base, dtype="auto")  # the base's own 16 bits, as the GGUF has them
    merge_into(model, read_adapter(adapter))
    model = model.to("cuda") if torch.cuda.is_available() else model.float()
    model.eval()
    ends = [tokenizer.eos_token_id, *end_ids(tokenizer, form)]
    tokenizer.padding_side = "left"
    answers = []
    with bar("Asking the merged model", total=len(trained)) as progress, torch.inference_mode():
        for start in range(0, len(trained), BATCH):
            started = time.monotonic()
            batch = tokenizer.pad(
                {"input_ids": trained[start : start + BATCH]}, return_tensors="pt"
            )
            batch = batch.to(model.device)
            out = model.generate(
                **batch,
                max_new_tokens=cut,
                do_sample=False,
                eos_token_id=ends,
                pad_token_id=tokenizer.pad_token_id,
            )
            seconds = (time.monotonic() - started) / len(out)
            for ids in out[:, batch["input_ids"].shape[1] :].tolist():
                answers.append(cut_answer(ids, ends, tokenizer, seconds))
            progress.advance(len(out))
    return answers


def end_ids(tokenizer: Any, form: PromptForm) -> list[int]:
    """The token that ends an answer of this form, where it is one token."""
    ids = tokenizer(form.stops(tokenizer.eos_token)[0], add_special_tokens=False).input_ids
    return list(ids) if len(ids) == 1 else []


def cut_answer(ids: list[int], ends: list[int], tokenizer: Any, seconds: float) -> Answer:
    """The answer in a generated row: up to its first end token."""
    at = next((index for index, token in enumerate(ids) if token in ends), None)
    # llama.cpp writes no special tokens either.
    text = tokenizer.decode(ids if at is None else ids[:at], skip_special_tokens=True).strip()
    return Answer(text, len(ids) if at is None else at, at is not None, seconds)


def trained_prompts(
    records: Sequence[Record], tokenizer: Any, form: PromptForm, system: str = ""
) -> list[list[int]]:
    """The prompts' token ids as training made them, per record."""
    return [prompt_ids(tokenizer, form, record.question, system) for record in records]
