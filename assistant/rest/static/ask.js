// Streams answers into the page. Without this script the forms work as they are; every piece of HTML comes rendered and escaped
// from the service, made by the same templates as the page itself.
"use strict";

const turns = document.getElementById("turns");
const ask = document.getElementById("ask");
const field = document.getElementById("question");
let running = null;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("#ask, .again")) return;
  event.preventDefault();
  if (running) return;
  const data = new FormData(form, event.submitter || undefined);
  if (form !== ask) data.set("as_of", ask.elements.as_of.value);
  stream(data, shown(form, event.submitter));
});

document.addEventListener("click", (event) => {
  const mark = event.target.closest("a.mark");
  if (!mark) return;
  const source = document.getElementById(mark.hash.slice(1));
  if (!source) return;
  event.preventDefault();
  source.parentElement.closest("details").open = true;
  source.open = true;
  source.querySelector("summary").focus();
  source.scrollIntoView({ block: "nearest", behavior: still() ? "auto" : "smooth" });
});

field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask.requestSubmit();
});

function still() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// What the user did, in words, as the heading of the exchange.
function shown(form, button) {
  if (form === ask) return field.value.trim();
  if (!button) return "What applies?";
  if (button.name === "remove" || button.closest(".unsure")) return button.getAttribute("aria-label");
  const group = button.closest("fieldset");
  const chosen = [...group.querySelectorAll("input:checked")].map((box) => box.nextElementSibling.textContent);
  const typed = group.querySelector("input:not([type=checkbox])");
  const said = button.name === "answer" ? (typed ? typed.value : chosen.join(", ")) : button.textContent;
  return `${group.dataset.label}: ${said}`;
}

async function stream(data, asked) {
  running = new AbortController();
  const button = ask.querySelector("button.main");
  button.disabled = true;
  const turn = begin(asked);
  try {
    const answer = await fetch("/ask", {
      method: "POST",
      body: new URLSearchParams(data),
      headers: { Accept: "text/event-stream" },
      signal: running.signal,
    });
    if (!(answer.headers.get("content-type") || "").startsWith("text/event-stream")) throw new Error(await told(answer));
    for await (const event of events(answer.body)) apply(turn, event);
    if (!turn.dataset.done) throw new Error("The answer broke off. Nothing is lost: ask again.");
  } catch (error) {
    problem(turn, error instanceof TypeError ? "The service cannot be reached. Nothing is lost: ask again." : error.message);
  } finally {
    turn.querySelector(".status").textContent = "";
    turns.removeAttribute("aria-busy");
    button.disabled = false;
    running = null;
  }
}

async function told(answer) {
  const found = await answer.json().catch(() => null);
  const errors = (found && found.errors) || [];
  return errors.map((one) => one.message).join(" ") || (found && (found.detail || found.title)) || `The service answered ${answer.status}.`;
}

function begin(asked) {
  const examples = document.querySelector(".examples");
  if (examples) examples.remove();
  ask.querySelector(".new").hidden = false;
  turns.setAttribute("aria-busy", "true");
  // Only the last exchange can be answered; earlier ones stay to be read.
  turns.querySelectorAll(".again .questions, .chips button").forEach((old) => old.remove());
  const turn = document.createElement("article");
  turn.className = "turn";
  turn.tabIndex = -1;
  const heading = document.createElement("h2");
  heading.className = "asked";
  heading.textContent = asked;
  const form = document.createElement("form");
  form.method = "post";
  form.action = "/ask";
  form.className = "again";
  const places = {};
  for (const part of ["status", "facts", "claims", "finish", "sources", "questions"]) {
    places[part] = document.createElement("div");
    places[part].className = part;
    form.append(places[part]);
  }
  places.status.setAttribute("role", "status");
  const all = document.createElement("details");
  all.className = "all";
  all.hidden = true;
  const summary = document.createElement("summary");
  summary.textContent = "Sources";
  places.sources.before(all);
  all.append(summary, places.sources);
  turn.append(heading, form);
  turns.append(turn);
  turn.scrollIntoView({ block: "start", behavior: still() ? "auto" : "smooth" });
  turn.focus({ preventScroll: true });
  return turn;
}

function apply(turn, event) {
  const data = JSON.parse(event.data);
  if (event.name === "problem") throw new Error(data.text);
  if (event.name === "status") turn.querySelector(".status").textContent = data.text;
  if (!data.place) return;
  turn.querySelector(`.${data.place}`).insertAdjacentHTML("beforeend", data.html);
  if (data.place === "sources") turn.querySelector(".all").hidden = false;
  if (event.name === "done") {
    turn.dataset.done = "yes";
    ask.elements.conversation.value = data.conversation;
    turn.querySelector("[name=conversation]").value = data.conversation;
    field.value = "";
  }
}

function problem(turn, text) {
  const told = document.createElement("p");
  told.className = "problem";
  told.setAttribute("role", "alert");
  told.textContent = text;
  turn.querySelector(".finish").append(told);
}

// Server-sent events out of a body that streams.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = { name: "message", data: "" };
      for (const line of block.split("\n")) {
        if (line.startsWith("event: ")) event.name = line.slice(7);
        else if (line.startsWith("data: ")) event.data += line.slice(6);
      }
      if (event.data) yield event;
    }
  }
}
