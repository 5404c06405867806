"""Reads a text from left to right and says which law each locator in it belongs to.

Only what can be attributed is given. An article of another law (민법), of 부칙 or of an
undefined '법' never falls to the act named before it.
"""

from dataclasses import dataclass, field, replace

from taxlaw.acts import BRACKETS, FORMER_NAMES, LEVELS, Law, Level, find_law, squash, unknown_law
from taxlaw.grammar import (
    ABOUT,
    BLANK,
    BROKEN_GAP,
    DEFINED,
    HEADER_END,
    HEADER_START,
    HERE,
    LAW_GAP,
    LIST_GAP,
    NO_NAME,
    NOTE_GAP,
    OUTDATED,
    PREFIX,
    QUOTES,
    QUOTING,
    TOKEN,
    UNITS,
    WORD,
    Locator,
    read_locator,
)

LONGEST_NOTE = 200
"""Characters of the note after a law's name that are looked at."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in a law, and where the text refers to it."""

    law: Law
    place: Locator
    start: int
    end: int


@dataclass(slots=True)
class Frame:
    """What a locator may join to, at one depth of parentheses."""

    start: int = 0
    """Where the parenthesis opens."""
    law: Law | None = None
    """The law last named at this depth; at first, the one named around it."""
    last: Reference | None = None
    """The reference last made at this depth; at first, the one made around it."""
    tail: Law | Reference | None = None
    """What was read just before; None where that could not be attributed."""
    end: int = 0
    """Where the tail ends, parentheses after it included."""
    name_start: int = 0
    """Where the name of the law in `tail` begins."""


@dataclass(slots=True)
class Reader:
    """One text while it is read; holds what words that point back may mean."""

    text: str
    own: Law | None = None
    """The law whose own text this is."""
    frames: list[Frame] = field(default_factory=lambda: [Frame()])
    law: Law | None = None
    """The law last named anywhere."""
    law_depth: int = 1
    """How many frames were open where it was named."""
    last: Reference | None = None
    """The reference last made anywhere; None after an article that could not be attributed."""
    last_depth: int = 1
    header: Law | None = None
    """The law whose article was last quoted under a heading of its own."""
    former_until: int = 0
    """Where a quotation from a former law ends; what is cited in it is former too."""
    defined: dict[str, Law] = field(default_factory=dict)
    """What the text calls a law (이하 '법'이라 한다) -> that law."""
    found: list[Reference] = field(default_factory=list)

    def read(self) -> list[Reference]:
        """The references of the whole text, in order."""
        position = 0
        while token := TOKEN.search(self.text, position):
            kind, start, position = token.lastgroup or "", token.start(), token.end()
            if kind == "locator":
                position = self.read_locator(start, position)
            elif kind == "same_part":
                position = self.read_same_part(token[0][-1], start, position)
            else:
                self.read_word(kind, start, position)
        return self.found

    def read_word(self, kind: str, start: int, end: int) -> None:
        """Take in a token that is no locator."""
        match kind:
            case "open":
                self.open(start, end)
            case "close":
                self.close(end)
            case "broken":
                self.break_off(end)
            case "quoted" | "known":
                self.name(self.named(self.text[start:end]), start, end)
            case "about":
                self.read_about(start, end)
            case "unknown":
                self.read_unknown(self.text[start:end], start, end)
            case _:
                law = self.pointed(kind, squash(self.text[start:end]), start)
                self.name(law, start, end)

    def name(self, law: Law | None, start: int, end: int) -> None:
        """A law was named; None where it cannot be said which."""
        frame = self.frames[-1]
        frame.tail, frame.end, frame.name_start = law, end, start
        # In a law's own text 같은 법 is always another one: its own is 이 법, 법 or 영.
        if law and not (self.own and law.act == self.own.act):
            frame.law = self.law = law
            self.law_depth = len(self.frames)

    def break_off(self, end: int) -> None:
        """What follows `end` does not belong to what was named before."""
        self.frames[-1].tail, self.frames[-1].end = None, end

    def refer(self, law: Law, place: Locator, start: int, end: int) -> int:
        """A reference was made; where to read on."""
        if start < self.former_until:
            law = replace(law, former=True)
        reference = Reference(law, place, start, end)
        self.found.append(reference)
        self.name(law, start, end)
        frame = self.frames[-1]
        frame.tail = frame.last = self.last = reference
        self.last_depth = len(self.frames)
        if HEADER_END.match(self.text, end) and HEADER_START.search(
            self.text, max(0, start - 20), start
        ):
            self.header = law
        if law.former and (quote := QUOTING.match(self.text, end)):
            self.former_until = self.text.find(QUOTES[quote[1]], quote.end())
        return end

    def named(self, written: str) -> Law:
        """The law that a name means here, 구 or 현행 in front of it or not."""
        prefix = PREFIX.match(written)
        name = (written[prefix.end() :] if prefix else written).strip(BRACKETS)
        if prefix and prefix["dated"]:
            law = self.defined.get("구" + squash(name)) or find_law(name) or unknown_law(name)
            return replace(law, former=True)
        defined = None if prefix else self.defined.get(squash(name))
        return defined or find_law(name) or unknown_law(name)

    def read_unknown(self, word: str, start: int, end: int) -> None:
        """A word that ends like a law's name; without an article only 법 and 법률 do for one."""
        prefix = PREFIX.match(word)
        bare = squash(word[prefix.end() :] if prefix else word)
        bare = bare.removesuffix("시행령").removesuffix("시행규칙")
        cited = HERE.match(self.text, end)
        if NO_NAME.fullmatch(bare):
            if cited:
                self.break_off(end)
        elif cited or bare.endswith(("법", "법률")):
            self.name(self.named(word), start, end)

    def read_about(self, start: int, end: int) -> None:
        """'… 에 관한 법률' is a name of several words, '… 에 관한 국세기본법' is only the last."""
        law, word_start = None, end
        for found in WORD.finditer(self.text, start, end):
            law = find_law(self.text[found.start() : end])
            word_start = found.start()
            if law:
                break
        if law is None:
            before = ABOUT.search(self.text, max(0, start - 60), start)
            word_start = before.start() if before else start
        self.name(law or self.named(self.text[word_start:end]), word_start, end)

    def pointed(self, kind: str, word: str, start: int) -> Law | None:
        """The law that a word such as 같은 법, 이 영, 법 or 현행 points to."""
        level = level_of(word)
        if kind == "own":
            return replace(self.own, level=level) if self.own else None
        if kind == "bare":
            return self.bare_law(word, level, start)
        law = self.latest_law(start)
        if law is None:
            return None
        if kind == "current":
            # 현행 제5조 of an act that has been renamed is an article of another act.
            return None if law.act in FORMER_NAMES else replace(law, former=False)
        if kind == "same_law" or word.endswith(LEVELS[1:]):
            return replace(law, level=level)
        return law if law.level == level else None

    def bare_law(self, word: str, level: Level, start: int) -> Law | None:
        """법, 영, 규칙, 시행령 alone: as defined, of the text's own act, or of a quoted decree."""
        if law := self.defined.get(word):
            return law
        act = self.defined.get("법") if word.startswith("법") else None
        if act := act or self.own:
            return replace(act, level=level)
        if word.startswith("시행"):
            law = self.latest_law(start)
            return replace(law, level=level) if law else None
        quoted = self.header
        if self.last and QUOTING.fullmatch(self.text, self.last.end, start):
            quoted = self.last.law
        if quoted and LEVELS.index(quoted.level) > LEVELS.index(level):
            return replace(quoted, level=level)
        return None

    def latest_law(self, start: int) -> Law | None:
        """The law last named; None where one in a closed parenthesis and one outside it vie."""
        outside = self.frames[-1].law
        if self.law is None or outside is None or self.law_depth <= len(self.frames):
            return self.law
        if self.law.act == outside.act:
            return self.law
        return outside if self.listed(start) else None

    def latest_reference(self, start: int) -> Reference | None:
        """The reference last made, under the same rule as `latest_law`."""
        outside = self.frames[-1].last
        if self.last is None or outside is None or self.last_depth <= len(self.frames):
            return self.last
        if (self.last.law, self.last.place) == (outside.law, outside.place):
            return self.last
        return outside if self.listed(start) else None

    def listed(self, start: int) -> bool:
        """Whether `start` goes on with a list: only 및, a comma or the like after a reference."""
        frame = self.frames[-1]
        return isinstance(frame.tail, Reference) and bool(
            LIST_GAP.fullmatch(self.text, frame.end, start)
        )

    def read_locator(self, start: int, end: int) -> int:
        """Attribute a locator to the law or the reference before it, or leave it out."""
        place, stop = read_locator(self.text, start)
        if stop == start:
            self.last = None
            self.break_off(end)
            return end
        frame = self.frames[-1]
        tail, gap = frame.tail, (self.text, frame.end, start)
        if isinstance(tail, Reference) and LIST_GAP.fullmatch(*gap):
            full = tail.place.followed_by(place)
            return self.refer(tail.law, full, start, stop) if full else stop
        if not place.article:
            self.forget(place)
        elif isinstance(tail, Law) and LAW_GAP.fullmatch(*gap):
            return self.refer(tail, place, frame.name_start, stop)
        elif self.text[start].isdigit():
            return end  # '3조' alone is no article: it may be an amount.
        elif self.own and self.is_own(start):
            return self.refer(self.own, place, start, stop)
        else:
            self.last = None
            self.break_off(stop)
        return stop

    def is_own(self, start: int) -> bool:
        """Whether an article without a law's name, in a law's own text, is one of that law."""
        frame, text = self.frames[-1], self.text
        if frame.tail is None and frame.end and BROKEN_GAP.fullmatch(text, frame.end, start):
            return False
        if len(self.frames) > 1 and BLANK.fullmatch(text, frame.start + 1, start):
            # 「관세법」 제270조(제271조는 제외한다): by its place it is of the law before it.
            around = self.frames[-2].tail
            if isinstance(around, Reference) and around.law != self.own:
                return False
        line = text[text.rfind("\n", 0, start) + 1 : start]
        # Words in quotation marks are those of another text; the cells of a table lie side by side.
        quoted = line.count('"') % 2 == 1 or line.count("“") > line.count("”")
        return not quoted and "│" not in line

    def read_same_part(self, unit: str, start: int, end: int) -> int:
        """같은 조 제2항, 같은 항 제1호, 같은 호 가목."""
        place, stop = read_locator(self.text, text_start(self.text, end))
        last = self.latest_reference(start)
        full = None
        if last and last.place.names(unit) and place.rank > UNITS.index(unit):
            full = last.place.upto(unit).followed_by(place)
        if last and full:
            return self.refer(last.law, full, start, stop)
        self.break_off(stop)
        return stop

    def forget(self, place: Locator) -> None:
        """제2항 of who knows what: 같은 항 after it no longer means the one cited before."""
        if self.last and place.rank in (1, 2):
            kept = self.last.place.upto(UNITS[place.rank - 1])
            self.last = replace(self.last, place=kept)

    def open(self, start: int, end: int) -> None:
        """A parenthesis opens; after a name it may say how old the law is, or what to call it."""
        frame = self.frames[-1]
        if NOTE_GAP.fullmatch(self.text, frame.end, start):
            self.read_note(frame, end)
        inner = Frame(start, frame.law, frame.last)
        if isinstance(frame.tail, Law) and BLANK.fullmatch(self.text, frame.end, start):
            inner.tail, inner.end, inner.name_start = frame.tail, end, end
        self.frames.append(inner)

    def close(self, end: int) -> None:
        """A parenthesis closes; what stood right before it goes on after it."""
        if len(self.frames) > 1:
            inner = self.frames.pop()
            frame = self.frames[-1]
            if BLANK.fullmatch(self.text, frame.end, inner.start):
                frame.end = end

    def read_note(self, frame: Frame, start: int) -> None:
        """The note after a law's name or a reference: '(2018. 12. 24. … 개정되기 전의 것)'."""
        note = self.text[start : start + LONGEST_NOTE]
        for mark in ")）]］":
            note = note.split(mark, 1)[0]
        outdated = OUTDATED.search(note) is not None
        if isinstance(frame.tail, Law):
            law = replace(frame.tail, former=frame.tail.former or outdated)
            written = self.text[frame.name_start : frame.end]
            frame.tail = frame.law = self.law = law
            for name in DEFINED.findall(note):
                self.defined[squash(name)] = law
            if outdated and "같다" in note and not PREFIX.match(written):
                self.defined[squash(written).strip(BRACKETS)] = law
        elif isinstance(frame.tail, Reference) and outdated and frame.tail is self.found[-1]:
            law = replace(frame.tail.law, former=True)
            if self.header == frame.tail.law:
                self.header = law
            frame.tail = frame.last = self.last = replace(frame.tail, law=law)
            frame.law = self.law = law
            self.found[-1] = frame.tail


def level_of(word: str) -> Level:
    """법, 같은 법 -> 법률; 영, 이 법 시행령 -> 시행령; 규칙 -> 시행규칙."""
    if word.endswith("규칙"):
        return "시행규칙"
    return "시행령" if word.endswith(("영", "령")) else "법률"


def text_start(text: str, start: int) -> int:
    """The first position from `start` that is no white space."""
    while start < len(text) and text[start].isspace():
        start += 1
    return start
