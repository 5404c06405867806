"""Quants of one merged model: each made, measured, and judged by the limits."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from export.compare import Comparison
from export.cost import Meter
from export.importance import Importance
from export.limits import Limits
from export.quantize import CAREFUL, larger_quants, quantize
from export.report import Golden, Measures, QuantReport
from export.resume import made_before, remember
from export.tensors import lost_tensor
from export.yardstick import Quality, Yardstick
from taxqa.errors import ProofError
from taxqa.folders import digest
from taxqa.progress import note


@dataclass(frozen=True)
class Quantizer:
    """Makes quants of the f16 GGUF `full`, beside it."""

    full: Path
    name: str
    importance: Importance | None
    careful: bool
    yardstick: Yardstick | None
    """None = nothing is compared."""
    limits: Limits
    meter: Meter

    def path(self, quant: str) -> Path:
        """The file of a quant."""
        return self.full.with_name(f"{self.name}-{quant}.gguf")

    def make(self, quant: str) -> QuantReport:
        """Write a quant, and say what it is and what it kept; the file stays in either case.

        One that an interrupted export had made and measured is taken as it is.
        """
        if before := made_before(self.full.parent, quant):
            note(f"{before.file} is there already, from an export that was interrupted.")
            return before
        path = self.path(quant)
        quantized = quant not in ("f16", "bf16")
        if quant != "f16":
            note(f"Quantizing to {path.name} …")
            with self.meter.timed(f"quantize {quant}"):
                quantize(
                    self.full,
                    path,
                    quant,
                    importance=self.importance if quantized else None,
                    kept=CAREFUL if self.careful and quantized else None,
                )
        measures, lost, golden = None, "", []
        if self.yardstick is not None:
            with self.meter.timed(f"measure {quant}"):
                found = self.yardstick.measure(path)
            measures = measures_of(found)
            golden = [Golden(**asked) for asked in found.answers.golden]
            lost = self.limits.lost(found, self.yardstick.merged)
            if not lost and (name := lost_tensor(self.full, path)):
                lost = f"{name} is not what it was in f16"
        made = QuantReport(
            type=quant,
            file=path.name,
            bytes=path.stat().st_size,
            sha256=digest(path),
            imatrix=quantized and self.importance is not None,
            careful=quantized and self.careful,
            seconds_quantize=self.meter.seconds(f"quantize {quant}"),
            seconds_measure=self.meter.seconds(f"measure {quant}"),
            measures=measures,
            kept=None if measures is None else not lost,
            lost=lost,
            golden=golden,
        )
        remember(self.full.parent, made)
        return made

    def make_all(self, quants: list[str]) -> tuple[list[QuantReport], list[QuantReport]]:
        """The quants within the limits, and those past them, whose files are removed.

        Raises:
            ProofError: none is within the limits; it names a larger one that is.
        """
        good, left_out = [], []
        for quant in quants:
            made = self.make(quant)
            if made.lost:
                left_out.append(made)
                note(f"{quant} is left out: {made.lost}.")
                # The other quants are made from f16, even where that is no good itself.
                if quant != "f16":
                    self.path(quant).unlink()
            else:
                good.append(made)
        if not good:
            raise self.nothing_good(left_out)
        return good, left_out

    def nothing_good(self, left_out: list[QuantReport]) -> ProofError:
        """The error where no quant is within the limits, naming one that was tried and is."""
        lost = "; ".join(f"{made.type}: {made.lost}" for made in left_out)
        message = f"Quantization lost what was learned, so no model was made ({lost})."
        for quant in larger_quants(left_out[0].type):
            note(f"Trying {quant}, to see whether it would do …")
            made = self.make(quant)
            self.path(quant).unlink()
            if not made.lost:
                return ProofError(
                    message,
                    hint=f"{quant} was tried and keeps it ({made.bytes / 1e6:,.0f} MB): run the"
                    f" same command with --quant {quant}.",
                )
        return ProofError(
            message,
            hint="No larger type keeps it, f16 neither: the conversion itself changed the model."
            " Set the limits with --max-kld and --min-right to look at it all the same.",
        )


def measures_of(found: Quality) -> Measures:
    """The measures as they stand in export.json."""
    divergence = asdict(found.divergence)
    divergence["scored_tokens"] = divergence.pop("tokens")
    return Measures(**counts_of(found.answers), **divergence)


def counts_of(found: Comparison) -> dict[str, Any]:
    """A comparison without its answers."""
    return {name: value for name, value in asdict(found).items() if name != "golden"}
