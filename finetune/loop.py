"""The training loop that both trainers share: TRL's SFTTrainer on rows that are ready."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.config import TrainConfig
from finetune.rows import Row

if TYPE_CHECKING:
    from finetune.train import Plan

OnLog = Callable[[int, float, dict[str, Any]], None]


def make_trainer(
    model: Any,
    tokenizer: Any,
    plan: "Plan",
    config: TrainConfig,
    checkpoints: Path,
    report: OnLog,
) -> Any:
    """An SFTTrainer over `plan`'s rows that writes into `checkpoints`."""
    from transformers import PrinterCallback
    from trl import SFTTrainer

    has_valid = bool(plan.valid.rows)
    trainer = SFTTrainer(
        model=model,
        args=sft_config(plan, config, checkpoints, has_valid),
        train_dataset=as_dataset(plan.train.rows),
        eval_dataset=as_dataset(plan.valid.rows) if has_valid else None,
        processing_class=tokenizer,
        callbacks=callbacks(config, report, has_valid),
    )
    trainer.remove_callback(PrinterCallback)  # stdout is for results
    return trainer


def as_dataset(rows: list[Row]) -> Any:
    """Rows as a datasets.Dataset with input_ids and labels."""
    from datasets import Dataset

    return Dataset.from_dict(
        {"input_ids": [row.input_ids for row in rows], "labels": [row.labels for row in rows]}
    )


def sft_config(plan: "Plan", config: TrainConfig, checkpoints: Path, has_valid: bool) -> Any:
    """TRL's own config for ours: evaluated and saved once an epoch, best adapter kept."""
    import torch
    from trl import SFTConfig

    args = config.training_args
    on_gpu = config.device == "auto" and torch.cuda.is_available()
    on_mps = config.device == "auto" and torch.backends.mps.is_available()
    bf16 = on_gpu and torch.cuda.is_bf16_supported()
    evaluation: dict[str, Any] = {"eval_strategy": "no"}
    if has_valid:
        evaluation = {
            "eval_strategy": "steps",
            "eval_steps": plan.steps_per_epoch,
            "load_best_model_at_end": config.keep == "best",
            "metric_for_best_model": "eval_loss",
            "greater_is_better": False,
        }
    return SFTConfig(
        output_dir=str(checkpoints),
        num_train_epochs=args.num_train_epochs,
        max_steps=args.max_steps,
        per_device_train_batch_size=args.per_device_train_batch_size,
        per_device_eval_batch_size=args.per_device_train_batch_size,
        gradient_accumulation_steps=args.gradient_accumulation_steps,
        learning_rate=args.learning_rate,
        lr_scheduler_type=args.lr_scheduler_type,
        warmup_steps=args.warmup_ratio,  # below 1 it is a share of the steps
        weight_decay=args.weight_decay,
        max_grad_norm=args.max_grad_norm,
        gradient_checkpointing=args.gradient_checkpointing,
        seed=args.seed,
        data_seed=args.seed,
        save_strategy="steps",
        save_steps=plan.steps_per_epoch,
        save_total_limit=2,
        # The count of evaluations without gain goes on where a killed run left it.
        restore_callback_states_from_checkpoint=True,
        logging_steps=1,
        logging_nan_inf_filter=False,  # a loss that is no number would be logged as 0
        max_length=None,  # rows are within max_length already
        bf16=bf16,
        fp16=on_gpu and not bf16,
        use_cpu=not on_gpu and not on_mps,
        dataloader_pin_memory=on_gpu,
        report_to="none",
        disable_tqdm=True,
        **evaluation,
    )


def callbacks(config: TrainConfig, report: OnLog, has_valid: bool) -> list[Any]:
    """Our log, checkpoints between evaluations, and the early stop."""
    from transformers import EarlyStoppingCallback, TrainerCallback

    class Checkpoints(TrainerCallback):  # type: ignore[misc]
        """Saves every save_steps besides the evaluations' own saves, and passes logs on."""

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
            """Ask for a checkpoint when it is time."""
            if state.global_step % config.training_args.save_steps == 0:
                control.should_save = True
            return control

        def on_log(
            self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any
        ) -> None:
            """Pass a log on."""
            report(state.global_step, state.epoch or 0.0, logs or {})

    found: list[Any] = [Checkpoints()]
    if has_valid and config.keep == "best":
        found.append(EarlyStoppingCallback(config.early_stopping_patience))
    return found
