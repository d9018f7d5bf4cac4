// What is in flight, of every workflow type, and what landed lately.

import { drawnFrom, element, outwards, redraw } from "./dom.js";
import { moment, span, untilOn } from "./time.js";
import { named, word } from "./words.js";

const LANDED_SHOWN = 8;
const CALM = new Set(["done", "refunded"]);
const ALARMING = new Set(["stuck", "delayed", "refunding"]);

export class FlightsPanel {
  #root; #draw;

  constructor(root) {
    this.#root = root;
    this.#draw = drawnFrom(({ flights }) => flights, (state) => redraw(this.#root, ...this.#nodes(state)));
  }

  show(state, language) { this.#draw(state, language); }

  #nodes({ flights }) {
    const head = element("header", "panel__head",
      element("h2", "", word("flightsTitle")), element("p", "", word("flightsLead")));
    if (!flights.is_reachable) return [head, element("p", "empty", word("temporalAway"))];
    const rest = flights.running_total - flights.running.length;
    const landed = [...flights.landed].slice(0, LANDED_SHOWN);
    return [
      head,
      counts(flights),
      flights.running.length === 0 ? element("p", "empty", word("nothingFlies")) : null,
      element("ul", "flights", ...flights.running.map(running)),
      rest > 0 ? element("p", "empty", word("more", { n: rest })) : null,
      element("h3", "", word("landed")),
      landed.length === 0 ? element("p", "empty", word("nothingLanded")) : null,
      element("ul", "flights flights--landed", ...landed.map(ended)),
    ];
  }
}

function counts(flights) {
  return element("ul", "counts", ...Object.entries(flights.by_type).map(([type, n]) =>
    element("li", "", element("b", "", String(n)), ` ${named("type", type)}`)));
}

// The first letters of a uuid are enough to tell it from others.
export function shortId({ workflow_id: id }) {
  return /[0-9a-f]{8}(?=-[0-9a-f]{4}-)/.exec(id)?.[0] ?? id;
}

function badge(text, kind) { return element("span", `badge badge--${kind}`, text); }

function stageBadge({ stage, status }) {
  const text = stage ? named("stage", stage) : status === "running" ? null : named("status", status);
  if (text === null) return null;
  return badge(text, CALM.has(stage) ? "good" : ALARMING.has(stage) ? "alarm" : "plain");
}

function title(workflow) {
  const id = element("code", "", shortId(workflow));
  id.title = workflow.workflow_id;
  const link = workflow.link === null ? null : outwards(workflow.link, `link-${workflow.run_id}`, "Temporal");
  return element("header", "flight__head", element("b", "", named("type", workflow.type)), id, stageBadge(workflow), link);
}

// Ages go on by themselves: see `tickTimes`.
function ticking(kind, iso, workflow) {
  const node = element("time", "");
  node.dateTime = iso;
  Object.assign(node.dataset, { ticking: kind, ahead: workflow.ahead_seconds });
  drawTime(node);
  return node;
}

function drawTime(node) {
  const seconds = untilOn({ ahead_seconds: Number(node.dataset.ahead) }, node.dateTime);
  node.textContent = word(node.dataset.ticking, { span: span(Math.abs(seconds)) });
}

export function tickTimes(root) {
  for (const node of root.querySelectorAll("time[data-ticking]")) drawTime(node);
}

function running(workflow) {
  const facts = [
    ticking("age", workflow.began_at, workflow),
    workflow.server ? word("onServer", { server: workflow.server }) : null,
    workflow.paid_until ? word("until", { moment: moment(workflow.paid_until) }) : null,
    workflow.wakes_at ? ticking("wakes", workflow.wakes_at, workflow) : null,
    ...Object.entries(workflow.attributes).map(([name, value]) => `${name}: ${value}`),
  ].filter(Boolean).map((each) => element("li", "", each));
  const doing = workflow.doing.map(({ activity, attempt }) =>
    element("li", "doing", element("code", "", activity), attempt > 1 ? ` ${word("attempt", { n: attempt })}` : ""));
  const ahead = workflow.ahead_seconds > 60
    ? element("li", "", badge(word("ahead", { span: span(workflow.ahead_seconds) }), "clock")) : null;
  return element("li", "flight", title(workflow), element("ul", "facts", ...facts, ahead, ...doing));
}

function ended(workflow) { return element("li", "flight", title(workflow)); }

export { ticking };
