"""Rows to the batches that a model sees: packed, grouped by length, padded.

A packed sequence holds several whole rows behind one another. Their positions begin anew with each
row and the batch has no attention mask; from that transformers builds an attention that ends at
the row's borders, whatever the attention kernel. `require_rows_apart` proves it on the very model
that is about to be trained.
"""

import math
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from typing import Any

from finetune.config import TrainingArgs
from finetune.rows import IGNORED, Row
from taxqa.errors import ProofError


def fill(lengths: Sequence[int], most: int) -> list[list[int]]:
    """Which lengths, by index, go together into sums of at most `most`; best fit, longest first.

    Every index is in exactly one group; a length beyond `most` is alone in its own.
    """
    groups: list[list[int]] = []
    room: list[tuple[int, int]] = []  # (what is left, index into groups), ascending
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        place = bisect_left(room, (lengths[index], 0))
        if place == len(room):
            groups.append([index])
            insort(room, (most - lengths[index], len(groups) - 1))
        else:
            left, group = room.pop(place)
            groups[group].append(index)
            insort(room, (left - lengths[index], group))
    return groups


def pack(rows: Sequence[Row], most: int) -> list[list[Row]]:
    """Put whole rows together into sequences of at most `most` tokens; each row in one."""
    groups = fill([len(row.input_ids) for row in rows], most)
    return [[rows[index] for index in group] for group in groups]


def steps_an_epoch(sequences: int, args: TrainingArgs, processes: int = 1) -> int:
    """Optimizer steps in which every sequence is trained once."""
    batches = math.ceil(math.ceil(sequences / args.per_device_train_batch_size) / processes)
    return max(1, math.ceil(batches / args.gradient_accumulation_steps))


def as_dataset(sequences: Sequence[Sequence[Row]]) -> Any:
    """Sequences as a datasets.Dataset: input_ids, labels, and the lengths of their rows."""
    from datasets import Dataset

    columns: dict[str, list[list[int]]] = {"input_ids": [], "labels": [], "row_lengths": []}
    for rows in sequences:
        columns["input_ids"].append([token for row in rows for token in row.input_ids])
        columns["labels"].append([label for row in rows for label in row.labels])
        columns["row_lengths"].append([len(row.input_ids) for row in rows])
    return Dataset.from_dict(columns)


class Collator:
    """Makes the batches of both trainers, so that neither pads or masks in its own way."""

    def __init__(self, pad_token: int) -> None:
        """Take the id that fills short rows; it carries no loss."""
        self.pad_token = pad_token

    def __call__(self, sequences: Sequence[dict[str, list[int]]]) -> dict[str, Any]:
        """The batch of shape (batch, seq), padded on the right.

        A batch with a packed sequence has position_ids and no attention_mask (see above).
        """
        import torch

        shape = (len(sequences), max(len(each["input_ids"]) for each in sequences))
        input_ids = torch.full(shape, self.pad_token)
        labels = torch.full(shape, IGNORED)
        mask = torch.zeros(shape, dtype=torch.long)
        positions = torch.zeros(shape, dtype=torch.long)  # a padding token is a row of its own
        for index, each in enumerate(sequences):
            length = len(each["input_ids"])
            input_ids[index, :length] = torch.tensor(each["input_ids"])
            labels[index, :length] = torch.tensor(each["labels"])
            mask[index, :length] = 1
            starts = [torch.arange(row) for row in each["row_lengths"]]
            positions[index, :length] = torch.cat(starts)
        batch = {"input_ids": input_ids, "labels": labels}
        if any(len(each["row_lengths"]) > 1 for each in sequences):
            return batch | {"position_ids": positions}
        return batch | {"attention_mask": mask}


def length_sampler(lengths: list[int], rows_a_step: int, seed: int) -> Any:
    """A sampler that puts rows of like length into one step, in another order every epoch.

    transformers' own goes from long to short rows again and again, and draws its order from torch's
    global generator; after a kill that is in another state than it was, and the epoch would go on
    in another order. Here the steps are shuffled too; but the longest row stays first, so that
    memory that does not suffice is noticed at once.
    """
    import torch
    from transformers.trainer_pt_utils import LengthGroupedSampler

    class Sampler(LengthGroupedSampler):  # type: ignore[misc]
        """LengthGroupedSampler with shuffled steps, in an order of seed and epoch alone."""

        def __iter__(self) -> Iterator[int]:
            """The indices of the epoch's rows."""
            order = list(super().__iter__())
            whole = len(order) // rows_a_step
            between = torch.randperm(max(whole - 1, 0), generator=self.generator) + 1
            # The rest, too few for a step, stays last.
            for step in dict.fromkeys((0, *between.tolist(), whole)):
                yield from order[step * rows_a_step : (step + 1) * rows_a_step]

        def set_epoch(self, epoch: int) -> None:
            """Begin the order of that epoch."""
            self.generator = torch.Generator().manual_seed(seed + epoch)

    sampler = Sampler(rows_a_step, lengths=lengths)
    sampler.set_epoch(0)
    return sampler


def require_rows_apart(model: Any, sequences: Sequence[Sequence[Row]], pad_token: int) -> None:
    """Prove that a row in a packed sequence does not see the row before it.

    The first row's tokens are exchanged for others; what the model says to the second row must
    stay the same, number for number.

    Raises:
        ProofError: it does not: this model's attention ignores where rows end.
    """
    import torch

    packed = next((rows for rows in sequences if len(rows) > 1), None)
    if packed is None:
        return
    starts = [Row(row.record, row.input_ids[:16], row.labels[:16]) for row in packed[:2]]
    batch = Collator(pad_token)(as_dataset([starts]).to_list())
    first = len(starts[0].input_ids)
    said = []
    for shift in (0, 1):
        ids = batch["input_ids"].clone()
        ids[0, :first] = (ids[0, :first] + shift) % model.get_input_embeddings().num_embeddings
        with torch.random.fork_rng(), torch.no_grad():
            torch.manual_seed(0)  # the same dropout both times
            logits = model(
                input_ids=ids.to(model.device),
                position_ids=batch["position_ids"].to(model.device),
                use_cache=False,
            ).logits
        said.append(logits[0, first:].float().cpu())
    if not torch.allclose(*said, rtol=0, atol=0, equal_nan=True):
        raise ProofError(
            "packing: true would let each row see the rows packed before it: this model's"
            " attention ignores where they end.",
            hint="Set packing: false; group_by_length: true also saves padding.",
        )
