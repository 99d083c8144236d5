"use strict";
// Follows the server's runs. Everything that comes from a run is set as text, never as HTML.

const runs = new Map();
const compared = new Set();
let chosen = decodeURIComponent(location.hash.slice(1)) || null;
const find = (id) => document.getElementById(id);

function make(name, text, attributes = {}) {
  const element = document.createElement(name);
  if (text !== undefined && text !== null) element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

const share = (value) => (value === undefined || value === null ? "–" : (100 * value).toFixed(1) + " %");
const number = (value, digits = 0) => (value === undefined || value === null ? "–" : value.toFixed(digits));

// An accuracy; where numbers are predicted there is none, but a score in the metric that decides.
function figure(run, accuracy, score) {
  if (accuracy !== undefined || score === undefined) return share(accuracy);
  return number(score, 3) + (run.metric ? " " + run.metric : "");
}

function headers() {
  const token = sessionStorage.getItem("token");
  return token ? { Authorization: "Bearer " + token } : {};
}

// The table of all runs. Rows are kept, so that the keyboard's place is not lost.

function row(run) {
  let line = [...find("all").tBodies[0].rows].find((line) => line.dataset.name === run.name);
  if (!line) {
    line = make("tr");
    line.dataset.name = run.name;
    const name = make("button", run.name, { class: "run", type: "button" });
    name.addEventListener("click", () => choose(run.name));
    const heading = make("th", null, { scope: "row" });
    heading.append(name);
    line.append(heading);
    for (let place = 0; place < 7; place += 1) line.append(make("td"));
    const box = make("input", null, { type: "checkbox", "aria-label": "compare " + run.name });
    box.addEventListener("change", () => {
      if (box.checked) compared.add(run.name);
      else compared.delete(run.name);
      compare();
    });
    const cell = make("td");
    cell.append(box);
    line.append(cell);
    const after = [...find("all").tBodies[0].rows].find((other) => other.dataset.name > run.name);
    find("all").tBodies[0].insertBefore(line, after || null);
  }
  const state = run.state === "running" && run.stage ? "running: " + run.stage : run.state;
  const values = [
    state, run.task || "–", number(run.scored), figure(run, run.held_out_accuracy, run.held_out_score),
    figure(run, run.test_accuracy, run.test_score), number(run.seconds), number(run.cost, 2),
  ];
  values.forEach((value, place) => {
    if (line.cells[place + 1].textContent !== value) line.cells[place + 1].textContent = value;
  });
  line.className = run.name === chosen ? "chosen" : "";
}

function choose(name) {
  chosen = name;
  history.replaceState(null, "", "#" + encodeURIComponent(name));
  find("answer").replaceChildren();
  for (const run of runs.values()) row(run);
  show();
  find("run-title").setAttribute("tabindex", "-1");
  find("run-title").focus();
}

// One run.

function show() {
  const run = runs.get(chosen);
  find("run").hidden = !run;
  if (!run) return;
  find("run-title").textContent = run.name;
  find("summary").textContent = [
    run.detail && run.state !== "complete" ? run.state + ": " + run.detail : run.state,
    run.scored !== undefined ? run.scored + " heads scored" : null,
    run.failed ? run.failed + " could not be" : null,
    run.test_score !== undefined ? "test " + figure(run, run.test_accuracy, run.test_score) : null,
    run.single_test_score !== undefined
      ? "best single head " + figure(run, run.single_test_accuracy, run.single_test_score) : null,
    run.linear_test_score !== undefined
      ? "linear head " + figure(run, run.linear_test_accuracy, run.linear_test_score) : null,
    run.parameters ? run.parameters + " weights" : null,
  ].filter(Boolean).join(" · ");
  // A link cannot carry a token.
  find("report").hidden = !run.report || sessionStorage.getItem("token") !== null;
  find("report").firstElementChild.href = "/v1/runs/" + encodeURIComponent(run.name) + "/report";
  showStages(run);
  showCurve(run);
  const body = find("heads").tBodies[0];
  body.replaceChildren(...run.heads.map((head) => {
    const line = make("tr");
    const cell = make("td");
    cell.append(make("code", head.genotype));
    line.append(cell);
    const epochs = head.epochs === undefined ? "–" : head.epochs + (head.finished ? "" : " …");
    const values = [
      head.stage || "–", epochs, figure(run, head.accuracy, head.score),
      number(head.cross_entropy, 3), share(head.weight),
    ];
    for (const value of values) line.append(make("td", value));
    return line;
  }));
  find("try").hidden = !run.model;
}

// The order in which a search enters its stages; others come after them.
const order = [
  "tasks", "encoder", "features", "layers", "search", "linear heads", "contestants", "tuning",
  "portfolio", "controls", "fine-tuning", "evaluation",
];

function showStages(run) {
  const rank = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  const items = Object.entries(run.timings || {})
    .sort((one, other) => rank(one[0]) - rank(other[0]))
    .map(([name, seconds]) => make("li", name + " " + seconds.toFixed(1) + " s"));
  if (run.state === "running" && run.stage) {
    items.push(make("li", run.stage + " …", { "aria-current": "step" }));
  }
  if (items.length === 0) items.push(make("li", run.state));
  find("stages").replaceChildren(...items);
}

function showCurve(run) {
  const points = [...run.history];
  if (run.held_out_accuracy !== undefined && run.seconds !== undefined) {
    points.push({ seconds: run.seconds, accuracy: run.held_out_accuracy });
  }
  const svg = find("curve");
  const part = (name, attributes, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text) element.textContent = text;
    return element;
  };
  const last = points[points.length - 1];
  find("curve-text").textContent = last
    ? share(last.accuracy) + " after " + number(last.seconds) + " seconds"
    : run.held_out_score !== undefined
      ? figure(run, undefined, run.held_out_score) + " on held-out rows"
      : "Nothing is trained yet.";
  if (!last) return svg.replaceChildren();
  const end = Math.max(...points.map((point) => point.seconds), 1);
  const x = (seconds) => 40 + (590 * seconds) / end;
  const y = (accuracy) => 190 - 170 * accuracy;
  const parts = [0, 0.5, 1].flatMap((value) => [
    part("line", { class: "axis", x1: 40, x2: 630, y1: y(value), y2: y(value) }),
    part("text", { x: 0, y: y(value) + 4 }, value * 100 + " %"),
  ]);
  parts.push(part("text", { x: 40, y: 210 }, "0 s"));
  parts.push(part("text", { x: 630, y: 210, "text-anchor": "end" }, number(end) + " s"));
  const path = points
    .map((point, place) => {
      // It holds until the next one.
      const before = place > 0 ? "L" + x(point.seconds) + " " + y(points[place - 1].accuracy) : "";
      return before + (place ? "L" : "M") + x(point.seconds) + " " + y(point.accuracy);
    })
    .join("");
  parts.push(part("path", { class: "line", d: path }));
  parts.push(part("circle", { cx: x(last.seconds), cy: y(last.accuracy), r: 4 }));
  svg.replaceChildren(...parts);
}

function compare() {
  const all = [...compared].sort().map((name) => runs.get(name)).filter(Boolean);
  find("comparison").hidden = all.length < 2;
  if (all.length < 2) return;
  const top = make("tr");
  top.append(make("th", "", { scope: "col", "aria-label": "property" }));
  for (const run of all) top.append(make("th", run.name, { scope: "col" }));
  const lines = [
    ["state", (run) => run.state], ["task", (run) => run.task || "–"],
    ["held-out accuracy", (run) => figure(run, run.held_out_accuracy, run.held_out_score)],
    ["test accuracy", (run) => figure(run, run.test_accuracy, run.test_score)],
    ["seconds", (run) => number(run.seconds)], ["cost", (run) => number(run.cost, 2)],
    ["weights", (run) => number(run.parameters)],
  ];
  const names = new Set(all.flatMap((run) => Object.keys(run.choices || {})));
  for (const name of [...names].sort()) {
    const value = (run) => (run.choices || {})[name] || "–";
    if (new Set(all.map(value)).size > 1) lines.push([name, value]);
  }
  find("compared").tHead.replaceChildren(top);
  find("compared").tBodies[0].replaceChildren(...lines.map(([name, value]) => {
    const line = make("tr");
    line.append(make("th", name, { scope: "row" }));
    for (const run of all) line.append(make("td", value(run)));
    return line;
  }));
}

// Trying a model.

function shaded(text, words, segment) {
  const strongest = Math.max(...words.map((word) => Math.abs(word.contribution)), 1e-9);
  const paragraph = make("p");
  const characters = [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text)]
    .map((part) => part.segment);
  let place = 0;
  for (const word of words.filter((word) => word.segment === segment)) {
    paragraph.append(characters.slice(place, word.start).join(""));
    const mark = make("span", word.text, { class: "word" });
    const colour = word.contribution >= 0 ? "--for" : "--against";
    const strength = (0.45 * Math.abs(word.contribution)) / strongest;
    mark.style.backgroundColor = `rgb(var(${colour}) / ${strength.toFixed(3)})`;
    const sign = word.contribution >= 0 ? "for" : "against";
    mark.title = sign + " the answer: " + word.contribution.toFixed(2);
    paragraph.append(mark);
    place = word.start + [...new Intl.Segmenter(undefined, { granularity: "grapheme" })
      .segment(word.text)].length;
  }
  paragraph.append(characters.slice(place).join(""));
  return paragraph;
}

async function classify(event) {
  event.preventDefault();
  const text = find("text").value;
  const pair = find("second").hidden ? null : find("pair").value;
  const answer = find("answer");
  answer.textContent = "…";
  try {
    const response = await fetch("/v1/runs/" + encodeURIComponent(chosen) + "/explain", {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers() },
      body: JSON.stringify(pair ? { text, pair } : { text }),
    });
    const result = await response.json();
    if (!response.ok) {
      if (result.error.message.includes("text and pair")) find("second").hidden = false;
      answer.textContent = result.error.message;
      return;
    }
    const line = make("p");
    line.append(make("strong", result.label), " " + share(result.probability));
    answer.replaceChildren(line);
    if (result.outlier) {
      const rare = "Unlike the texts of training: of texts like those, "
        + share(result.familiarity) + " are as far from them.";
      answer.append(make("p", rare, { class: "unlike" }));
    }
    answer.append(shaded(text, result.words, 0));
    if (pair) answer.append(shaded(pair, result.words, 1));
    answer.append(make("p", "Green words speak for the answer, red ones against it.", { class: "dim" }));
  } catch (error) {
    answer.textContent = "no answer: " + error.message;
  }
}

// Events of the server. Not EventSource, which cannot carry a token.

function take(event, data) {
  if (event === "run") {
    runs.set(data.name, data);
    row(data);
    if (chosen === null) chosen = data.name;
  } else if (event === "gone") {
    runs.delete(data);
    compared.delete(data);
    for (const line of [...find("all").tBodies[0].rows]) {
      if (line.dataset.name === data) line.remove();
    }
  }
}

async function follow() {
  const response = await fetch("/v1/run-events", { headers: headers() });
  if (response.status === 401) {
    sessionStorage.removeItem("token");
    find("login").hidden = false;
    find("connection").textContent = "a token is needed";
    return false;
  }
  if (!response.ok) throw new Error("status " + response.status);
  find("connection").textContent = "live";
  find("login").hidden = true;
  // The server names all runs again.
  const before = new Set(runs.keys());
  let isFirst = true;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return true;
    rest += value;
    const parts = rest.split("\n\n");
    rest = parts.pop();
    let count = 0;
    for (const part of parts) {
      const event = /^event: (.*)$/m.exec(part);
      const data = /^data: (.*)$/m.exec(part);
      if (!event || !data) continue;
      const content = JSON.parse(data[1]);
      take(event[1], content);
      before.delete(content.name);
      count += 1;
    }
    if (count > 0 && isFirst) {
      for (const name of before) take("gone", name);
      isFirst = false;
    }
    find("none").hidden = runs.size > 0;
    for (const run of runs.values()) row(run);
    show();
    compare();
  }
}

async function stayConnected() {
  let pause = 1000;
  for (;;) {
    try {
      if (!(await follow())) return;
      pause = 1000;
    } catch (error) {
      pause = Math.min(2 * pause, 15000);
    }
    find("connection").textContent = "not connected; trying again";
    await new Promise((resume) => setTimeout(resume, pause));
  }
}

find("login").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", find("token").value.trim());
  stayConnected();
});
find("try").addEventListener("submit", classify);
stayConnected();
