"""What is fetched from the law.go.kr OpenAPI, against a server with all its quirks."""

import json
import logging
import sqlite3
import traceback
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from fake_law_api import KEY, UNKNOWN, WEB_PAGE, FakeLawApi, Fault, judgment, law, served
from hypothesis import given
from hypothesis import strategies as st

from datagen.collect import Collected, collect
from datagen.corpus import STORE, read_corpus, write_corpus
from datagen.decision_examples import decision_examples
from datagen.law_api.client import TRIES, LawApi, without, without_links
from datagen.law_api.documents import documents_from
from datagen.law_api.fetch import Fetched, Fetcher, Wanted
from datagen.law_api.kinds import JUDGMENT, KINDS, RULING, TRIBUNAL
from datagen.law_api.store import ROUND_SECONDS, RawStore
from taxlaw.acts import ACTS, find_act
from taxlaw.citations import parse_citation
from taxqa.errors import BusyError, InputError, ServiceError, TaxqaError
from taxqa.records import Document, read_json

INCOME_TAX = tuple(act for act in ACTS if act.name == "소득세법")
SOURCE_KINDS = ("statute", "judgment", "ruling")
TODAY = date(2026, 6, 1)
JUDGMENTS = Wanted(INCOME_TAX, statutes=False, kinds=(JUDGMENT,), today=TODAY)
STATUTES = Wanted(INCOME_TAX, statutes=True, kinds=(), today=TODAY)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeLawApi]:
    with served(FakeLawApi()) as fake:
        monkeypatch.setenv("LAW_API_URL", fake.url)
        monkeypatch.setenv("LAW_OC", KEY)
        yield fake


def run(tmp_path: Path, wanted: Wanted = JUDGMENTS) -> tuple[list[Document], Collected, Fetched]:
    """One run without waiting."""
    found = Collected()
    with LawApi(pause=0) as api, RawStore.opened(tmp_path / STORE) as store:
        fetched = Fetcher(api, store, wanted).run()
        documents = list(collect([], found, documents_from(fetched, store, found)))
    return documents, found, fetched


def ids(documents: list[Document]) -> list[str]:
    return [document.id for document in documents]


def holding(*judgments: tuple[dict[str, object], dict[str, object] | None]) -> dict[str, object]:
    return {"prec": list(judgments)}


def test_an_act_comes_with_decree_and_rule_as_in_force_today(
    fake: FakeLawApi, tmp_path: Path
) -> None:
    fake.laws = [
        law("소득세법", "11", "20240101"), law("소득세법", "12", "20260101"),
        law("소득세법", "13", "20270101"), law("소득세법 시행령", "21", "20250101"),
        law("소득세법 시행규칙", "31", "20280101"), law("소득세법 시행규칙", "32", "20270101"),
        law("구소득세법", "41", "20260101"), law("농어촌 소득세법 특례법", "42", "20260101"),
    ]  # fmt: skip
    documents, found, fetched = run(tmp_path, STATUTES)
    assert {statute.law: statute.mst for statute in fetched.statutes} == {
        "소득세법": "12",
        "소득세법 시행령": "21",
        "소득세법 시행규칙": "32",
    }
    assert ids(documents)[:2] == ["소득세법 제1조", "소득세법 제2조"]
    assert documents[0].text == "① 사과는 다음과 같다.\n\n  1. 붉은 것\n    가. 단 것"
    assert documents[0].in_force == "2026-01-01"
    bodies = [asked for asked in fake.asked if asked[""] == "lawService.do"]
    assert {(asked["MST"], asked["efYd"]) for asked in bodies} == {
        ("12", "20260101"), ("21", "20250101"), ("32", "20270101"),
    }  # fmt: skip
    assert not found.skipped


def test_an_act_that_is_not_listed_is_noted(fake: FakeLawApi, tmp_path: Path) -> None:
    fake.laws = [law("소득세법", "11", "20240101")]
    acts = tuple(act for act in ACTS if act.name in ("소득세법", "관세법"))
    _, found, _ = run(tmp_path, Wanted(acts, statutes=True, kinds=(), today=TODAY))
    assert found.skipped == [("law.go.kr/관세법", "law.go.kr lists no law of that name")]


def test_of_two_texts_from_one_day_the_one_promulgated_last_is_taken(
    fake: FakeLawApi, tmp_path: Path
) -> None:
    first, second = law("소득세법", "91", "20260101"), law("소득세법", "15", "20260101")
    second[0]["공포일자"], first[0]["공포일자"] = "20251230", "20251201"
    fake.laws = [second, first]
    assert [statute.mst for statute in run(tmp_path, STATUTES)[2].statutes] == ["15"]


def test_pages_are_turned_until_all_rows_came_however_few_a_page_holds(
    fake: FakeLawApi, tmp_path: Path
) -> None:
    fake.decisions = holding(*(judgment(str(number)) for number in range(1, 8)))
    fake.most_rows = 3
    documents, _, _ = run(tmp_path)
    assert ids(documents) == [f"대법원 2026두{number}" for number in range(1, 8)]
    assert Counter(asked[""] for asked in fake.asked) == {"lawSearch.do": 3, "lawService.do": 7}
    assert documents[0].text == "## 판결요지\n\n요지이다.\n\n## 판례내용\n\n본문 1"


def test_a_list_that_does_not_turn_its_pages_comes_to_an_end(
    fake: FakeLawApi, tmp_path: Path
) -> None:
    fake.decisions = holding(judgment("1"), judgment("2"))
    same = fake.page({"target": "prec", "display": "100", "page": "1"}, "")
    same["PrecSearch"]["totalCnt"] = "900"
    listed = Fault(body=json.dumps(same))
    fake.fault = lambda asked, times: listed if asked[""] == "lawSearch.do" else None
    documents, found, _ = run(tmp_path)
    assert len(documents) == 2
    assert [why for _, why in found.skipped] == ["900 rows were promised, 2 came"]


def test_nothing_found_is_one_message(fake: FakeLawApi, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no statute, judgment.* law\.go\.kr"):
        run(tmp_path)


def test_judgments_without_a_text_are_counted_and_not_asked_for(
    fake: FakeLawApi, tmp_path: Path
) -> None:
    fake.decisions = holding(
        judgment("1"), judgment("2", source="국세법령정보시스템"), (judgment("3")[0], None)
    )
    documents, found, _ = run(tmp_path)
    assert ids(documents) == ["대법원 2026두1"]
    assert {asked.get("ID") for asked in fake.asked} == {None, "1", "3"}
    assert [(Path(what).name, why) for what, why in found.skipped] == [
        ("판례 3", "listed, but the API holds no text of it"),
        ("판례 1건", "listed from 국세법령정보시스템; the API holds no text of them"),
    ]


def test_a_later_run_asks_only_for_what_is_new_or_changed(fake: FakeLawApi, tmp_path: Path) -> None:
    missing = (judgment("9")[0], None)
    fake.decisions = holding(judgment("1"), judgment("2"), missing)
    fake.laws = [law("소득세법", "12", "20260101")]
    both = Wanted(INCOME_TAX, statutes=True, kinds=(JUDGMENT,), today=TODAY)
    run(tmp_path, both)
    fake.asked.clear()
    changed = judgment("2", "20260303", text="새 본문")
    fake.decisions = holding(judgment("3"), judgment("1"), changed, missing)
    documents, _, _ = run(tmp_path, both)
    bodies = [asked.get("ID") or asked.get("MST") for asked in fake.asked if "page" not in asked]
    assert bodies == ["3", "2"]
    texts = {document.id: document.text for document in documents}
    assert "새 본문" in texts["대법원 2026두2"]
    assert "본문 1" in texts["대법원 2026두1"]


def test_a_run_that_was_cut_off_goes_on_with_the_pages_it_has(
    fake: FakeLawApi, tmp_path: Path
) -> None:
    fake.decisions = holding(*(judgment(str(number)) for number in range(1, 6)))
    fake.most_rows = 2
    down = Fault(status=503)
    fake.fault = lambda asked, times: down if asked.get("ID") in ("3", "4", "5") else None
    with pytest.raises(ServiceError, match=r"no usable answer .*ID=5.*HTTP 503"):
        run(tmp_path)
    fake.fault = lambda asked, times: None
    documents, _, _ = run(tmp_path)
    assert len(documents) == 5
    assert Counter(map(str, fake.answered)).most_common(1)[0][1] == 1
    run(tmp_path)
    assert [asked[""] for asked in fake.asked][-3:] == ["lawSearch.do"] * 3


def test_the_pages_of_a_run_cut_off_long_ago_are_asked_for_again(
    fake: FakeLawApi, tmp_path: Path
) -> None:
    with RawStore.opened(tmp_path / STORE) as store:
        store.keep_page("list", 1, {"a": 1})
        assert store.page("list", 1) == {"a": 1}
    with RawStore.opened(tmp_path / STORE) as store:
        assert store.page("list", 1) == {"a": 1}
        store.db.execute("UPDATE rounds SET started = started - ?", (ROUND_SECONDS,))
        store.db.commit()
    with RawStore.opened(tmp_path / STORE) as store:
        assert store.page("list", 1) is None


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=404),
        Fault(status=429, headers={"Retry-After": "0"}),
        Fault(status=503),
        Fault(body=""),
        Fault(body=WEB_PAGE),
        Fault(body='{"PrecService": {"판례'),
        Fault(body="[1]"),
        Fault(body="{}", headers={"Content-Length": "99"}),
    ],
    ids=lambda fault: f"{fault.status} {fault.body[:9]}",
)
def test_a_passing_fault_is_tried_again_and_a_lasting_one_costs_one_document(
    fake: FakeLawApi, tmp_path: Path, fault: Fault
) -> None:
    fake.decisions = holding(judgment("1"), judgment("2"), judgment("3"))

    def passing_and_lasting(asked: dict[str, str], times: int) -> Fault | None:
        return fault if times < 2 or asked.get("ID") == "2" else None

    fake.fault = passing_and_lasting
    documents, found, _ = run(tmp_path)
    assert ids(documents) == ["대법원 2026두1", "대법원 2026두3"]
    ((what, why),) = found.skipped
    assert Path(what).name == "판례 2"
    assert f"in {TRIES} tries" in why or "RemoteProtocolError" in why
    fake.fault = lambda asked, times: None
    assert len(run(tmp_path)[0]) == 3


def test_each_further_try_waits_twice_as_long_and_as_long_as_asked(
    fake: FakeLawApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    fake.fault = lambda asked, times: Fault(status=429, headers={"Retry-After": "7"})
    with LawApi(pause=0, backoff=1, sleep=slept.append) as api, pytest.raises(ServiceError):
        api.body("prec", ID="1")
    assert slept == [7, 1, 7, 2, 7, 4, 7, 8, 7]
    assert len(fake.asked) == api.requests == TRIES


def test_the_pause_lies_between_the_starts_of_two_requests(fake: FakeLawApi) -> None:
    slept: list[float] = []
    fake.decisions = holding(judgment("1"))
    with LawApi(pause=30, sleep=slept.append) as api:
        api.body("prec", ID="1")
        assert slept == []
        api.body("prec", ID="1")
    assert len(slept) == 1
    assert 25 < slept[0] <= 30


def test_the_text_of_another_document_is_not_taken(fake: FakeLawApi, tmp_path: Path) -> None:
    fake.decisions = holding((judgment("1")[0], judgment("2")[1]), judgment("3"))
    wrong_law = (law("소득세법", "12", "20260101")[0], law("소득세법", "12", "20270101")[1])
    fake.laws = [wrong_law]
    both = Wanted(INCOME_TAX, statutes=True, kinds=(JUDGMENT,), today=TODAY)
    documents, found, _ = run(tmp_path, both)
    assert ids(documents) == ["대법원 2026두3"]
    assert [why for _, why in found.skipped] == [
        "the API answered with another text: 소득세법 in force from 2027-01-01",
        "the API answered with another document",
    ]
    fake.decisions = holding(judgment("1"), judgment("3"))
    assert len(run(tmp_path)[0]) == 2


def test_since_and_limit_keep_the_newest(fake: FakeLawApi, tmp_path: Path) -> None:
    days = ("20260401", "20260301", "20251231", "42890525")
    fake.decisions = holding(*(judgment(str(n), day) for n, day in enumerate(days, 1)))
    since = Wanted(INCOME_TAX, False, (JUDGMENT,), since=date(2026, 1, 1), today=TODAY)
    assert ids(run(tmp_path, since)[0]) == ["대법원 2026두1", "대법원 2026두2"]
    assert fake.asked[0]["prncYd"] == "20260101~20260601"
    one = Wanted(INCOME_TAX, False, (JUDGMENT,), limit=1, today=TODAY)
    assert ids(run(tmp_path, one)[0]) == ["대법원 2026두1"]
    documents, _, _ = run(tmp_path)
    assert documents[-1].in_force == "1956-05-25"


def test_a_decision_that_names_two_acts_is_taken_once(fake: FakeLawApi, tmp_path: Path) -> None:
    fake.decisions = holding(judgment("1"), judgment("2"))
    acts = tuple(act for name in ("소득세법", "법인세법") if (act := find_act(name)))
    documents, found, _ = run(tmp_path, Wanted(acts, False, (JUDGMENT,), today=TODAY))
    assert len(documents) == 2
    assert not found.duplicates
    assert sum("ID" in asked for asked in fake.asked) == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            '{"result": "사용자 정보 검증에 실패하였습니다.", "msg": "등록해 주세요."}',
            "사용자 정보",
        ),
        ('{"result": "필수입력요소 검증에 실패하였습니다."}', "필수입력요소"),
        ("<?xml version='1.0'?><Response><result>실패</result><msg>등록</msg></Response>", "등록"),
    ],
)
def test_a_refusal_is_not_tried_again_and_says_what_to_do(
    fake: FakeLawApi, tmp_path: Path, body: str, message: str
) -> None:
    fake.fault = lambda asked, times: Fault(body=body)
    with pytest.raises(ServiceError, match=message) as raised:
        run(tmp_path)
    assert "open.law.go.kr" in raised.value.hint
    assert len(fake.asked) == 1


def test_the_words_for_an_unknown_id_are_known_in_both_formats(
    fake: FakeLawApi, tmp_path: Path
) -> None:
    fake.decisions = holding(*(judgment(n) for n in "1234"))
    answers = {
        "1": json.dumps(UNKNOWN), "2": "{}", "3": "<?xml version='1.0'?><Law>없습니다.</Law>",
    }  # fmt: skip
    fake.fault = lambda asked, times: (
        Fault(body=answers[asked["ID"]]) if asked.get("ID") in answers else None
    )
    documents, found, _ = run(tmp_path)
    assert ids(documents) == ["대법원 2026두4"]
    assert len(found.skipped) == 3
    assert len(fake.asked) == 5


def test_no_network_is_one_message_and_keeps_what_came(
    fake: FakeLawApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.decisions = holding(judgment("1"))
    run(tmp_path)
    monkeypatch.setenv("LAW_API_URL", "http://127.0.0.1:9/DRF")
    with pytest.raises(ServiceError, match="does not answer") as raised:
        run(tmp_path)
    assert "kept" in raised.value.hint
    with RawStore.opened(tmp_path / STORE) as store:
        assert store.body("prec", "1")


@pytest.mark.parametrize(
    "address",
    ["law.go.kr", "http://[", "ftp://x", "http://a:99999", "http://a:b", "http://a.\x01.kr"],
)
def test_an_address_that_is_none_is_named(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAW_API_URL", address)
    monkeypatch.setenv("LAW_OC", KEY)
    with pytest.raises(InputError, match="LAW_API_URL is no address"):
        run(tmp_path)


@pytest.mark.parametrize("address", ["http://me:pass42@127.0.0.1:9/DRF", "http://me:pass42@x:b"])
def test_a_password_in_the_address_is_not_repeated(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAW_API_URL", address)
    monkeypatch.setenv("LAW_OC", KEY)
    with pytest.raises(TaxqaError) as raised:
        run(tmp_path)
    assert "pass42" not in str(raised.value)


def test_a_missing_key_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAW_OC", " ")
    with pytest.raises(InputError, match="LAW_OC") as raised:
        write_corpus([], tmp_path / "corpus", wanted=JUDGMENTS)
    assert "open.law.go.kr" in raised.value.hint
    assert list(tmp_path.iterdir()) == []


def test_the_key_may_be_given_as_the_whole_address(
    fake: FakeLawApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAW_OC", f" {KEY}@example.com ")
    fake.decisions = holding(judgment("1"))
    assert len(run(tmp_path)[0]) == 1


def test_each_kind_of_decision_becomes_a_document_of_its_own_form(
    fake: FakeLawApi, tmp_path: Path
) -> None:
    link = "https://taxlaw.nts.go.kr/qt/1"
    fake.decisions = {
        "detc": [(
            {"헌재결정례일련번호": "5", "사건번호": "2025헌바1", "사건명": "위헌소원",
             "종국일자": "2026.01.29"},
            {"DetcService": {"헌재결정례일련번호": "5", "결정요지": [["첫째", "둘째"]],
                             "전문": "주문<br/>이유"}},
        )],
        "expc": [(
            {"법령해석례일련번호": "6", "안건번호": "25-0001", "안건명": "범위",
             "회신일자": "2026.02.01"},
            {"ExpcService": {"법령해석례일련번호": "6", "질의요지": "되는가?", "회답": "된다."}},
        )],
        "ttSpecialDecc": [(
            {"특별행정심판재결례일련번호": "7", "청구번호": "조심 2026서1", "사건명": "당부",
             "의결일자": "2026.03.01", "재결청": "조세심판원"},
            {"SpecialDeccService": {"재결요지": "정당하다.", "이유": "1. 처분개요"}},
        )],
        "ntsCgmExpc": [(
            {"법령해석일련번호": "8", "안건번호": "서면-2026-법규-1[법규과-2]",
             "안건명": "과세 여부", "해석일자": "2026.04.01", "법령해석상세링크": link}, None,
        )],
    }  # fmt: skip
    documents, found, _ = run(tmp_path, Wanted(INCOME_TAX, False, KINDS, today=TODAY))
    assert not found.skipped
    assert [(each.id, each.kind, each.title, each.in_force) for each in documents] == [
        ("헌법재판소 2025헌바1", "judgment", "위헌소원", "2026-01-29"),
        ("법제처 25-0001", "ruling", "범위", "2026-02-01"),
        ("조심 2026서1", "ruling", "당부", "2026-03-01"),
        ("서면-2026-법규-1", "ruling", "과세 여부", "2026-04-01"),
    ]
    assert [each.text for each in documents] == [
        "## 결정요지\n\n첫째\n둘째\n\n## 전문\n\n주문\n이유",
        "## 질의요지\n\n되는가?\n\n## 회답\n\n된다.",
        "## 요지\n\n정당하다.\n\n## 이유\n\n1. 처분개요",
        "## 질의\n\n과세 여부",
    ]
    assert documents[-1].url == link
    assert documents[0].url == "https://www.law.go.kr/LSW/detcInfoP.do?detcSeq=5"
    asked = {asked["target"]: asked["ID"] for asked in fake.asked if "ID" in asked}
    assert asked == {"detc": "5", "expc": "6", "ttSpecialDecc": "7"}
    examples = list(decision_examples(documents, seed=1))
    assert {example.document for example in examples} == {"헌법재판소 2025헌바1", "조심 2026서1"}
    assert not any("판결" in example.question + example.answer for example in examples)


def test_a_list_of_questions_gives_way_to_the_same_ruling_with_its_text(
    fake: FakeLawApi, tmp_path: Path
) -> None:
    row = {"법령해석일련번호": "8", "안건번호": "서면-2026-법규-1[법규과-2]", "안건명": "여부"}
    fake.decisions = {"ntsCgmExpc": [(row, None)]}
    whole = {"문서번호": "서면-2026-법규-1", "제목": "여부", "요지": "아님", "본문": "긴 본문"}
    (tmp_path / "rulings.jsonl").write_text(json.dumps(whole) + "\n", encoding="utf-8")
    wanted = Wanted(INCOME_TAX, False, (RULING,), today=TODAY)
    write_corpus([tmp_path / "rulings.jsonl"], tmp_path / "corpus", wanted=wanted, pause=0)
    (document,) = read_corpus(tmp_path / "corpus").documents
    assert "긴 본문" in document.text


def test_recorded_answers_give_the_documents_that_their_files_give(
    fake: FakeLawApi, tmp_path: Path, shared: Path
) -> None:
    samples = shared / "lawdata" / "api_samples"
    name = "lawService_eflaw_국세기본법_MST280373_efYd20260701.json"
    row = law("국세기본법", "280373", "20260701")[0]
    fake.laws = [(row, read_json(samples / name))]
    bodies = [read_json(path) for path in (samples / "prec_service_reconstructed").iterdir()]
    for body in bodies:
        fields = body["PrecService"]
        shown = {key: fields[key] for key in ("사건명", "사건번호", "법원명", "선고일자")}
        listed = {"판례일련번호": fields["판례정보일련번호"], **shown, "데이터출처명": "대법원"}
        fake.decisions.setdefault("prec", []).append((listed, body))
    decision = read_json(samples / "list_ttSpecialDecc.json")["Decc"]["decc"][0]
    fake.decisions["ttSpecialDecc"] = [
        (decision, read_json(samples / "body_ttSpecialDecc_abridged.json"))
    ]
    wanted = Wanted(ACTS[:1], True, (JUDGMENT, TRIBUNAL), today=date(2026, 7, 1))
    write_corpus([], tmp_path / "api", wanted=wanted, pause=0)
    write_corpus([samples / "prec_service_reconstructed"], tmp_path / "files")
    from_api = read_corpus(tmp_path / "api")
    by_kind = {kind: [d for d in from_api.documents if d.kind == kind] for kind in SOURCE_KINDS}
    files = read_corpus(tmp_path / "files").documents
    assert sorted(by_kind["judgment"], key=lambda d: d.id) == sorted(files, key=lambda d: d.id)
    assert len(files) == 19
    assert len(by_kind["statute"]) == 142 - 11, "eleven articles are deleted"
    assert ids(by_kind["ruling"]) == ["조심 2018광1070"]
    index = from_api.index
    assert index.resolve(parse_citation("국세기본법 제26조의2제2항제3호가목")).ok
    assert not index.resolve(parse_citation("국세기본법 제26조의2제2항제9호")).ok


def everything_written(folder: Path) -> str:
    """All files of a folder as text, and all answers of its store unpacked."""
    texts = [path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()]
    with sqlite3.connect(folder / STORE) as db:
        store = RawStore(db, folder / STORE)
        texts += [
            str(row)
            for table in ("pages", "bodies")
            for row in db.execute(f"SELECT * FROM {table}")
        ]
        for target, id in db.execute("SELECT target, id FROM bodies").fetchall():
            texts.append(str(store.body(target, id)))
        for listing, page in db.execute("SELECT listing, page FROM pages").fetchall():
            texts.append(str(store.page(listing, page)))
    db.close()
    return "\n".join(texts)


def test_the_key_is_in_no_file_no_log_and_no_message(
    fake: FakeLawApi,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.decisions = holding(
        judgment("1", text=f"보라 /DRF/x?OC={KEY}&a=%3FOC%3D{KEY}"), judgment("2")
    )
    fake.laws = [law("소득세법", "12", "20260101")]
    echo = Fault(body=f'{{"result": "{KEY} 실패", "msg": "OC={KEY} 등록"}}')
    broken = Fault(status=302, headers={"Location": f"/x?OC={KEY}"})
    both = Wanted(INCOME_TAX, statutes=True, kinds=(JUDGMENT,), today=TODAY)
    messages = []
    for fault in (echo, broken, Fault(body=f"<html>OC={KEY}</html>")):
        fake.fault = lambda asked, times, fault=fault: fault if asked.get("ID") == "1" else None
        if fault.body.startswith("<"):
            write_corpus([], tmp_path / "corpus", wanted=both, pause=0)
            continue
        with pytest.raises(ServiceError) as raised:
            write_corpus([], tmp_path / "corpus", wanted=both, pause=0)
        messages.append("".join(traceback.format_exception(raised.value)))
    fake.fault = lambda asked, times: None
    write_corpus([], tmp_path / "corpus", wanted=both, pause=0, force=True)
    monkeypatch.setenv("LAW_API_URL", f"http://127.0.0.1:9/{KEY}")
    with pytest.raises(ServiceError) as raised:
        write_corpus([], tmp_path / "other", wanted=both, pause=0)
    messages.append("".join(traceback.format_exception(raised.value)))
    printed = "".join(capfd.readouterr())
    assert "lawService.do" in caplog.text, "httpx logs each request, so the filter is at work"
    written = everything_written(tmp_path)
    assert "보라" in written
    for shown in (written, caplog.text, printed, *messages):
        assert KEY not in shown
    assert {document.id for document in read_corpus(tmp_path / "corpus").documents} >= {
        "대법원 2026두1", "대법원 2026두2", "소득세법 제1조",
    }  # fmt: skip


@given(
    key=st.from_regex(r"[a-z][a-z0-9._+-]{3,12}", fullmatch=True),
    rest=st.text("&ab=%/", max_size=5),
)
def test_the_key_is_hidden_however_it_is_written(key: str, rest: str) -> None:
    nested = quote_plus(f"/x?OC={key}")
    for text in (f"a?OC={key}{rest}", f"'{key}{rest}'", f"{rest}OC={quote_plus(key)}&", nested):
        assert key not in without(key, f"{text} {quote_plus(nested)}")
    assert key not in str(without_links({"OC": key, "a": [f"?OC={key}", nested]}))


def test_two_runs_at_once_do_not_share_a_store(fake: FakeLawApi, tmp_path: Path) -> None:
    with RawStore.opened(tmp_path / STORE), pytest.raises(BusyError):
        run(tmp_path)


def test_a_store_that_cannot_be_opened_is_named(fake: FakeLawApi, tmp_path: Path) -> None:
    (tmp_path / STORE).mkdir()
    with pytest.raises(InputError, match=r"law-api\.sqlite3 cannot be opened"):
        run(tmp_path)


@pytest.mark.parametrize("spoil", ["text", "answer"])
def test_a_damaged_store_is_named(fake: FakeLawApi, tmp_path: Path, spoil: str) -> None:
    fake.decisions = holding(judgment("1"))
    run(tmp_path)
    if spoil == "text":
        for path in tmp_path.iterdir():
            path.write_text("no database " * 99, encoding="utf-8")
    else:
        with sqlite3.connect(tmp_path / STORE) as db:
            db.execute("UPDATE bodies SET answer = x'00'")
        db.close()
    with pytest.raises(InputError, match=r"law-api\.sqlite3 cannot be used"):
        run(tmp_path)
