"""The same text in another form is found; a text that says something else is left alone."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import datagen.near_duplicates
from benchmarks.synthetic import Judgment, judgments
from datagen.collect import collect
from datagen.near_duplicates import NearDuplicates, clusters, near_duplicate

korean = st.text(st.sampled_from("가나다라마바사아자차카타파하은는을를 .\n"), max_size=80)
LONG = "\n".join(
    f"원고는 {year}년에 취득한 토지 {year - 1900}㎡를 {year - 1989}억 원에 양도하고 신고하였다."
    for year in range(1990, 2020)
)


@settings(deadline=None)
@given(st.lists(korean, max_size=12))
def test_clusters_are_ordered_share_no_text_and_hold_every_repeated_one(texts: list[str]) -> None:
    found = clusters(texts)
    members = [number for cluster in found for number in cluster]
    assert len(members) == len(set(members))
    assert all(cluster == sorted(cluster) and len(cluster) > 1 for cluster in found)
    of = {number: tuple(cluster) for cluster in found for number in cluster}
    for number, text in enumerate(texts):
        for other in range(number):
            if texts[other] == text:
                assert of[other] == of[number]


@settings(deadline=None)
@given(korean, st.integers(0, 10**6))
def test_blanks_line_breaks_and_decomposed_letters_change_nothing(text: str, seed: int) -> None:
    spaced = " ".join(text.split()) + "\n"
    assert near_duplicate(text, spaced)
    assert near_duplicate(text, unicodedata.normalize("NFD", text))


@settings(deadline=None)
@given(
    st.sampled_from(
        (
            "소득세법 제{}조에 따라 신고한다.",
            "증여세 {}만원을 납부한다.",
            "{}년 3월 10일까지 신고한다.",
            LONG.replace("원고는 2001년", "원고는 {}년"),
        )
    ),
    st.integers(1, 3000),
    st.integers(1, 3000),
)
def test_texts_that_differ_in_one_figure_are_never_merged(form: str, one: int, other: int) -> None:
    assert near_duplicate(form.format(one), form.format(other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("제12조", "제13조"),
        ("제47조의2", "제47조의3"),
        ("제1항", "제2항"),
        ("①", "②"),
        ("제1호 가목", "제1호 나목"),
        ("1억원", "10억원"),
        ("1 20", "120"),
        ("삼천만원", "오천만원"),
        ("100분의 10", "100분의 20"),
        ("상속세", "증여세"),
        ("법인세", "소득세"),
        ("이상", "초과"),
        ("한다", "하지 아니한다"),
        ("적극", "소극"),
        ("성년", "미성년"),
        ("두 채", "세 채"),
        ("자녀에게", "자녀에게서"),
        ("3개월", "3년"),
    ],
)
@pytest.mark.parametrize("long", [False, True])
def test_a_word_that_decides_tells_two_texts_apart(one: str, other: str, long: bool) -> None:
    around = LONG if long and one != "자녀에게" else "이 규정을 적용받는 사람이 신고할 때"
    assert not near_duplicate(f"{around}\n이때 {one} 본다.", f"{around}\n이때 {other} 본다.")
    assert near_duplicate(f"{around}\n이때 {one} 본다.", f"{around} 이때 {one}  본다.")


def test_figures_in_another_order_say_something_else() -> None:
    form = "아들에게 {}억원, 딸에게 {}억원을 증여한 경우의 세액을 계산한다."
    assert not near_duplicate(form.format(1, 2), form.format(2, 1))


def test_what_differs_twice_in_the_same_way_is_no_misprint() -> None:
    text = LONG.replace("신고하였다", "매수인이 신고하였다")
    assert not near_duplicate(text, text.replace("매수인", "매도인"))
    assert near_duplicate(text, text.replace("매수인", "매슈인", 1))


def test_an_excerpt_is_the_same_text_unless_it_is_short() -> None:
    assert near_duplicate(LONG, "\n".join(LONG.split("\n")[5:]))
    assert near_duplicate("\n".join(LONG.split("\n")[5:]), LONG)
    assert not near_duplicate(LONG, "\n".join(LONG.split("\n")[5:]).replace("2019년", "2018년"))
    assert not near_duplicate("\n".join(LONG.split("\n")[:4]), "\n".join(LONG.split("\n")[:3]))


def test_two_texts_that_are_the_same_as_a_third_lie_in_one_cluster() -> None:
    lines = LONG.split("\n")
    parts = ["\n".join(lines[3:]), "\n".join(lines[:-3]), LONG]
    assert clusters(parts[:2]) == []
    assert clusters(parts) == [[0, 1, 2]]
    assert clusters([LONG, "다른 글이다.", LONG]) == [[0, 2]]


def test_a_text_can_be_looked_up_without_being_taken() -> None:
    with NearDuplicates() as taken:
        assert taken.like(LONG) is None
        taken.take("다른 글을 읽었습니다.")
        taken.take(LONG)
        assert taken.like(LONG.replace(" ", "  ")) == 1
        assert taken.like("제가 다른 글은 읽었어요?") == 0
        assert taken.like("또 다른 글을 읽었습니다.") is None
        assert taken.clusters() == []


def test_texts_beyond_the_memory_given_wait_in_a_file_and_give_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = [each.text for each in judgments(300_000, length=2900)]
    expected = clusters(texts)
    monkeypatch.setattr(datagen.near_duplicates, "SPOOL_BYTES", 1000)
    assert clusters(texts) == expected != []


def original(number: int, made: list[Judgment]) -> int:
    """The judgment that a copy, or a copy of a copy, was made from."""
    source = made[number].copy_of
    return number if source is None else original(source, made)


@pytest.mark.parametrize("length", [2900, 18_000])
def test_planted_near_duplicates_are_found_and_no_others(length: int) -> None:
    made = list(judgments(3_000_000, length=length, seed=3))
    found = clusters(each.text for each in made)
    of = {number: place for place, cluster in enumerate(found) for number in cluster}
    planted = [number for number, each in enumerate(made) if each.copy_of is not None]
    hits = sum(of.get(number, -1) == of.get(made[number].copy_of, -2) for number in planted)
    assert len(planted) >= 20
    assert hits >= 0.98 * len(planted)
    assert all(len({original(number, made) for number in cluster}) == 1 for cluster in found)


def test_no_two_articles_of_the_real_statutes_are_merged(shared: Path) -> None:
    documents = list(collect([shared / "lawdata" / "statutes"]))
    assert len({document.law.partition(" 시행")[0] for document in documents}) == 12
    assert len(documents) > 5000
    assert clusters(document.text for document in documents) == []
