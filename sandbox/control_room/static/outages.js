// Switches that break things, each with what to expect of it.

import { button, drawnFrom, element, redraw } from "./dom.js";
import { kill, mendAll, processOf, setOutage } from "./live.js";
import { word } from "./words.js";

const GROUPS = {
  node: ["node_down", "node_hangs", "node_slow"],
  kassa: ["kassa_error_after", "kassa_down", "notifications_lost", "notifications_doubled"],
  telegram: ["telegram_flood", "bot_blocked"],
  machine: ["worker_down", "api_down", "postgres_down", "temporal_down"],
};
export const KINDS = Object.values(GROUPS).flat();
const PROCESSES = { worker_down: "worker", api_down: "api" };

export class OutagesPanel {
  #root; #room; #draw; #busy = new Set(); #state = null; #language = null;

  constructor(root, room) {
    this.#root = root;
    this.#room = room;
    this.#draw = drawnFrom(
      ({ outages, processes }) => [outages, processes, [...this.#busy]],
      (state) => redraw(this.#root, ...this.#nodes(state)),
    );
  }

  show(state, language) {
    this.#state = state;
    this.#language = language;
    this.#draw(state, language);
  }

  #nodes(state) {
    const anything = state.outages.some((each) => each.is_on);
    const mend = button("plain", "mend-all", () => this.#room.attempt(mendAll), word("mendAll"));
    mend.disabled = !anything;
    return [
      element("header", "panel__head",
        element("h2", "", word("outagesTitle")), element("p", "", word("outagesLead")), mend),
      ...Object.entries(GROUPS).map(([group, kinds]) => this.#group(group, kinds, state)),
    ];
  }

  #group(group, kinds, state) {
    const shown = kinds.map((kind) => state.outages.find((each) => each.kind === kind)).filter(Boolean);
    const heading = element("h3", "", word(`group.${group}`));
    heading.id = `group-${group}`;
    const list = element("ul", "switches", ...shown.map((each) => this.#row(each, state)));
    list.setAttribute("aria-labelledby", heading.id);
    return element("section", "group", heading, list);
  }

  #row(outage, state) {
    const { kind, is_on: on, left, whom } = outage;
    const text = element("span", "switch__text",
      element("b", "", word(`outage.${kind}`)),
      element("small", "", word(`effect.${kind}`)));
    const details = [whom, left ? word("left", { n: left }) : null].filter(Boolean).join(" · ");
    if (on && details) text.append(element("em", "", details));
    const toggle = button("switch", kind, () => this.#turn(kind, !on), text, element("i", "knob"));
    toggle.role = "switch";
    toggle.ariaChecked = String(on);
    toggle.ariaBusy = String(this.#busy.has(kind));
    return element("li", on ? "on" : "", toggle, kind in PROCESSES ? this.#process(PROCESSES[kind], state) : null);
  }

  #process(name, state) {
    const { condition, deaths } = processOf(state, name);
    const words = [word(`condition.${condition}`), deaths ? word("deaths", { n: deaths }) : null];
    const once = button("quiet", `kill-${name}`, () => this.#room.attempt(() => kill(name)), word("kill"));
    once.disabled = condition !== "running";
    return element("p", "process", element("span", `dot dot--${condition}`), words.filter(Boolean).join(", "), once);
  }

  async #turn(kind, on) {
    if (this.#busy.has(kind)) return;
    this.#busy.add(kind);
    this.#draw(this.#state, this.#language);
    await this.#room.attempt(() => setOutage(kind, on));
    this.#busy.delete(kind);
    this.#draw(this.#state, this.#language);
  }
}
