"""The review page in a real browser: by keyboard, with hostile data, through kills."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_pages import PATIENCE, chromium
from review_pages import Page, running, write_reviewed

from datagen.review.items import load
from datagen.review.store import Decision, Reviews

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
Browser, Tab = sync_api.Browser, sync_api.Page

GOOD = "보관 수수료는 30만원이고, 늦으면 10%를 더합니다."
WRONG = "소득세법 제999조에 따라 70만원입니다."


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_reviewed(tmp_path_factory.mktemp("reviewed"))


@pytest.fixture(scope="module")
def page(dataset: Path) -> Iterator[Page]:
    with running(dataset) as started:
        yield started


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A reviewer for each test: they share the server, not their decisions."""
    return f"김세무 {request.session.items.index(request.node)}"


@pytest.fixture
def tab(browser: Browser, page: Page, name: str) -> Iterator[Tab]:
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        yield entered(context.new_page(), page, name)


def entered(tab: Tab, page: Page, name: str) -> Tab:
    """A tab with the page open and a reviewer named; what goes wrong in it fails the test."""
    tab.set_default_timeout(PATIENCE)
    tab.on("pageerror", lambda error: pytest.fail(f"the page raised {error}"))
    tab.goto(page.url)
    tab.wait_for_selector("#name[open]")
    tab.fill("#name-input", name)
    tab.keyboard.press("Enter")
    tab.wait_for_selector("article")
    return tab


def shown(tab: Tab) -> str:
    """Id of the record on the page."""
    return str(tab.get_attribute("article", "data-id"))


def press(tab: Tab, key: str, said: str) -> None:
    """A key, and what the page says after it."""
    tab.evaluate("document.querySelector('#said').textContent = ''")
    tab.keyboard.press(key)
    sync_api.expect(tab.locator("#said")).to_contain_text(said)


def show(tab: Tab, **wanted: str) -> None:
    """Filter, as the reviewer would, and go back to the record."""
    for name, value in wanted.items():
        with tab.expect_response("**/api/view"):
            tab.select_option(f"select[name={name}]", value)
        sync_api.expect(tab.locator("#record.waiting")).to_have_count(0)
    sync_api.expect(tab.locator("#record")).to_be_focused()


def begin_edit(tab: Tab, answer: str) -> None:
    tab.keyboard.press("e")
    sync_api.expect(tab.locator("textarea[name=answer]")).to_be_focused()
    tab.keyboard.press("Control+a")
    tab.keyboard.insert_text(answer)


def decisions(dataset: Path, reviewer: str) -> dict[str, Decision]:
    """Id -> what a reviewer decided, as it is on the disk."""
    with Reviews.opened(dataset.parent / "review.sqlite3") as reviews:
        given = reviews.current().values()
        return {each[reviewer].record: each[reviewer] for each in given if reviewer in each}


def test_a_review_goes_by_the_keyboard_alone(tab: Tab, dataset: Path, name: str) -> None:
    first = shown(tab)
    press(tab, "a", "승인했습니다")
    second = shown(tab)
    assert second != first
    tab.keyboard.press("r")
    sync_api.expect(tab.locator("#reject")).to_be_visible()
    press(tab, "3", "반려했습니다")
    third = shown(tab)
    tab.keyboard.press("r")
    tab.keyboard.press("n")
    tab.keyboard.insert_text("작년 안내입니다")
    tab.keyboard.press("Enter")
    tab.keyboard.press("ArrowDown")
    press(tab, "Enter", "반려했습니다")
    sync_api.expect(tab.locator("#meter-text")).to_contain_text("3 / 14건 · 오늘 3건")
    found = decisions(dataset, name)
    assert (found[first].verdict, found[second].reason) == ("accept", "outdated")
    assert (found[third].reason, found[third].note) == ("wrong_figure", "작년 안내입니다")
    press(tab, "u", "반려를 되돌렸습니다")
    assert shown(tab) == third
    press(tab, "Control+z", "반려를 되돌렸습니다")
    assert shown(tab) == second
    assert set(decisions(dataset, name)) == {first}


def test_a_long_answer_can_be_reached_and_scrolled_by_the_keyboard(tab: Tab) -> None:
    tab.keyboard.press("Tab")
    sync_api.expect(tab.locator(".qa")).to_be_focused()


def test_next_and_previous_walk_without_deciding(tab: Tab, dataset: Path, name: str) -> None:
    seen = [shown(tab)]
    for _ in range(3):
        with tab.expect_response("**/api/view"):
            tab.keyboard.press("j")
        tab.wait_for_function(
            "id => document.querySelector('article').dataset.id !== id", arg=seen[-1]
        )
        seen.append(shown(tab))
    assert len(set(seen)) == 4
    for each in reversed(seen[:-1]):
        tab.keyboard.press("k")
        tab.wait_for_selector(f'article[data-id="{each}"]')
    assert decisions(dataset, name) == {}


def test_the_keys_work_while_hangul_is_being_typed(tab: Tab, dataset: Path, name: str) -> None:
    first = shown(tab)
    tab.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'ㅁ', code: 'KeyA', bubbles: true}))"
    )
    sync_api.expect(tab.locator("#said")).to_contain_text("승인했습니다")
    assert decisions(dataset, name)[first].verdict == "accept"


def test_a_key_that_is_held_or_pressed_twice_decides_one_record(
    tab: Tab, dataset: Path, name: str
) -> None:
    first = shown(tab)
    tab.evaluate(
        "for (const repeat of [false, false, true]) document.body.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'a', code: 'KeyA', repeat, bubbles: true}))"
    )
    sync_api.expect(tab.locator("#said")).to_contain_text("승인했습니다")
    assert set(decisions(dataset, name)) == {first}


def test_an_edit_shows_what_the_checks_find_before_it_is_saved(
    tab: Tab, dataset: Path, name: str
) -> None:
    show(tab, source="ruling")
    edited = shown(tab)
    begin_edit(tab, WRONG)
    checks = tab.locator(".rechecked")
    sync_api.expect(checks).to_contain_text("no-such-article")
    sync_api.expect(checks).to_contain_text("figure-not-in-source")
    press(tab, "Control+Enter", "저장하지 않았습니다")
    assert decisions(dataset, name) == {}
    tab.keyboard.press("Control+a")
    tab.keyboard.insert_text(GOOD)
    sync_api.expect(checks).to_contain_text("저장할 수 있습니다")
    press(tab, "Control+Enter", "고친 것을 저장했습니다")
    found = decisions(dataset, name)[edited]
    assert found.verdict == "edit" and found.edited and found.edited["answer"] == GOOD
    show(tab, status="edit")
    assert shown(tab) == edited
    sync_api.expect(tab.locator(".answer")).to_have_text(GOOD)
    sync_api.expect(tab.locator(".before")).to_contain_text("안내합니다")


def test_an_edit_is_never_saved_unchecked_however_fast(tab: Tab, dataset: Path, name: str) -> None:
    show(tab, source="ruling")
    begin_edit(tab, "")
    tab.evaluate(TYPED_AND_SAVED, GOOD)
    sync_api.expect(tab.locator(".rechecked")).to_contain_text("저장할 수 있습니다")
    assert decisions(dataset, name) == {}
    press(tab, "Control+Enter", "고친 것을 저장했습니다")
    assert len(decisions(dataset, name)) == 1


TYPED_AND_SAVED = """answer => {
  const field = document.querySelector("textarea[name=answer]");
  field.value = answer;
  field.dispatchEvent(new Event("input", {bubbles: true}));
  const pressed = {key: "Enter", code: "Enter", ctrlKey: true, bubbles: true};
  field.dispatchEvent(new KeyboardEvent("keydown", pressed));
}"""


def test_while_editing_no_letter_is_a_command(tab: Tab, dataset: Path, name: str) -> None:
    tab.keyboard.press("e")
    tab.keyboard.type("aruje?")
    assert tab.input_value("textarea[name=answer]").endswith("aruje?")
    tab.click("footer [data-do=accept]")
    sync_api.expect(tab.locator("#said")).to_contain_text("고치는 중입니다")
    assert decisions(dataset, name) == {}
    press(tab, "Escape", "초안을 남겨 두었습니다")
    sync_api.expect(tab.locator(".notice")).to_contain_text("초안")


def test_closing_the_window_and_killing_the_server_lose_nothing(
    browser: Browser, tmp_path: Path
) -> None:
    own, name = write_reviewed(tmp_path), "김세무"
    with running(own) as page, browser.new_context() as context:
        tab = entered(context.new_page(), page, name)
        first = shown(tab)
        press(tab, "a", "승인했습니다")
        edited = shown(tab)
        begin_edit(tab, "고치다 만 답변입니다")
        sync_api.expect(tab.locator(".saved")).to_have_text("초안 저장됨")
        page.kill()
        tab.keyboard.insert_text(" 더")
        sync_api.expect(tab.locator("#trouble")).to_contain_text("서버에 닿지 않습니다")
        assert tab.input_value("textarea[name=answer]").endswith(" 더")
    assert decisions(own, name)[first].verdict == "accept"
    with running(own) as page, browser.new_context() as context:
        tab = entered(context.new_page(), page, name)
        assert shown(tab) == edited
        assert str(tab.text_content("#meter-text")).startswith("1 / 14건")
        tab.keyboard.press("e")
        answer = tab.locator("textarea[name=answer]")
        sync_api.expect(answer).to_have_value("고치다 만 답변입니다")
        sync_api.expect(tab.locator(".rechecked")).not_to_be_empty()


def test_the_last_words_before_a_window_closes_are_kept(
    browser: Browser, page: Page, dataset: Path, name: str
) -> None:
    with browser.new_context() as context:
        tab = entered(context.new_page(), page, name)
        digest = str(tab.get_attribute("article", "data-digest"))
        begin_edit(tab, "닫기 바로 앞의 글")
        tab.close(run_before_unload=True)
        # The browser sends it after the window is gone.
        for _ in range(2000):
            with Reviews.opened(dataset.parent / "review.sqlite3") as reviews:
                draft = reviews.draft(name, digest)
            if draft:
                break
            time.sleep(0.1)
    assert draft and draft["answer"] == "닫기 바로 앞의 글"


def test_a_reload_stays_on_the_record_and_its_filters(tab: Tab) -> None:
    show(tab, type="student")
    with tab.expect_response("**/api/view"):
        tab.keyboard.press("j")
    sync_api.expect(tab.locator("#record.waiting")).to_have_count(0)
    before = shown(tab)
    tab.reload()
    tab.wait_for_selector("article")
    assert shown(tab) == before
    assert tab.input_value("select[name=type]") == "student"


def test_a_server_that_was_started_anew_is_told_apart_from_one_that_is_gone(tab: Tab) -> None:
    tab.context.clear_cookies()
    tab.keyboard.press("a")
    sync_api.expect(tab.locator("#trouble")).to_contain_text("새 주소를 여세요")


def test_nothing_in_the_data_runs(tab: Tab, dataset: Path, name: str) -> None:
    wanted = next(each for each in load(dataset).items if each.id == "장부 안내 1#1")
    tab.goto(tab.url.partition("?")[0] + f"?status=all&digest={wanted.digest}")
    tab.wait_for_selector('article[data-id="장부 안내 1#1"]')
    assert "<script>window.hacked=1</script>" in str(tab.text_content(".source"))
    assert "{{7*7}}" in str(tab.text_content(".source"))
    assert tab.locator(".source script, .source img, .source a").count() == 0
    begin_edit(tab, "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>30만원")
    sync_api.expect(tab.locator(".rechecked")).to_contain_text("onerror")
    assert tab.locator(".rechecked img, .rechecked script").count() == 0
    # Markup that got in all the same would still not run: the policy of the page forbids it.
    tab.evaluate(
        "document.querySelector('#said').innerHTML = '<img src=x onerror=window.hacked=1>'"
    )
    tab.evaluate("const s = document.createElement('script'); s.textContent = 'window.hacked=1';"
                 " document.body.append(s)")  # fmt: skip
    tab.wait_for_timeout(200)
    assert tab.evaluate("window.hacked") is None


def test_hostile_names_of_reviewers_are_text(browser: Browser, page: Page) -> None:
    with browser.new_context() as context:
        tab = entered(context.new_page(), page, "<img src=x onerror=window.hacked=1>")
        press(tab, "a", "승인했습니다")
        tab.keyboard.press("o")
        sync_api.expect(tab.locator("#overview-body")).to_contain_text("<img src=x")
        assert tab.evaluate("window.hacked") is None


def test_the_quoted_sentence_and_the_figures_are_marked_on_both_sides(tab: Tab) -> None:
    show(tab, source="ruling")
    for side in (".answer", ".source"):
        assert "30만원" in tab.locator(f"{side} mark.figure.shared").all_text_contents()
    assert tab.locator(".source mark.citation").count() >= 1
    assert tab.locator(".source mark.quote").count() >= 1


def test_what_a_check_dropped_says_why_and_what_would_be_right(tab: Tab) -> None:
    show(tab, status="dropped")
    found = tab.text_content(".findings")
    assert "소득세법 제999조" in found and "no-such-article" in found
    press(tab, "a", "승인할 수 없습니다")
    tab.keyboard.press("r")
    sync_api.expect(tab.locator("[data-reason=check_wrong]")).to_be_visible()
    press(tab, "0", "반려했습니다")


def test_two_reviewers_see_a_sample_and_where_they_differ(browser: Browser, tmp_path: Path) -> None:
    own = write_reviewed(tmp_path)
    with running(own, "--second-share", "1") as page, browser.new_context() as context:
        first = entered(context.new_page(), page, "김세무")
        decided = shown(first)
        press(first, "a", "승인했습니다")
        second = entered(context.new_page(), page, "이회계")
        show(second, status="second")
        assert shown(second) == decided
        assert second.locator(".decided").count() == 0
        second.keyboard.press("r")
        press(second, "1", "반려했습니다")
        second.keyboard.press("o")
        body = second.locator("#overview-body")
        sync_api.expect(body).to_contain_text("함께 본 1건")
        second.click("[data-show]")
        sync_api.expect(second.locator(".decided.other")).to_contain_text("김세무: 승인")


def test_help_opens_and_closes_and_focus_returns_to_the_record(tab: Tab) -> None:
    tab.keyboard.press("?")
    sync_api.expect(tab.locator("#help")).to_be_visible()
    first = shown(tab)
    tab.keyboard.press("a")
    tab.keyboard.press("Escape")
    sync_api.expect(tab.locator("#help")).not_to_be_visible()
    assert shown(tab) == first
    press(tab, "a", "승인했습니다")


def test_the_end_of_the_queue_is_said(tab: Tab) -> None:
    show(tab, type="expert")
    for _ in range(4):
        press(tab, "a", "승인했습니다")
    sync_api.expect(tab.locator(".empty")).to_contain_text("더 없습니다")
    press(tab, "u", "승인을 되돌렸습니다")
    tab.wait_for_selector("article")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (420, 800), (320, 568)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_cut_off_and_every_text_can_be_read(
    tab: Tab, width: int, height: int, scheme: str
) -> None:
    tab.set_viewport_size({"width": width, "height": height})
    tab.emulate_media(color_scheme=scheme)
    show(tab, status="dropped")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    pale = json.loads(tab.evaluate(CONTRAST))
    assert pale == []


CONTRAST = """() => {
  const rgb = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const [r, g, b, a = 1] = rgb(getComputedStyle(element).backgroundColor);
      if (a === 1) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const pale = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility({opacityProperty: true})) continue;
    if (element.closest("button:disabled, .sign")) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) pale.push(`${element.className || element.tagName}: ${ratio.toFixed(2)}`);
  }
  return JSON.stringify([...new Set(pale)]);
}"""
