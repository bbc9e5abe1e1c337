// The desk's page: shows what it is told, and sends what somebody does. It decides nothing and remembers nothing.
"use strict";

const $ = (id) => document.getElementById(id);

/** An element with a class, texts and elements in it, and nothing that could be taken for markup. */
function el(tag, className, ...inside) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...inside);
  return made;
}

let state = null;

/* What somebody does. */

async function send(command) {
  try {
    const answer = await fetch("/v1/command", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(command),
    });
    if (!answer.ok) say((await answer.json()).detail);
  } catch {
    say("The desk is closed: is touchpoint-sim still running?");
  }
}

let silence = 0;
function say(text) {
  $("said").textContent = text;
  $("said").classList.add("shown");
  clearTimeout(silence);
  silence = setTimeout(() => $("said").classList.remove("shown"), 4000);
}

function visit() {
  const said = {};
  for (const field of ["kind", "amount"]) if ($(field).value) said[field] = $(field).value;
  if ($("seconds").value) said.seconds = Number($("seconds").value);
  return said;
}

const insert = (customer) => send({ do: "insert", customer, visit: visit() });

function setUp() {
  const made = {};
  for (const box of document.querySelectorAll("[data-set-up]")) made[box.dataset.setUp] = box.checked;
  if ($("site").value) made.site = $("site").value;
  return send({ do: "set-up", ...made });
}

$("typed").addEventListener("submit", (event) => {
  event.preventDefault();
  const number = $("number").value.trim();
  $("number").value = "";
  if (number) send({ do: "type", what: $("number-kind").value, number, visit: visit() });
});
for (const box of document.querySelectorAll("[data-set-up]")) box.addEventListener("change", setUp);
$("site").addEventListener("change", setUp);
$("pin").addEventListener("click", () => send({ do: "pin-entry", active: !state.kiosk.pin_entry }));
$("balance").addEventListener("click", () => send({ do: "balance-enquiry" }));
$("cancel").addEventListener("click", () => send({ do: "cancel" }));
$("leave").addEventListener("click", () => send({ do: "leave" }));
$("language").addEventListener("change", () => {
  if ($("language").value) send({ do: "language", language: $("language").value });
  $("language").value = "";
});

/* The glass: a click is a touch, in the glass's own pixels. With the keyboard, a finger is moved over it. */

const glass = $("glass");
const finger = { x: 0.5, y: 0.5 };

function touch(x, y) {
  const at = (part, whole) => Math.min(whole - 1, Math.max(0, Math.floor(part * whole)));
  send({ do: "touch", x: at(x, glass.width), y: at(y, glass.height) });
}

glass.addEventListener("pointerdown", (event) => {
  const box = glass.getBoundingClientRect();
  touch((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
});

function showFinger(shown) {
  const point = $("finger");
  point.hidden = !shown;
  point.style.left = `${glass.offsetLeft + finger.x * glass.offsetWidth}px`;
  point.style.top = `${glass.offsetTop + finger.y * glass.offsetHeight}px`;
}

glass.addEventListener("blur", () => showFinger(false));
glass.addEventListener("keydown", (event) => {
  const step = event.shiftKey ? 0.005 : 0.03;
  const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
  if (way) {
    finger.x = Math.min(0.999, Math.max(0, finger.x + way[0]));
    finger.y = Math.min(0.999, Math.max(0, finger.y + way[1]));
  } else if (event.key === "Enter") {
    touch(finger.x, finger.y);
  } else {
    return;
  }
  event.preventDefault();
  showFinger(true);
});

let drawing = false;
let again = false;
/** One picture after the other, and never an old one after a new one. */
async function draw() {
  if (drawing) {
    again = true;
    return;
  }
  drawing = true;
  do {
    again = false;
    try {
      const answer = await fetch("/v1/glass.png");
      if (!answer.ok) continue;
      const picture = await createImageBitmap(await answer.blob());
      if (glass.width !== picture.width || glass.height !== picture.height) {
        glass.width = picture.width;
        glass.height = picture.height;
      }
      glass.getContext("2d").drawImage(picture, 0, 0);
    } catch {
      // The next event brings the next picture.
    }
  } while (again);
  drawing = false;
}

/* What is told. Lists that can have the focus are made once and changed; the others are made anew when they are others. */

const shown = new Map();
/** Whether a part of the state is another than it was. */
function news(name, part) {
  const text = JSON.stringify(part);
  if (shown.get(name) === text) return false;
  shown.set(name, text);
  return true;
}

const words = (name) => (name ?? "").replaceAll("_", " ").replaceAll("-", " ");
const COLOURS = ["#0d5c63", "#7a3e9d", "#b3541e", "#23613a", "#8a2846", "#2f4b9e", "#6b5a1a", "#44536b", "#555"];

function customers() {
  const list = $("customers");
  if (news("customers", state.customers)) {
    list.replaceChildren(...state.customers.map((who, at) => {
      const face = el("span", "face", who.name === "A stranger" ? "?" : who.name[0]);
      face.style.background = COLOURS[at % COLOURS.length];
      face.setAttribute("aria-hidden", "true");
      const about = [who.segments.map(words).join(", ") || "unknown", who.language, who.known_by === "card" ? null : "loyalty"];
      const name = el("span", "", el("strong", "", who.name), el("em", "", about.filter(Boolean).join(" · ")));
      const key = who.id === "stranger" ? "S" : who.id[0].toUpperCase();
      const button = el("button", "", face, name, el("kbd", "", key));
      button.dataset.customer = who.id;
      button.title = `${who.story} Presents a ${who.known_by}.`;
      button.setAttribute("aria-keyshortcuts", key);
      button.addEventListener("click", () => insert(who.id));
      return el("li", "", button);
    }));
  }
  for (const button of list.querySelectorAll("button")) {
    const name = button.querySelector("strong").textContent;
    button.setAttribute("aria-pressed", String(state.kiosk.customer === name));
  }
}

function faults() {
  const list = $("faults");
  if (list.children.length === 0) {
    list.append(...state.faults.map((fault, at) => {
      const button = el("button", "", el("span", "", fault.title, " ", el("kbd", "", `⇧${at + 1}`)));
      button.dataset.fault = fault.fault;
      button.setAttribute("role", "switch");
      button.setAttribute("aria-keyshortcuts", `Shift+${at + 1}`);
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-checked") !== "true";
        send({ do: "fault", fault: fault.fault, on });
      });
      return el("li", "", button);
    }));
  }
  for (const fault of state.faults) {
    const button = list.querySelector(`[data-fault="${fault.fault}"]`);
    button.setAttribute("aria-checked", String(fault.on));
    button.disabled = fault.unavailable !== null;
    button.title = fault.unavailable ?? fault.means;
  }
}

function keys(side, places) {
  const box = $(`${side}-keys`);
  if (!news(side, places)) return;
  box.replaceChildren(...places.map((place, number) => {
    const button = el("button", "", `${side === "left" ? "◂" : "▸"}`);
    button.style.top = `${place / 10}%`;
    button.setAttribute("aria-label", `Function key ${number + 1} at the ${side}`);
    button.addEventListener("click", () => send({ do: "key", side, number }));
    return button;
  }));
}

const ANSWERS = { accept: "Accept", decline: "Decline", later: "Later", more: "More", call_me: "Call me", opt_out: "No more offers" };

function doings() {
  const { kiosk, visit } = state;
  const open = kiosk.phase === "showing" && visit ? visit.answers : [];
  if (news("answers", open)) {
    $("answers").replaceChildren(...open.map((answer, at) => {
      const button = el("button", "", ANSWERS[answer] ?? words(answer), el("kbd", "", `${at + 1}`));
      button.dataset.answer = answer;
      button.addEventListener("click", () => send({ do: "answer", answer }));
      return button;
    }));
  }
  if (news("present", kiosk.customer)) {
    $("present").replaceChildren(...(kiosk.customer ? [el("strong", "", kiosk.customer), " is there"] : ["Nobody is there"]));
  }
  $("pin").setAttribute("aria-checked", String(kiosk.pin_entry));
  for (const id of ["pin", "balance", "cancel", "leave"]) $(id).disabled = kiosk.phase === null;
  for (const box of document.querySelectorAll("[data-set-up]")) box.checked = kiosk.set_up[box.dataset.setUp];
  $("site").value = kiosk.set_up.site ?? "";
  glass.setAttribute("aria-label", kiosk.phase === null ? "The glass: dark" : `The glass: ${words(kiosk.phase)}` +
    (open.length ? `, ${visit.campaign}, in ${visit.language}` : ""));
}

function sign(id, how, text, title) {
  const item = $(`sign-${id}`);
  item.className = how;
  item.title = title ?? "";
  item.querySelector("span").textContent = text;
}

function signs() {
  const { kiosk, line, office, journal } = state;
  const broken = kiosk.unpresented || kiosk.unrecorded;
  sign("kiosk", kiosk.phase === null ? "bad" : broken ? "warn" : "good", kiosk.phase === null ? "off" : words(kiosk.phase),
    `${kiosk.unpresented} pictures refused, ${kiosk.unrecorded} facts not recorded since the start`);
  const up = line?.connected;
  sign("line", up ? "good" : "bad", up ? "up" : "down", up ? "" : line?.last_error ?? "");
  sign("office", office.serving ? "good" : "bad", office.serving ? "serving" : "down");
  const all = line && line.customers === office.customers;
  sign("sync", all ? "good" : "warn", line ? line.customers.toLocaleString("en") : "–",
    line ? `of ${office.customers} cards and numbers; epoch ${line.epoch}, revision ${line.revision}` : "");
  const same = line && line.campaigns === office.campaigns;
  sign("campaigns", same && !office.problems.length ? "good" : "warn", line ? `revision ${line.campaigns}` : "–",
    `head office has published revision ${office.campaigns}, from ${office.folder}`);
  sign("journal", journal.alarm ? "bad" : journal.waiting ? "warn" : "good",
    journal.waiting ? `${journal.waiting} waiting` : "all delivered", journal.alarm ?? "");
}

function decision() {
  const { kiosk, visit, verdicts } = state;
  if (!news("decision", [kiosk.phase === null, visit, verdicts])) return;
  const text = $("decision");
  if (kiosk.phase === null) {
    text.textContent = "The machine has no power: nobody decides anything.";
  } else if (!visit) {
    text.textContent = "Nobody has come yet. Have somebody insert a card.";
  } else {
    const many = visit.decisions.length > 1 ? ` Decided ${visit.decisions.length} times, last for: ${words(visit.decisions.at(-1).trigger)}.` : "";
    const took = visit.card_to_pixels_us ? ` ${(visit.card_to_pixels_us / 1000).toFixed(1)} ms from card to pixels.` : "";
    const ending = visit.ending ? ` Ended: ${words(typeof visit.ending === "string" ? visit.ending : visit.ending.answered)}.` : "";
    const who = visit.known ? `A known customer${visit.segment ? ` (${words(visit.segment)})` : ""}` : "A stranger";
    const what = visit.reason ? el("strong", "", `nothing: ${words(visit.reason)}`) : el("strong", "", visit.campaign ?? "nothing");
    text.replaceChildren(`${who} is shown `, what, visit.language && !visit.reason ? ` in ${visit.language}.` : ".", took, ending, many);
  }
  const first = (verdict) => ({ won: 0, outranked: 1 })[verdict.verdict] ?? 2;
  const rows = [...verdicts].sort((one, other) => first(one) - first(other)).map(({ campaign, verdict, why }) => {
    const cell = el("td", "", el("span", "verdict", words(verdict)));
    // Who lost to another is said so in both.
    const rest = why?.startsWith(verdict) ? why.slice(verdict.length).trim() : why;
    if (rest) cell.append(el("span", "why", rest));
    return el("tr", verdict, el("td", "", campaign), cell);
  });
  $("verdicts").tBodies[0].replaceChildren(...rows);
  $("verdicts").hidden = rows.length === 0;
}

function journal() {
  const { journal } = state;
  if (!news("journal", journal)) return;
  const { recorded, confirmed, waiting, discarded, reserve, alarm, last } = journal;
  const more = [alarm, discarded ? `${discarded} discarded` : null, recorded && !reserve ? "the disk is full: the reserve is used" : null];
  $("journal-count").textContent = [`${recorded} recorded, ${confirmed} safe at head office`, ...more].filter(Boolean).join(" · ");
  $("gauge").setAttribute("aria-label", `${confirmed} of ${recorded} delivered, ${waiting} waiting`);
  $("gauge").firstElementChild.style.width = recorded ? `${(100 * confirmed) / recorded}%` : "100%";
  $("facts").replaceChildren(...last.map((fact) => {
    const safe = fact.sequence <= confirmed;
    const mark = el("span", safe ? "safe" : "waits", safe ? "✓" : "…");
    mark.title = safe ? "confirmed by head office" : "not confirmed yet";
    return el("li", "", el("span", "n", String(fact.sequence)), mark, el("span", "", words(fact.what)));
  }));
}

function files() {
  const { problems, warnings } = state.office;
  if (!news("files", [problems, warnings])) return;
  const told = problems.length ? problems : warnings;
  $("problems-section").hidden = told.length === 0;
  $("problems-section").classList.toggle("doubtful", problems.length === 0);
  $("problems-title").textContent = problems.length ? "Campaign files: not published as they are" : "Campaign files: published, but";
  $("problems").replaceChildren(...told.map(({ file, line, key, what }) =>
    el("li", "", el("code", "", line ? `${file}:${line}` : file), " ", key ? el("b", "", `${key}: `) : "", what)));
}

function script() {
  if (!news("script", state.script)) return;
  $("script").hidden = state.script.length === 0;
  $("steps").replaceChildren(...state.script.map(({ what, outcome }) => {
    const failed = outcome && "Err" in outcome;
    return el("li", outcome ? (failed ? "bad" : "good") : "", what, failed ? el("strong", "", ` – ${outcome.Err}`) : "");
  }));
  $("steps").querySelector("li:not([class=good])")?.scrollIntoView({ block: "nearest" });
}

function log() {
  if (!news("log", state.log)) return;
  $("log").replaceChildren(...[...state.log].reverse().map(({ level, who, text }) =>
    el("li", level, el("span", "who", who), el("span", "", text))));
}

function show() {
  for (const part of [customers, faults, doings, signs, decision, journal, files, script, log]) part();
  keys("left", state.kiosk.left);
  keys("right", state.kiosk.right);
}

setInterval(() => {
  if (!state) return;
  const now = new Date(Date.now() + state.kiosk.clock_ahead).toISOString();
  $("clock").textContent = `${now.slice(0, 10)} ${now.slice(11, 19)}`;
}, 250);

/* Shortcuts: letters, as long as nobody types one somewhere. */

document.addEventListener("keydown", (event) => {
  if (!state || !$("shortcuts").checked || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches("input:not([type=checkbox]), select, textarea")) return;
  const digit = /^Digit([1-9])$/.exec(event.code);
  const button = digit && event.shiftKey ? $("faults").querySelectorAll("button")[digit[1] - 1]
    : digit ? $("answers").querySelectorAll("button")[digit[1] - 1]
    : { p: $("pin"), m: $("balance"), x: $("cancel"), l: $("leave") }[event.key.toLowerCase()];
  const customer = state.customers.find((who) => who.id[0] === event.key.toLowerCase());
  if (button) button.click();
  else if (customer && !event.shiftKey) insert(customer.id);
  else return;
  event.preventDefault();
});
$("shortcuts").addEventListener("change", () => document.body.classList.toggle("without", !$("shortcuts").checked));

/* The line to the desk. A browser connects again by itself. */

const events = new EventSource("/v1/events");
events.addEventListener("state", (event) => {
  state = JSON.parse(event.data);
  show();
});
events.addEventListener("glass", draw);
events.addEventListener("error", () => say("The desk does not answer. Waiting for it …"));
