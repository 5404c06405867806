"""What a run asks of this machine, looked at before anything is fetched or written."""

import importlib.util

from finetune.config import TrainConfig
from finetune.precision import precision, uses_gpu
from finetune.processes import take_device, this_process
from taxqa.errors import ConfigError, MissingExtraError, TaxqaError

PACKAGES = ("torch", "transformers", "trl", "peft", "datasets", "accelerate", "matplotlib")


def require_machine(config: TrainConfig) -> None:
    """Everything below, cheapest first.

    Raises:
        ConfigError: the config asks for what this machine does not have.
        MissingExtraError: a package is not installed.
    """
    require_packages()
    take_device(this_process(), config)
    require_4bit(config)
    precision(config)
    require_trackers(config)


def require_packages() -> None:
    """MissingExtraError unless what training needs is installed."""
    for package in PACKAGES:
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError(package, "finetune")


def require_4bit(config: TrainConfig) -> None:
    """Refuse load_in_4bit where it cannot be.

    Raises:
        ConfigError: no CUDA GPU.
        MissingExtraError: no bitsandbytes.
    """
    if not config.load_in_4bit:
        return
    if not uses_gpu(config):
        raise ConfigError(
            "load_in_4bit: true needs a CUDA GPU, and this run would have none.",
            hint="Set load_in_4bit: false, or train on a machine with such a GPU.",
        )
    if importlib.util.find_spec("bitsandbytes") is None:
        raise MissingExtraError("bitsandbytes", "unsloth")


def require_trackers(config: TrainConfig) -> None:
    """Refuse a tracker that transformers does not know, or that is not installed.

    Raises:
        ConfigError: an unknown name.
        TaxqaError: its package is missing.
    """
    if not config.report_to:
        return
    from transformers.integrations import integration_utils

    known = sorted(integration_utils.INTEGRATION_TO_CALLBACK)
    for name in config.report_to:
        if name not in known:
            raise ConfigError(
                f"report_to: transformers knows no tracker '{name}'.",
                hint=f"Known: {', '.join(known)}.",
            )
        if name not in integration_utils.get_available_reporting_integrations():
            raise TaxqaError(
                f"report_to: {name} was asked for and is not installed.",
                hint="Install it beside taxqa, or leave it out of report_to.",
            )
