"""The training loop that both trainers share: TRL's SFTTrainer on rows that are ready."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.batches import Collator, as_dataset, length_sampler, require_rows_apart
from finetune.config import TrainConfig
from finetune.live import Speed
from finetune.precision import precision, uses_gpu
from finetune.processes import this_process

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
    """An SFTTrainer over `plan`'s sequences that writes into `checkpoints`.

    Raises:
        ProofError: rows are packed, and this model's attention ignores where they end.
    """
    from transformers import PrinterCallback
    from trl import SFTTrainer

    args = config.training_args
    valid = [[row] for row in plan.valid.rows]  # never packed: so its loss compares with any run
    trainer = SFTTrainer(
        model=model,
        args=sft_config(plan, config, checkpoints, bool(valid)),
        data_collator=Collator(tokenizer.pad_token_id),
        train_dataset=as_dataset(plan.sequences),
        eval_dataset=as_dataset(valid) if valid else None,
        processing_class=tokenizer,
        callbacks=callbacks(config, report, bool(valid)),
    )
    trainer.remove_callback(PrinterCallback)  # stdout is for results
    if args.group_by_length:
        lengths = [sum(len(row.input_ids) for row in rows) for rows in plan.sequences]
        together = args.per_device_train_batch_size * args.gradient_accumulation_steps
        sampler = length_sampler(lengths, together * this_process().count, args.seed)
        trainer._get_train_sampler = lambda *_: sampler
    for weight in trainer.model.parameters():
        if weight.requires_grad:
            # TRL makes it 16-bit over a 4-bit base, where small steps are rounded away.
            weight.data = weight.data.float()
    require_rows_apart(trainer.model, plan.sequences, tokenizer.pad_token_id)
    return trainer


def sft_config(plan: "Plan", config: TrainConfig, checkpoints: Path, has_valid: bool) -> Any:
    """TRL's own config for ours: evaluated and saved once an epoch, best adapter kept."""
    import torch
    from trl import SFTConfig

    args = config.training_args
    on_gpu = uses_gpu(config)
    on_mps = config.device == "auto" and torch.backends.mps.is_available()
    on_cpu = not on_gpu and not on_mps
    chosen = precision(config)
    together = this_process().count > 1
    evaluation: dict[str, Any] = {"eval_strategy": "no"}
    if has_valid:
        evaluation = {
            "eval_strategy": "steps",
            "eval_steps": plan.steps_per_epoch,
            "load_best_model_at_end": config.keep == "best",
            "metric_for_best_model": "eval_loss",
            "greater_is_better": False,
        }
    made = SFTConfig(
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
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        padding_free=False,  # unset, Unsloth would choose batches of its own on a GPU
        include_num_input_tokens_seen="non_padding",
        bf16=on_gpu and chosen == "bf16",
        fp16=on_gpu and chosen == "fp16",
        use_cpu=on_cpu,
        ddp_backend="gloo" if on_cpu and together else None,
        ddp_find_unused_parameters=False,
        dataloader_pin_memory=on_gpu,
        report_to=list(config.report_to),
        disable_tqdm=True,
        **evaluation,
    )
    if on_cpu and together:
        # accelerate numbers CPUs, and torch.load knows no device 'cpu:0' to resume on.
        made._setup_devices = torch.device("cpu")
    return made


def callbacks(config: TrainConfig, report: OnLog, has_valid: bool) -> list[Any]:
    """Our log, checkpoints between evaluations, and the early stop."""
    from transformers import EarlyStoppingCallback, TrainerCallback

    speed = Speed()

    class Watch(TrainerCallback):  # type: ignore[misc]
        """Saves every save_steps besides the evaluations' own saves, measures, passes logs on."""

        def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            """Begin to measure a step."""
            speed.begin(state.num_input_tokens_seen)

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
            """Ask for a checkpoint when it is time."""
            if state.global_step % config.training_args.save_steps == 0:
                control.should_save = True
            return control

        def on_log(
            self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any
        ) -> None:
            """Pass a log on; that of a training step with its speed."""
            measured = speed.end(state.num_input_tokens_seen) if "loss" in (logs or {}) else {}
            report(state.global_step, state.epoch or 0.0, (logs or {}) | measured)

    found: list[Any] = [Watch()]
    if has_valid and config.keep == "best":
        found.append(EarlyStoppingCallback(config.early_stopping_patience))
    return found
