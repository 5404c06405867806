// The review page: keys to actions, each one request that answers with the next record as HTML
// which the server has escaped. Nothing is kept here that a closed window could lose.

const $ = (selector, within = document) => within.querySelector(selector);
const record = $("#record");
const DRAFT_DELAY = 350; // ms after the last key until a draft is saved and checked
const VERDICTS = { accept: "승인했습니다.", edit: "고친 것을 저장했습니다.", reject: "반려했습니다." };
const UNDONE = { accept: "승인을", edit: "수정을", reject: "반려를" };

let digest = "";
let dropped = false;
let busy = false;
let seen = []; // digests looked at before this one, for "previous"
let edit = null; // what is known of the open edit: {typed, checked, passed, changed, timer}

// ---- the server ---------------------------------------------------------------------------

const reviewer = () => sessionStorage.getItem("reviewer") || "";
const filter = () => Object.fromEntries(new FormData($("#filters")));

async function ask(path, body, options = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Taxqa-Review": "1" },
      body: JSON.stringify({ reviewer: reviewer(), filter: filter(), ...body }),
      ...options,
    });
  } catch {
    trouble("서버에 닿지 않습니다. 터미널에서 taxqa review가 도는지 보세요. 적던 글은 이 창에 그대로 있습니다.");
    return null;
  }
  const data = answer.headers.get("content-type")?.includes("json") ? await answer.json() : {};
  if (answer.ok) {
    trouble("");
    return data;
  }
  if (answer.status === 403)
    trouble("서버가 다시 시작되었습니다. 터미널에 나온 새 주소를 여세요. 저장된 결정과 초안은 그대로입니다.");
  else if (answer.status === 409) say(data.message, "bad");
  else trouble(data.message || `서버가 ${answer.status}(으)로 답했습니다. 저장되지 않았습니다.`);
  return { refused: true, ...data };
}

// One at a time: a key pressed twice decides one record, not two.
async function once(work) {
  if (busy) return;
  busy = true;
  record.classList.add("waiting");
  try {
    await work();
  } finally {
    busy = false;
    record.classList.remove("waiting");
  }
}

const failed = (answer) => !answer || answer.refused;

// ---- showing ------------------------------------------------------------------------------

function say(text, mood = "") {
  const line = $("#said");
  line.textContent = text;
  line.className = `said ${mood}`;
}

function trouble(text) {
  $("#trouble").textContent = text;
  $("#trouble").hidden = !text;
}

function show(answer) {
  edit = null;
  digest = answer.digest;
  dropped = answer.dropped;
  record.innerHTML = answer.html;
  const done = answer.progress;
  $("#meter").max = Math.max(done.total, 1);
  $("#meter").value = done.done;
  const rate = done.per_hour === null ? "" : ` · 시간당 ${done.per_hour}건`;
  $("#meter-text").textContent =
    `${done.done.toLocaleString()} / ${done.total.toLocaleString()}건 · 오늘 ${done.today}건${rate}`;
  $("#left").textContent = `${answer.left.toLocaleString()}건`;
  for (const name of ["accept", "edit", "reject"])
    $(`[data-do=${name}]`).disabled = !digest || (name !== "reject" && !$(".editor", record));
  const place = new URLSearchParams({ ...filter(), ...(digest && { digest }) });
  history.replaceState(null, "", `/?${place}`);
  $(".qa", record)?.scrollTo(0, 0);
  showQuote();
  record.focus({ preventScroll: true });
  if (innerWidth <= 860) scrollTo(0, 0);
}

function showQuote() {
  const pane = $(".source", record);
  const quote = pane && $(".own mark.quote", pane);
  if (quote && pane.scrollHeight > pane.clientHeight)
    pane.scrollTop = quote.getBoundingClientRect().top - pane.getBoundingClientRect().top - 120;
}

async function look(wanted, step, previous = false) {
  await keepTyped();
  const from = digest;
  const answer = await ask("/api/view", { digest: wanted, step });
  if (failed(answer)) return false;
  if (step && !answer.digest && from) {
    say("더 없습니다.");
    return false;
  }
  if (!previous && from && from !== answer.digest) seen.push(from);
  show(answer);
  return true;
}

// ---- acting -------------------------------------------------------------------------------

const next = () => once(async () => (await look(digest, 1)) && say(""));

const previous = () =>
  once(async () => {
    const last = seen.pop();
    if (await look(last ?? digest, last ? 0 : -1, true)) say("");
  });

function decide(action, more = {}) {
  if (!digest) return;
  if (edit && action !== "edit") return say("고치는 중입니다. 먼저 저장(Ctrl+Enter)하거나 그만두세요(Esc).", "bad");
  return once(async () => {
    const from = digest;
    const answer = await ask("/api/decide", { digest, action, ...more });
    if (failed(answer)) return showRefusal(answer);
    seen.push(from);
    show(answer);
    say(`${VERDICTS[action]} 되돌리려면 u`, "good");
  });
}

function showRefusal(answer) {
  if (answer?.html && edit) $(".rechecked", record).innerHTML = answer.html;
}

const undo = () =>
  once(async () => {
    await keepTyped();
    const answer = await ask("/api/undo", {});
    if (failed(answer)) return;
    seen = seen.filter((each) => each !== answer.digest);
    show(answer);
    say(`${UNDONE[answer.undone]} 되돌렸습니다.`, "good");
  });

// ---- editing ------------------------------------------------------------------------------

const editor = () => $(".editor", record);
const fields = () => Object.fromEntries(new FormData(editor()));
const text = () => JSON.stringify(fields());

function startEdit() {
  if (!editor() || edit || busy) return;
  edit = { first: text(), checked: "", passed: false, changed: false, timer: 0 };
  editor().hidden = false;
  $(".shown", record).hidden = true;
  $(".checks", record).hidden = true;
  const answer = $("textarea[name=answer]", record);
  answer.focus();
  answer.setSelectionRange(answer.value.length, answer.value.length);
  if ($(".notice", record)) keepDraft();
}

function typed() {
  if (!edit) return;
  clearTimeout(edit.timer);
  $(".rechecked", record).classList.add("stale");
  $(".saved", record).textContent = "";
  edit.timer = setTimeout(keepDraft, DRAFT_DELAY);
}

// Saves the draft and shows what the checks find in it; an answer that comes late is not shown.
async function keepDraft(options) {
  const mine = edit;
  const sent = text();
  if (!mine) return;
  clearTimeout(mine.timer);
  const answer = await ask("/api/draft", { digest, fields: fields() }, options);
  if (failed(answer) || mine !== edit || sent !== text()) return;
  Object.assign(edit, { checked: sent, passed: answer.passed, changed: answer.changed });
  const shown = $(".rechecked", record);
  shown.innerHTML = answer.html;
  shown.classList.remove("stale");
  $(".saved", record).textContent = "초안 저장됨";
}

async function keepTyped() {
  if (edit && ![edit.first, edit.checked].includes(text())) await keepDraft();
}

// Only what has been shown checked is saved: else the first press checks, the second saves.
async function save() {
  if (!edit || busy) return;
  if (edit.checked !== text()) await keepDraft();
  else if (!edit.changed) say("바뀐 것이 없습니다.", "bad");
  else if (!edit.passed) say("검사에 걸려 저장하지 않았습니다. 초안은 남아 있습니다.", "bad");
  else await decide("edit", { fields: fields() });
}

function leaveEdit() {
  if (!edit) return;
  const changed = text() !== edit.first;
  return once(async () => {
    await keepTyped();
    const answer = await ask("/api/view", { digest, step: 0 });
    if (failed(answer)) return;
    show(answer);
    say(changed ? "초안을 남겨 두었습니다." : "");
  });
}

const dropDraft = () =>
  once(async () => {
    clearTimeout(edit?.timer);
    const answer = await ask("/api/drop-draft", { digest });
    if (failed(answer)) return;
    show(answer);
    say("초안을 버렸습니다.");
  });

// ---- dialogs ------------------------------------------------------------------------------

function askReason() {
  if (!digest || edit || busy) return;
  const dialog = $("#reject");
  $(".only-dropped", dialog).hidden = !dropped;
  $("#note").value = "";
  dialog.showModal();
  $("[data-reason]", dialog).focus();
}

function reject(reason) {
  const note = $("#note").value;
  if (reason === "other" && !note.trim()) {
    $("#note").focus();
    return;
  }
  $("#reject").close();
  decide("reject", { reason, note });
}

async function showOverview() {
  const answer = await ask("/api/overview", {});
  if (failed(answer)) return;
  $("#overview-body").innerHTML = answer.html;
  if (!$("#overview").open) $("#overview").showModal();
}

function askName() {
  if (edit) return;
  $("#name-input").value = reviewer() || localStorage.getItem("reviewer") || "";
  $("#name").showModal();
  $("#name-input").select();
}

function start(name) {
  sessionStorage.setItem("reviewer", name);
  localStorage.setItem("reviewer", name);
  $("#who").textContent = `검토자 ${name}`;
  seen = [];
  const wanted = new URLSearchParams(location.search).get("digest") || "";
  return once(async () => {
    digest = "";
    if (!(await look(wanted, wanted ? 0 : 1)) && wanted) await look("", 1);
  });
}

// ---- keys ---------------------------------------------------------------------------------

// By place on the keyboard, so that they work while Hangul is being typed.
const KEYS = {
  KeyA: () => decide("accept"), KeyE: startEdit, KeyR: askReason, KeyU: undo,
  KeyJ: next, KeyK: previous, KeyO: showOverview,
};
const DO = {
  accept: KEYS.KeyA, edit: startEdit, reject: askReason, undo, next, previous,
  leave: leaveEdit, "drop-draft": dropDraft,
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  const command = event.ctrlKey || event.metaKey;
  if (event.isComposing || event.altKey) return;
  if ($("#reject").open) return reasonKey(event, typing, command);
  if ($("dialog[open]")) return;
  if (edit && event.key === "Escape") return taken(event, leaveEdit);
  if (edit && command && event.key === "Enter") return taken(event, save);
  if (typing || edit) return;
  if (command && !event.shiftKey && event.code === "KeyZ") return taken(event, undo);
  if (command || event.repeat) return;
  if (event.key === "?" || (event.shiftKey && event.code === "Slash"))
    return taken(event, () => $("#help").showModal());
  if (!event.shiftKey && KEYS[event.code]) taken(event, KEYS[event.code]);
});

function reasonKey(event, typing, command) {
  if (typing || command) return;
  const number = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
  if (event.code === "KeyN") return taken(event, () => $("#note").focus());
  const buttons = [...document.querySelectorAll("#reject li:not([hidden]) [data-reason]")];
  const wanted = number && buttons.find((each) => $("kbd", each).textContent === number);
  if (wanted) return taken(event, () => reject(wanted.dataset.reason));
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const place = buttons.indexOf(document.activeElement) + step;
  taken(event, () => buttons[(place + buttons.length) % buttons.length].focus());
}

function taken(event, act) {
  event.preventDefault();
  act();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const { do: act, reason, show: wanted } = button.dataset;
  if (act) DO[act]();
  else if (reason) reject(reason);
  else if ("close" in button.dataset) button.closest("dialog").close();
  else if (wanted) {
    $("#overview").close();
    once(() => look(wanted, 0));
  }
});
$("#show-help").addEventListener("click", () => $("#help").showModal());
$("#show-overview").addEventListener("click", showOverview);
$("#who").addEventListener("click", askName);
$("#note").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.isComposing)
    taken(event, () => $("#reject [data-reason]").focus());
});
$("#name-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("#name-input").value.trim().normalize("NFC");
  if (!name) return;
  $("#name").close();
  start(name);
});
$("#name").addEventListener("cancel", (event) => reviewer() || event.preventDefault());
$("#filters").addEventListener("submit", (event) => event.preventDefault());
$("#filters").addEventListener("change", () =>
  once(async () => {
    await keepTyped();
    digest = "";
    seen = [];
    await look("", 1);
    say("");
  }),
);
record.addEventListener("input", typed);
record.addEventListener("submit", (event) => taken(event, save));
addEventListener("pagehide", () => edit && text() !== edit.checked && keepDraft({ keepalive: true }));

// ---- start --------------------------------------------------------------------------------

for (const [name, value] of new URLSearchParams(location.search)) {
  const field = $("#filters").elements[name];
  if (field && [...field.options].some((option) => option.value === value)) field.value = value;
}
const known = reviewer() || document.body.dataset.reviewer;
if (known) start(known);
else askName();
