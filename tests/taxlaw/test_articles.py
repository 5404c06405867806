"""Which articles exist, and what is said of those that do not."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taxlaw import articles
from taxlaw.articles import ArticleIndex, Version
from taxlaw.citations import find_citations, parse_citation
from taxlaw.grammar import LETTERS
from taxlaw.packing import pack, unpack
from taxlaw.statutes import Article, Item, Paragraph, Subitem, read_statute
from taxqa.errors import InputError


def index_of(*versions: Version) -> ArticleIndex:
    index = ArticleIndex()
    for version in versions:
        index.add(version)
    return index


INDEX = index_of(
    Version(
        "소득세법",
        "2026-01-01",
        "2",
        {"1": "", "2": "0:1(가나x),1의2,2x", "3": "x", "3의2": "1:1 2x"},
    ),
)


@pytest.mark.parametrize(
    ("text", "status", "says"),
    [
        ("소득세법 제1조", "exists", "exists"),
        ("소득세법 제2조제1호", "exists", "exists"),
        ("소득세법 제2조제1호의2", "exists", "exists"),
        ("소득세법 제2조제1호가목", "exists", "exists"),
        ("소득세법 제3조의2제1항제1호", "exists", "exists"),
        ("소득세법 제3조", "deleted", "제3조 is deleted"),
        ("소득세법 제3조제1항", "deleted", "제3조 is deleted"),
        ("소득세법 제3조의2제2항", "deleted", "제3조의2제2항 is deleted"),
        ("소득세법 제2조제2호", "deleted", "제2조제2호 is deleted"),
        ("소득세법 제2조제1호나목", "deleted", "제2조제1호나목 is deleted"),
        ("소득세법 제9조", "no_article", "its last article is 제3조의2"),
        ("소득세법 제3조의9", "no_article", "it has 제3조, 제3조의2"),
        ("소득세법 제2조제1항제1호", "no_paragraph", "no numbered 항; did you mean 제2조제1호?"),
        ("소득세법 제2조제1항제1호가목", "no_paragraph", "did you mean 제2조제1호가목?"),
        ("소득세법 제1조제1항", "no_paragraph", "did you mean 제1조?"),
        ("소득세법 제3조의2제3항", "no_paragraph", "has 제1항, 제2항"),
        ("소득세법 제2조제3호", "no_item", "has 제1호, 제1호의2, 제2호"),
        ("소득세법 제3조의2제1호", "no_item", "did you mean 제3조의2제1항제1호?"),
        ("소득세법 제1조제1호", "no_item", "no items"),
        ("소득세법 제2조제1호다목", "no_subitem", "has 가목, 나목"),
        ("소득세법 제2조제1호의2가목", "no_subitem", "no subitems"),
        ("구 소득세법 제99조", "former", "former act"),
        ("구 조세감면규제법 제3조", "former", "former act"),
        ("민법 제1조", "unknown_act", "does not hold 민법"),
        ("구 민법 제1조", "unknown_act", "does not hold 민법"),
        ("소득세법 시행령 제1조", "unknown_act", "does not hold 소득세법 시행령"),
    ],
)
def test_a_citation_resolves_to_what_exists(text: str, status: str, says: str) -> None:
    resolution = INDEX.resolve(parse_citation(text))
    assert resolution.status == status
    assert says in resolution.message
    assert resolution.ok == (status in ("exists", "former"))


def test_a_day_chooses_the_version_that_was_in_force() -> None:
    index = index_of(
        Version("소득세법", "2026-07-01", "2", {"1": "x", "2": ""}),
        Version("소득세법", "2020-01-01", "1", {"1": ""}),
    )
    citation = parse_citation("소득세법 제1조")
    assert index.resolve(citation).status == "deleted"
    assert index.resolve(citation, on=date(2026, 6, 30)).status == "exists"
    assert index.resolve(citation, on=date(2026, 7, 1)).status == "deleted"
    assert index.resolve(citation, on=date(2019, 12, 31)).status == "not_in_force"


def test_merging_adds_versions_and_replaces_one_of_the_same_day() -> None:
    newer = Version("소득세법", "2026-07-01", "3", {"1": "", "9": ""})
    other = Version("법인세법", "2026-01-01", "4", {"1": ""})
    same_day = Version("소득세법", "2026-01-01", "5", {"1": "x"})
    merged = INDEX.merged(index_of(newer, other, same_day))
    assert merged.resolve(parse_citation("소득세법 제9조")).ok
    assert merged.resolve(parse_citation("법인세법 제1조")).ok
    on = date(2026, 2, 1)
    assert merged.resolve(parse_citation("소득세법 제1조"), on).status == "deleted"
    assert INDEX.resolve(parse_citation("소득세법 제1조"), on).ok


def test_a_saved_index_loads_as_itself(tmp_path: Path) -> None:
    path = tmp_path / "article_index.json"
    INDEX.save(path)
    assert ArticleIndex.load(path) == INDEX


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"format": 9, "laws": []}',
        "{}",
        '{"laws": [{"law": "소득세법"}]}',
        '{"laws": [1]}',
    ],
)
def test_a_file_that_is_no_index_is_refused_with_the_way_to_make_one(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "article_index.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"python -m taxlaw\.articles"):
        ArticleIndex.load(path)
    with pytest.raises(InputError, match="cannot be read"):
        ArticleIndex.load(tmp_path / "missing.json")


NUMBERS = st.integers(1, 200)
SUBITEMS = st.builds(Subitem, st.sampled_from(LETTERS), st.booleans())
ITEMS = st.builds(
    Item, NUMBERS, st.integers(0, 20), st.booleans(), st.lists(SUBITEMS, max_size=4).map(tuple)
)
PARAGRAPHS = st.builds(
    Paragraph, st.integers(0, 50), st.booleans(), st.lists(ITEMS, max_size=4).map(tuple)
)


@given(st.lists(PARAGRAPHS, max_size=5, unique_by=lambda paragraph: paragraph.number))
def test_a_packed_article_unpacks_to_itself(paragraphs: list[Paragraph]) -> None:
    article = Article(1, 0, "", False, "", tuple(paragraphs))
    assert unpack(pack(article)) == {paragraph.number: paragraph for paragraph in paragraphs}


def test_the_index_that_ships_holds_the_twelve_acts_with_their_decrees_and_rules() -> None:
    index = ArticleIndex.default()
    assert len(index.laws) == 34
    assert index is ArticleIndex.default()
    for text in ("소득세법 제55조제1항", "상증령 제49조", "법인세법 시행규칙 제2조의3"):
        assert index.resolve(parse_citation(text)).ok, text
    wrong = index.resolve(parse_citation("상속세 및 증여세법 제53조제1항제2호"))
    assert wrong.status == "no_paragraph"
    assert "제53조 has no numbered 항; did you mean 제53조제2호?" in wrong.message


def test_the_index_that_ships_is_what_its_command_writes(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "articles.json"
    articles.main(str(shared / "lawdata/statutes"), str(made))
    shipped = Path(articles.__file__).with_name("data") / "articles.json"
    assert made.read_text(encoding="utf-8") == shipped.read_text(encoding="utf-8")
    assert capsys.readouterr().out == ""


def test_a_folder_without_statutes_makes_no_index(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no statute"):
        articles.main(str(tmp_path), str(tmp_path / "out.json"))
    assert list(tmp_path.iterdir()) == []


def test_it_holds_every_article_of_the_other_parsers_index_and_no_other(shared: Path) -> None:
    others = json.loads((shared / "lawdata/article_index.json").read_text(encoding="utf-8"))
    index = ArticleIndex.default()
    for law, other in others.items():
        [version] = index.laws[law]
        names = {f"제{key}조" if "의" not in key else key_name(key) for key in version.articles}
        assert names == other["조"].keys()


def key_name(key: str) -> str:
    number, branch = key.split("의")
    return f"제{number}조의{branch}"


def test_the_statutes_own_references_exist_but_for_what_lawmakers_left_stale(shared: Path) -> None:
    """An act, its decree and its rule refer to one another some thousand times."""
    index = ArticleIndex.default()
    found = []
    for path in shared.glob("lawdata/statutes/상속세및증여세법/*.md"):
        statute = read_statute(path)
        for article in statute.articles:
            found += [m.citation for m in find_citations(article.text, statute.law)]
    known = [citation for citation in found if citation.law in index.laws]
    wrong = [str(citation) for citation in known if not index.resolve(citation).ok]
    assert len(known) > 1900
    assert len(wrong) <= 0.005 * len(known), wrong


def test_a_deleted_article_is_reported_with_what_stands_beside_it() -> None:
    resolution = ArticleIndex.default().resolve(parse_citation("국세기본법 제29조"))
    assert resolution.status == "deleted"
    assert resolution.message == "국세기본법 제29조 is deleted (삭제). There is 제28조, 제35조."
