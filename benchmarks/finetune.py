"""How fast each way of training is: `python -m benchmarks.finetune`.

Trains the same rows of the worked teacher for one epoch each: with a plain script as TRL's
documentation has it, with ours, with ours packed and grouped by length, and with Unsloth where it
is installed. Each training has a process of its own. Prints tokens/s (prompt and answer, without
padding and the first step, which warms up), the ratio to the plain script, and the losses.

On a CPU a second is one of CPU time, on one thread: so another load of the machine changes little.
On a GPU it is one of the clock; the rounds are interleaved.
"""

import argparse
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from finetune.config import TrainConfig
from taxqa.records import Record, read_jsonl, write_json, write_jsonl

COMMON: dict[str, Any] = {"max_length": 512, "report_samples": 0, "keep": "last"}
TRAINING: dict[str, Any] = {
    "num_train_epochs": 1,
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 1,
    "learning_rate": 1e-4,
    "warmup_ratio": 0.0,
    "save_steps": 100_000,
}
LORA: dict[str, Any] = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.0}
OURS: dict[str, tuple[str, dict[str, Any]]] = {
    "ours (TRL)": ("trl", {}),
    "ours, group_by_length": ("trl", {"group_by_length": True}),
    # One sequence of 512 tokens holds about as many as four rows with their padding.
    "ours, packing": ("trl", {"packing": True, "per_device_train_batch_size": 1}),
    "ours, Unsloth": ("unsloth", {}),
    "ours without memory.py": ("trl", {}),
}
PLAIN = "plain TRL script"


def main() -> None:
    """Measure every way in turn, and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-model", default="gemma3-270m")
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--variant", help=argparse.SUPPRESS)
    parser.add_argument("--dataset", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.variant:
        print(json.dumps(measure(options.variant, options.dataset, options.base_model)))
        return
    names = [PLAIN, *(name for name, (trainer, _) in OURS.items() if can_train(trainer))]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder:
        dataset = some_rows(Path(folder), options.rows)
        for number in range(options.rounds):
            for name in names if number % 2 == 0 else reversed(names):
                found[name].append(in_process(name, dataset, options.base_model))
                print(f"round {number + 1}: {name}: {found[name][-1]}", file=sys.stderr)
    print_table(found, machine())


def can_train(trainer: str) -> bool:
    """Whether a trainer is installed and trains on this machine."""
    from finetune.unsloth_trainer import unsloth_ready

    return trainer == "trl" or not unsloth_ready("auto")


def some_rows(folder: Path, count: int) -> Path:
    """A dataset folder with `count` records of the worked teacher and no validation."""
    from datagen.dataset import generate

    generate(None, folder / "all")
    records = list(read_jsonl(folder / "all" / "train.jsonl", Record))
    dataset = folder / "some"
    dataset.mkdir()
    write_jsonl(dataset / "train.jsonl", random.Random(1).sample(records, count))
    write_jsonl(dataset / "valid.jsonl", [])
    write_json(dataset / "manifest.json", {"stage": "dataset"})
    return dataset


def in_process(name: str, dataset: Path, base_model: str) -> dict[str, Any]:
    """One measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.finetune", "--variant", name]
    command += ["--dataset", str(dataset), "--base-model", base_model]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def measure(name: str, dataset: Path, base_model: str) -> dict[str, Any]:
    """Train once; tokens, seconds of its steps without the first one, and losses."""
    steps: list[tuple[int, float, float]] = []
    if name == PLAIN:
        train_plain(dataset, base_model, steps)
    else:
        train_ours(name, dataset, base_model, steps)
    tokens = steps[-1][0] - steps[0][0]
    seconds = sum(step[1] for step in steps[1:])
    return {
        "tokens_per_second": round(tokens / seconds, 1),
        "tokens": steps[-1][0],
        "steps": len(steps),
        "loss": [round(step[2], 3) for step in steps],
    }


def config_of(name: str, base_model: str) -> TrainConfig:
    """Our config for one of OURS, or what the plain script does."""
    trainer, own = OURS.get(name, ("trl", {}))
    values = COMMON | {"base_model": base_model, "trainer": trainer, "lora_config": LORA}
    return TrainConfig.model_validate(values | {"training_args": TRAINING | own})


def train_ours(
    name: str, dataset: Path, base_model: str, steps: list[tuple[int, float, float]]
) -> None:
    """`taxqa finetune`, with a look at each step."""
    from finetune import loop
    from finetune import train as stage

    make = loop.make_trainer

    def watched(*given: Any) -> Any:
        trainer = make(*given)
        trainer.add_callback(stopwatch(steps))
        return trainer

    loop.make_trainer = watched
    if name.endswith("without memory.py"):
        stage.keep_freed_memory = lambda: None
    with tempfile.TemporaryDirectory() as folder:
        stage.finetune(dataset, Path(folder) / "run", config_of(name, base_model))


def train_plain(dataset: Path, base_model: str, steps: list[tuple[int, float, float]]) -> None:
    """The same training as a script after TRL's documentation: prompt and completion, LoRA."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer, PrinterCallback
    from trl import SFTConfig, SFTTrainer

    from finetune.bases import locate_base, target_modules
    from finetune.precision import precision, uses_gpu, weights_dtype
    from finetune.prompts import prompt_form
    from finetune.train import form_name

    config = config_of(PLAIN, base_model)
    base = locate_base(base_model)
    form = prompt_form(form_name(config, base))
    tokenizer = AutoTokenizer.from_pretrained(base.folder)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(base.folder, dtype=weights_dtype(config))
    records = list(read_jsonl(dataset / "train.jsonl", Record))
    rows = Dataset.from_dict(
        {
            "prompt": [form.prompt(record.question) for record in records],
            "completion": [form.answer.format(content=record.answer) for record in records],
        }
    )
    args = config.training_args
    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=model,
            args=SFTConfig(
                output_dir=folder,
                num_train_epochs=args.num_train_epochs,
                per_device_train_batch_size=args.per_device_train_batch_size,
                gradient_accumulation_steps=args.gradient_accumulation_steps,
                learning_rate=args.learning_rate,
                lr_scheduler_type=args.lr_scheduler_type,
                max_length=config.max_length,
                gradient_checkpointing=False,
                bf16=uses_gpu(config) and precision(config) == "bf16",
                use_cpu=not torch.cuda.is_available(),
                save_strategy="no",
                logging_steps=1,
                include_num_input_tokens_seen="non_padding",
                report_to="none",
                disable_tqdm=True,
                dataloader_pin_memory=uses_gpu(config),
            ),
            train_dataset=rows,
            processing_class=tokenizer,
            peft_config=LoraConfig(
                task_type="CAUSAL_LM", target_modules=target_modules(model.config), **LORA
            ),
            callbacks=[stopwatch(steps)],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()


def stopwatch(steps: list[tuple[int, float, float]]) -> Any:
    """A callback that adds (tokens so far, seconds of the step, loss) for each step."""
    import torch
    from transformers import TrainerCallback

    clock = time.monotonic if torch.cuda.is_available() else time.process_time
    began = [0.0]

    class Stopwatch(TrainerCallback):  # type: ignore[misc]
        """Measures from the beginning to the end of a step."""

        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Start."""
            began[0] = clock()

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Stop."""
            steps.append((state.num_input_tokens_seen, clock() - began[0], 0.0))

        def on_log(
            self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any
        ) -> None:
            """Note the loss."""
            if "loss" in (logs or {}):
                steps[-1] = (*steps[-1][:2], logs["loss"])

    return Stopwatch()


def machine() -> str:
    """This machine in words."""
    import torch
    from trl import __version__ as trl_version

    versions = f"torch {torch.__version__}, trl {trl_version}"
    if importlib.util.find_spec("unsloth"):
        from importlib.metadata import version

        versions += f", unsloth {version('unsloth')}"
    if torch.cuda.is_available():
        return f"{torch.cuda.get_device_name()}; {versions}"
    return f"one CPU thread ({torch.backends.cpu.get_cpu_capability()}); {versions}"


def print_table(found: dict[str, list[dict[str, Any]]], where: str) -> None:
    """One line for each way: the median of its rounds, and its ratio to the plain script."""
    middle: Callable[[str], float] = lambda name: median(  # noqa: E731
        each["tokens_per_second"] for each in found[name]
    )
    print(f"{where}\n")
    print("| way | tokens/s | to the plain script | steps | first and last loss |")
    print("|---|---|---|---|---|")
    for name, rounds in found.items():
        loss = rounds[0]["loss"]
        print(
            f"| {name} | {middle(name):,.0f} | {middle(name) / middle(PLAIN):.2f} |"
            f" {rounds[0]['steps']} | {loss[0]:.3f}, {loss[-1]:.3f} |"
        )


if __name__ == "__main__":
    main()
