"""export.html: the comparison as a page that opens offline, in Korean and English."""

import math
from pathlib import Path

from export.report import QuantReport, Report
from taxqa.pages import templates

BAR = 220
"""Length of the longest bar, pixels."""
LOWEST = 1e-6
HIGHEST = 10.0
"""The divergences, nats, at which a bar has no length and the longest; in between logarithmic."""


def write_page(path: Path, report: Report) -> None:
    """Write the page of an export to `path`."""
    environment = templates("export")
    environment.filters["number"] = number
    template = environment.get_template("export.html")
    quants = sorted([*report.quants, *report.left_out], key=lambda made: -made.bytes)
    largest = max(made.bytes for made in quants)
    text = template.render(
        report=report,
        quants=quants,
        bar=BAR,
        size_bar=lambda made: round(BAR * made.bytes / largest),
        kld_bar=kld_bar,
        limit_bar=length(report.limits.max_kld),
    )
    path.write_text(text, encoding="utf-8")


def kld_bar(made: QuantReport) -> int:
    """Length of a quant's divergence, pixels."""
    return length(made.measures.mean_kld) if made.measures else 0


def length(divergence: float) -> int:
    """Length of a divergence on a logarithmic scale from LOWEST to HIGHEST, pixels."""
    if not divergence > LOWEST:
        return 0
    return round(BAR * math.log10(min(divergence, HIGHEST) / LOWEST) / math.log10(HIGHEST / LOWEST))


def number(value: float) -> str:
    """A figure with three digits that say something, as '0.00042' or '12.3'."""
    if not math.isfinite(value):
        return "–"
    digits = 3 if value == 0 else max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(digits, 7)}f}"
