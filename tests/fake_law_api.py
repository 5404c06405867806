"""A loopback server that behaves as the law.go.kr OpenAPI (DRF) does, its quirks included.

Errors of every kind come with status 200; a key is echoed in each row's link; a single row is an
object and no row is no key; pages may hold fewer rows than were asked for; ids of unknown documents
are answered with a sentence. The law in it is made up, the names of the fields are real.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "hong-secret-7731"
Row = dict[str, Any]
ROOTS = {
    "eflaw": ("LawSearch", "law"),
    "prec": ("PrecSearch", "prec"),
    "detc": ("DetcSearch", "Detc"),
    "expc": ("Expc", "expc"),
    "ttSpecialDecc": ("Decc", "decc"),
    "ntsCgmExpc": ("CgmExpc", "cgmExpc"),
}
IDS = {
    "prec": "판례일련번호",
    "detc": "헌재결정례일련번호",
    "expc": "법령해석례일련번호",
    "ttSpecialDecc": "특별행정심판재결례일련번호",
    "ntsCgmExpc": "법령해석일련번호",
}
LINKS = {"eflaw": "법령상세링크", "prec": "판례상세링크", "ttSpecialDecc": "행정심판재결례상세링크"}
REFUSED = {
    "result": "사용자 정보 검증에 실패하였습니다.",
    "msg": "IP주소 및 도메인주소를 등록해 주세요.",
}
UNKNOWN = {"Law": "일치하는 판례가 없습니다."}
WEB_PAGE = "<!DOCTYPE html><html><script>location.reload()</script></html>"


@dataclass
class Fault:
    """An answer in place of the right one."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class FakeLawApi:
    """What the server holds, what it was asked, and what it does wrong."""

    laws: list[tuple[Row, Row]] = field(default_factory=list)
    """(row, body) of each version of a law."""
    decisions: dict[str, list[tuple[Row, Row | None]]] = field(default_factory=dict)
    """Target -> (row, body or None where it holds no text)."""
    most_rows: int = 500
    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The parameters of every request, with 'page of the API' under ''; the key is left out."""
    answered: list[dict[str, str]] = field(default_factory=list)
    """Those whose right answer went out whole."""
    fault: Callable[[dict[str, str], int], Fault | None] = lambda asked, times: None
    """Given a request and how often it came before: what to answer wrongly."""
    gate: Callable[[int], None] = lambda count: None
    """Called with the number of requests before each one is answered."""

    def answer(self, asked: dict[str, str], key: str) -> Row:
        """The right answer to a request."""
        if asked[""] == "lawSearch.do":
            return self.page(asked, key)
        if asked["target"] == "eflaw":
            for row, body in self.laws:
                if (row["법령일련번호"], row["시행일자"]) == (asked.get("MST"), asked.get("efYd")):
                    return body
            return UNKNOWN
        for row, found in self.decisions.get(asked["target"], []):
            if row[IDS[asked["target"]]] == asked.get("ID"):
                return found or UNKNOWN
        return UNKNOWN

    def page(self, asked: dict[str, str], key: str) -> Row:
        """A page of a list."""
        target = asked["target"]
        rows = [row for row, _ in self.decisions.get(target, [])]
        if target == "eflaw":
            rows = [row for row, _ in self.laws if asked["query"] in row["법령명한글"]]
        size = min(int(asked["display"]), self.most_rows)
        start = (int(asked["page"]) - 1) * size
        link = (
            {LINKS[target]: f"/DRF/lawService.do?OC={key}&target={target}"}
            if target in LINKS
            else {}
        )
        shown = [{"id": str(number), **row, **link} for number, row in enumerate(rows, 1)]
        shown = shown[start : start + size]
        root, name = ROOTS[target]
        found: Row = {"target": target, "totalCnt": str(len(rows)), "page": asked["page"]}
        if shown:
            found[name] = shown if len(shown) > 1 else shown[0]
        return {root: found}


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    fake: FakeLawApi

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = {"": url.path.rpartition("/")[2], **dict(parse_qsl(url.query))}
        key = asked.pop("OC", "")
        times = self.fake.asked.count(asked)
        self.fake.asked.append(asked)
        self.fake.gate(len(self.fake.asked))
        fault = self.fake.fault(asked, times)
        if fault:
            self.send(fault)
            return
        browser = self.headers["User-Agent"].startswith("Mozilla") and self.headers["Referer"]
        if key != KEY or not browser:
            self.send(Fault(body=json.dumps(REFUSED, ensure_ascii=False)))
            return
        self.send(Fault(body=json.dumps(self.fake.answer(asked, key), ensure_ascii=False)))
        self.fake.answered.append(asked)

    def send(self, answer: Fault) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@contextmanager
def served(fake: FakeLawApi) -> Iterator[FakeLawApi]:
    """The server while the block runs; `fake.url` is its address."""
    handler = type("BoundHandler", (Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}/DRF"
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def law(name: str, mst: str, day: str, word: str = "목적") -> tuple[Row, Row]:
    """A version of a law: its row, and a body of one article with every shape that texts have."""
    row = {
        "법령명한글": name, "법령일련번호": mst, "시행일자": day, "공포일자": day,
        "공포번호": "00012", "법령ID": "001",
    }  # fmt: skip
    units: list[Row] = [
        {"조문번호": "1", "조문여부": "전문", "조문내용": "제1장 총칙"},
        {
            "조문번호": "1", "조문여부": "조문", "조문제목": word, "조문내용": f"제1조({word})",
            "항": {
                "항번호": "①", "항내용": [["①사과는 다음과 같다. <개정 2020.1.1>"]],
                "호": {"호번호": "1.", "호내용": "1.  붉은 것",
                       "목": {"목번호": "가.", "목내용": "가.  단 것"}},
            },
        },
        {"조문번호": "1", "조문가지번호": "2", "조문여부": "조문",
         "조문내용": "제1조의2 삭제 <2020.1.1>"},
        {"조문번호": "2", "조문여부": "조문", "조문제목": "배", "조문내용": "제2조(배) 배를 센다.",
         "항": {"호": [{"호번호": "1의2.", "호내용": "1의2.  삭제 <2020.1.1>"}]}},
    ]  # fmt: skip
    basics = {"법령명_한글": name, "시행일자": day, "공포일자": day, "공포번호": "12"}
    return row, {"법령": {"기본정보": basics, "조문": {"조문단위": units}}}


def judgment(
    id: str, day: str = "20260102", *, source: str = "대법원", text: str = "본문"
) -> tuple[Row, Row | None]:
    """A judgment: its row and its body; one of the tax service has no body."""
    row = {
        "판례일련번호": id, "사건번호": f"2026두{id}", "사건명": f"사건 {id}",
        "데이터출처명": source, "법원명": "대법원", "선고일자": f"{day[:4]}.{day[4:6]}.{day[6:]}",
    }  # fmt: skip
    if source != "대법원":
        return {**row, "사건번호": f"서울고등법원-2025-누-{id}", "법원명": ""}, None
    fields = {
        "판례정보일련번호": id, "사건번호": f"2026두{id}", "사건명": f"사건 {id}",
        "법원명": "대법원", "선고일자": day, "판시사항": "", "판결요지": "요지이다.<br/>",
        "판례내용": f"{text} {id}",
    }  # fmt: skip
    return row, {"PrecService": fields}
