"""How much a quant may lose before it is no longer the model that was trained."""

from dataclasses import dataclass

from export.compare import Comparison
from export.yardstick import Quality

FEW_RIGHT = 5
"""With fewer right answers than this to lose, the divergence alone decides."""


@dataclass(frozen=True)
class Limits:
    """What a quant has to keep; past it, export does not hand it out."""

    max_kld: float = 0.05
    """Most mean KL divergence from the merged model, nats a token. llama.cpp's own figures for an
    8B model are 0.031 for q4_k_m and 0.072 for q4_0 (tools/perplexity/README.md); the demo's
    q4_k_m, which has 0.06 to 0.11, answers next to nothing right (docs/export.md)."""
    min_right: float = 0.9
    """Least share of the merged model's right answers, 0 to 1; one answer may always be lost."""

    def lost(self, found: Quality, merged: Comparison) -> str:
        """What a quant lost, as the reason to leave it out; '' where it kept enough."""
        reasons = []
        divergence = found.divergence.mean_kld
        # Written so that a divergence that is no number is past every limit.
        if not divergence <= self.max_kld:
            reasons.append(f"mean KL divergence {divergence:.3f}, at most {self.max_kld:g}")
        lost = merged.right - found.answers.right
        if merged.right >= FEW_RIGHT and lost > max(1.0, self.may_lose(merged)):
            reasons.append(f"{found.answers.right} right answers of {merged.right}")
        return "; ".join(reasons)

    def may_lose(self, merged: Comparison) -> float:
        """How many right answers a quant may lose; rounded, because 30 - 0.9 * 30 is below 3."""
        return round((1 - self.min_right) * merged.right, 6)
