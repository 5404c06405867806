"""The merged 16-bit model in transformers: what every GGUF is measured against."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

from export.gguf_model import CHUNK, Answer
from export.lora import merge_into, read_adapter
from export.run import Trained
from finetune.prompts import PromptForm
from finetune.weights import load_weights
from taxqa.progress import bar

BATCH = 8
"""Questions that are answered at once."""


class MergedModel:
    """The base's own 16 bits with the adapter merged into them, in 32-bit arithmetic on a CPU."""

    def __init__(self, trained: Trained) -> None:
        """Load and merge."""
        import torch

        model = load_weights(trained.base, dtype="auto")  # as the GGUF has them
        merge_into(model, read_adapter(trained.adapter))
        self.model = model.to("cuda") if torch.cuda.is_available() else model.float()
        self.model.eval()
        self.tokenizer = trained.tokenizer
        self.ends = [self.tokenizer.eos_token_id, *end_ids(self.tokenizer, trained.form)]

    def answers(self, prompts: Sequence[list[int]], cut: int) -> list[Answer]:
        """The greedy answers to prompts given as token ids.

        Args:
            cut: most tokens of an answer.
        """
        import torch

        self.tokenizer.padding_side = "left"
        answers = []
        with bar("Asking the merged model", total=len(prompts)) as progress, torch.inference_mode():
            for start in range(0, len(prompts), BATCH):
                started = time.monotonic()
                batch = self.tokenizer.pad(
                    {"input_ids": prompts[start : start + BATCH]}, return_tensors="pt"
                ).to(self.model.device)
                out = self.model.generate(
                    **batch,
                    max_new_tokens=cut,
                    do_sample=False,
                    eos_token_id=self.ends,
                    pad_token_id=self.tokenizer.pad_token_id,
                )
                seconds = (time.monotonic() - started) / len(out)
                for ids in out[:, batch["input_ids"].shape[1] :].tolist():
                    answers.append(cut_answer(ids, self.ends, self.tokenizer, seconds))
                progress.advance(len(out))
        return answers

    def logits(self, ids: list[int], first: int) -> Iterator[Any]:
        """The logits at the positions from `first` on, as `export.gguf_model.feed` gives them."""
        import torch

        memory = None
        with torch.inference_mode():
            for start in range(0, len(ids), CHUNK):
                part = torch.tensor([ids[start : start + CHUNK]], device=self.model.device)
                out = self.model(input_ids=part, past_key_values=memory, use_cache=True)
                memory = out.past_key_values
                rows = min(part.shape[1], start + part.shape[1] - first)
                if rows > 0:
                    yield out.logits[0, -rows:].float().cpu().numpy()


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
