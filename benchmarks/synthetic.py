"""Synthetic Korean judgments, a fifth of them near duplicates: `python -m benchmarks.synthetic`.

The words are random syllables with Korean particles and endings, so that no text of a real
judgment is needed; figures, dates, articles and case numbers come as often as in real ones.
"""

import argparse
import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

SYLLABLES = "각간강거건검결경고공과관광교구국군규균그극급길나남내노농단담대도독동등라란랑래"
SYLLABLES += "력련로론료류리림마망면명모목무문물민박반발방배번범변별병복본봉북분삼생서석선설"
PARTICLES = ("은", "는", "이", "가", "을", "를", "의", "에", "에서", "으로", "와", "과", "도")
ENDINGS = ("하였다.", "한다.", "볼 것이다.", "할 수 있다.", "할 수 없다.", "것은 아니다.")
ACTS = ("소득세법", "법인세법", "부가가치세법", "상속세 및 증여세법", "국세기본법", "지방세법")
TAXES = ("증여세", "상속세", "양도소득세", "법인세", "부가가치세", "취득세")
HEADINGS = ("【주 문】", "【이 유】", "【원고, 상고인】", "【원심판결】")
FIRST_SECTIONS = ("판시사항", "판결요지", "참조조문")


@dataclass(frozen=True)
class Judgment:
    """A synthetic judgment in the fields of the law.go.kr OpenAPI's PrecService."""

    fields: dict[str, str]
    copy_of: int | None = None
    """Position of the judgment that this one nearly repeats."""
    twin_of: int | None = None
    """Position of the judgment from which this one differs in a single figure."""

    @property
    def text(self) -> str:
        """What it says, without its number."""
        parts = (self.fields.get(name, "") for name in (*FIRST_SECTIONS, "판례내용"))
        return "\n".join(filter(None, parts)).replace("<br/>", "\n")


def judgments(
    size: int, *, length: int = 18_000, copies: float = 0.2, twins: float = 0.0, seed: int = 1
) -> Iterator[Judgment]:
    """Judgments of `size` bytes of UTF-8 text in all.

    Args:
        length: bytes of an average judgment; the real ones have 18,000.
        copies: share that nearly repeats one of the hundred before.
        twins: share that differs from one of them in a figure alone, and is a judgment of its own.
    """
    order = random.Random(seed)
    words = ["".join(order.choices(SYLLABLES, k=order.choice((2, 2, 3, 4)))) for _ in range(20_000)]
    originals: list[tuple[int, dict[str, str]]] = []
    number = made = 0
    while made < size:
        chance = order.random() if originals else 1.0
        if chance < copies:
            source, fields = order.choice(originals)
            judgment = Judgment(nearly(fields, number, order), source)
        elif chance < copies + twins:
            source, fields = order.choice(originals)
            judgment = Judgment(other_figure(fields, number, order), twin_of=source)
        else:
            judgment = Judgment(written(number, length, words, order))
            originals = [*originals[-99:], (number, judgment.fields)]
        yield judgment
        made += len(judgment.text.encode())
        number += 1


def written(number: int, length: int, words: list[str], order: random.Random) -> dict[str, str]:
    """The fields of a new judgment."""
    size = max(int(order.lognormvariate(0, 0.5) * length / 1.13), 1500)
    sentences = []
    while size > 0:
        sentences.append(sentence(words, order))
        size -= len(sentences[-1].encode()) + 5
    first = max(len(sentences) // 8, 1)
    body = [
        f"{order.choice(HEADINGS)}<br/>{each}" if place % 15 == 0 else each
        for place, each in enumerate(sentences[2 * first :])
    ]
    return {
        "판례정보일련번호": str(900_000 + number),
        "사건명": f"{order.choice(TAXES)}부과처분취소",
        "사건번호": f"{order.randint(1990, 2026)}두{10_000 + number}",
        "선고일자": f"{order.randint(1990, 2026)}06{order.randint(1, 28):02}",
        "법원명": "대법원",
        "판시사항": "<br/>".join(sentences[:first]),
        "판결요지": "<br/>".join(sentences[first : 2 * first]),
        "참조조문": f"{order.choice(ACTS)} 제{order.randint(1, 120)}조 제{order.randint(1, 9)}항",
        "판례내용": "<br/><br/>".join(body),
    }


def sentence(words: list[str], order: random.Random) -> str:
    """A sentence of eight to thirty words; every second one has a figure or a citation."""
    parts = [order.choice(words) + order.choice(PARTICLES) for _ in range(order.randint(8, 30))]
    if order.random() < 0.5:
        parts.insert(order.randrange(len(parts)), figure(order))
    return " ".join(parts) + " " + order.choice(words) + order.choice(ENDINGS)


def figure(order: random.Random) -> str:
    """An amount, a date or an article."""
    return order.choice(
        (
            f"{order.randint(1, 9999)}만 원을",
            f"{order.randint(2000, 2026)}. {order.randint(1, 12)}. {order.randint(1, 28)}.",
            f"{order.choice(ACTS)} 제{order.randint(1, 120)}조 제{order.randint(1, 9)}항에",
        )
    )


def nearly(fields: dict[str, str], number: int, order: random.Random) -> dict[str, str]:
    """The same judgment as another collection has it: one of ALTERATIONS, under another number."""
    altered = order.choice(ALTERATIONS)(fields, order)
    return {**altered, "판례정보일련번호": str(900_000 + number), "사건번호": f"사본{number}"}


def other_figure(fields: dict[str, str], number: int, order: random.Random) -> dict[str, str]:
    """Another judgment in the same words: one figure of its body is another."""
    body = fields["판례내용"]
    place = order.choice([found.span() for found in re.finditer(r"\d+", body)] or [(0, 0)])
    other = str(int(body[slice(*place)] or 0) + 1)
    altered = {**fields, "판례내용": body[: place[0]] + other + body[place[1] :]}
    return {**altered, "판례정보일련번호": str(900_000 + number), "사건번호": f"쌍둥이{number}"}


def unchanged(fields: dict[str, str], order: random.Random) -> dict[str, str]:
    """Word for word."""
    return fields


def other_blanks(fields: dict[str, str], order: random.Random) -> dict[str, str]:
    """Blanks are missing, line breaks are blanks."""
    body = re.sub(" ", lambda blank: "" if order.random() < 0.1 else " ", fields["판례내용"])
    return {**fields, "판례내용": body.replace("<br/><br/>", " ")}


def other_particles(fields: dict[str, str], order: random.Random) -> dict[str, str]:
    """Some particles are others."""
    body = re.sub(
        "(?<=[가-힣]{2})[은는이가](?= )",
        lambda found: order.choice("은는이가") if order.random() < 0.1 else found[0],
        fields["판례내용"],
    )
    return {**fields, "판례내용": body}


def misprints(fields: dict[str, str], order: random.Random) -> dict[str, str]:
    """One syllable in two hundred is another, outside figures."""
    body = re.sub(
        f"(?<![제법. ])[{SYLLABLES}](?=[{SYLLABLES}])",
        lambda found: order.choice("각간감검결광교군균") if order.random() < 0.005 else found[0],
        fields["판례내용"],
    )
    return {**fields, "판례내용": body}


def body_alone(fields: dict[str, str], order: random.Random) -> dict[str, str]:
    """The sections before the body are missing."""
    return {name: text for name, text in fields.items() if name not in FIRST_SECTIONS}


def with_header(fields: dict[str, str], order: random.Random) -> dict[str, str]:
    """A line of the collection stands before the body."""
    return {**fields, "판례내용": f"[판례 {order.randint(1, 9999)}호]<br/>{fields['판례내용']}"}


ALTERATIONS: tuple[Callable[[dict[str, str], random.Random], dict[str, str]], ...] = (
    unchanged, other_blanks, other_particles, misprints, body_alone, with_header,
)  # fmt: skip


def write(path: Path, size: int, **options: float) -> int:
    """Write judgments as JSON lines; returns how many."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for judgment in judgments(size, **options):  # type: ignore[arg-type]
            file.write(json.dumps(judgment.fields, ensure_ascii=False) + "\n")
            count += 1
    return count


def main() -> None:
    """Write a file of so many megabytes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, default=417)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    count = write(options.out, int(options.megabytes * 1e6))
    print(f"{count:,} judgments in {options.out}, {options.out.stat().st_size / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
