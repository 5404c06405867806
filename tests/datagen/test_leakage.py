"""What a model is tested with is not what it was taught: linked documents, leaks, the refusal."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import datagen.dataset
from datagen.dataset import generate
from datagen.leakage import leaks, refuse_leakage
from datagen.linked import linked
from datagen.split import hold_out, split
from taxqa.errors import ProofError
from taxqa.folders import read_manifest
from taxqa.records import Record

TEXT = "\n".join(
    f"원고는 {year}년에 취득한 토지를 {year - 1989}억 원에 양도하고 신고를 하였다."
    for year in range(1990, 2020)
)
LONG = "이 판결은 과세처분이 위법하다고 보아 원심판결을 파기하고 사건을 환송한 것입니다."
words = st.sampled_from(["과세", "비과세", "신고", "납부", "환급", "공제", "기한"])


def record(number: int, document: str, question: str, answer: str = "") -> Record:
    return Record(
        id=f"{document}#{number}",
        document=document,
        question=question,
        answer=answer or f"{document}의 답은 이렇습니다.",
        type="expert",
        source="judgment",
        teacher="test",
    )


@st.composite
def datasets(draw: st.DrawFn) -> tuple[list[Record], dict[str, str]]:
    """Records of up to 12 documents, some of which share texts, questions and answers."""
    records, texts = [], {}
    for number in range(draw(st.integers(0, 12))):
        name = f"판결 {number}"
        texts[name] = TEXT.replace("2001년", f"{1950 + draw(st.integers(0, 5))}년")
        for place in range(draw(st.integers(1, 3))):
            question = f"{draw(words)}{draw(st.sampled_from('은는이가'))} {draw(words)}인가요?"
            answer = draw(st.sampled_from([LONG, "네.", f"{LONG} {number}", f"{LONG}  {place}"]))
            records.append(record(place, name, question, answer))
    return records, texts


@settings(deadline=None, max_examples=60)
@given(datasets(), st.integers(0, 3))
def test_a_split_by_linked_documents_never_leaks(
    dataset: tuple[list[Record], dict[str, str]], seed: int
) -> None:
    records, texts = dataset
    groups = linked(records, texts)
    train, valid = split(records, seed=seed, groups=groups)
    assert len(train) + len(valid) == len(records)
    assert leaks(train, valid, [], texts) == []
    assert (train, valid) == split(records, seed=seed, groups=linked(records, texts))
    if len(set(groups.values())) > 1:
        assert train and valid


def test_two_nearly_identical_judgments_lie_on_one_side() -> None:
    names = [f"판결 {number}" for number in range(20)]
    texts = {
        name: TEXT.replace("2001년", f"{1900 + number}년") for number, name in enumerate(names)
    }
    texts["사본 3"] = texts["판결 3"].replace(" ", "  ")
    records = [record(1, name, f"{name}의 요지는 무엇인가요?") for name in texts]
    groups = linked(records, texts)
    assert groups["사본 3"] == "판결 3"
    assert all(groups[name] == name for name in names)
    for seed in range(30):
        train, valid = split(records, seed=seed, groups=groups)
        sides = [{each.document for each in part} for part in (train, valid)]
        assert {"판결 3", "사본 3"} <= sides[0] or {"판결 3", "사본 3"} <= sides[1]
        assert train and valid


def test_each_kind_of_leak_is_named() -> None:
    train = [record(1, "가", "가산세가 있나요?"), record(1, "나", "환급되나요?", LONG)]
    texts = {"가": TEXT, "다": TEXT.replace(" ", "  ")}
    valid = [
        record(2, "가", "다른 질문인가요?", "다른 답변입니다."),
        record(1, "다", "또 다른 질문인가요?", "또 다른 답변입니다."),
        record(1, "라", "가산세는 있나요?", "아니요."),
        record(1, "마", "새 질문인가요?", f" {LONG}"),
    ]
    found = {(leak.what, leak.record, leak.trained) for leak in leaks(train, valid, [], texts)}
    assert found == {
        ("document", "가#2", "가#1"),
        ("text", "가#2", "가#1"),
        ("text", "다#1", "가#1"),
        ("question", "라#1", "가#1"),
        ("answer", "마#1", "나#1"),
    }


def test_held_out_phrasings_share_their_case_but_not_their_question() -> None:
    train = [record(1, "증여 1", "증여세가 얼마인가요?", LONG)]
    fine = [record(2, "증여 1", "세금을 얼마나 내야 하나요?", LONG)]
    assert leaks(train, [], fine, {}) == []
    (leak,) = leaks(train, [], [record(3, "증여 1", "증여세는 얼마인가요?", LONG)], {})
    assert (leak.what, leak.part) == ("question", "heldout")
    with pytest.raises(ProofError, match=r"증여 1#3 of heldout.jsonl has the question of 증여 1#1"):
        refuse_leakage(train, [], [record(3, "증여 1", "증여세는 얼마인가요?", LONG)], {})


def test_short_answers_may_be_the_same_and_figures_tell_long_ones_apart() -> None:
    train = [
        record(1, "가", "과세되나요?", "아니요."),
        record(1, "나", "얼마인가요?", f"{LONG} 1억원"),
    ]
    valid = [
        record(1, "다", "납부하나요?", "아니요."),
        record(1, "라", "세액은요?", f"{LONG} 2억원"),
    ]
    assert leaks(train, valid, [], {}) == []


def test_a_phrasing_that_stays_behind_in_nearly_the_same_words_is_not_held_out() -> None:
    questions = ["증여세가 얼마인가요?", "증여세는 얼마인가요?", "세금은 얼마나 내나요?"]
    records = [
        record(number, "증여 1", question, LONG).model_copy(update={"source": "practical"})
        for number, question in enumerate(questions)
    ]
    for seed in range(10):
        _, held = hold_out(records, seed=seed)
        assert [each.question for each in held] == [questions[2]]
    assert hold_out([*records[:2], records[0]], seed=1)[1] == []


def test_the_manifest_says_what_was_compared_and_a_leak_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(None, tmp_path / "dataset", limit=60)
    manifest = read_manifest(tmp_path / "dataset", stage="dataset", made_by="")
    counts = manifest["counts"]
    assert manifest["leakage"] == {
        "train": counts["train"],
        "valid": counts["valid"],
        "heldout": counts["heldout"],
        "texts": 0,
        "leaks": 0,
    }

    def halves(records: list[Record], **_: object) -> tuple[list[Record], list[Record]]:
        return records, records[:5]

    monkeypatch.setattr(datagen.dataset, "split", halves)
    with pytest.raises(ProofError, match=r"of valid.jsonl has the document of"):
        generate(None, tmp_path / "other", limit=60)
    assert not (tmp_path / "other").exists()
