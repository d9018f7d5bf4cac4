// The tour: what was seen, what is next, and a button where the room itself has to do something.

import { button, drawnFrom, element, outwards, redraw } from "./dom.js";
import { canRemind, jump, restartTour, setOutage, skipStop, subscriptions } from "./live.js";
import { hasWord, word } from "./words.js";

// What the room does for a mark; all others are done by hand in the chat.
const DEEDS = {
  broken: () => setOutage("node_down", true),
  mended: async () => { for (const kind of ["node_down", "node_hangs"]) await setOutage(kind, false); },
  killed: () => setOutage("worker_down", true),
  revived: () => setOutage("worker_down", false),
  turned: (state) => {
    const found = subscriptions(state).find(canRemind);
    if (!found) throw new Error(word("noReminder"));
    return jump(found.workflow_id, "reminder");
  },
};

// Where a mark is done, when it is not done here.
const PANES = { retried: "group" };

export class TourPanel {
  #root; #room; #state = null; #draw;

  constructor(root, room) {
    this.#root = root;
    this.#room = room;
    this.#draw = drawnFrom(
      ({ tour, flights, places }) => [tour, flights.running.map((each) => [each.link, each.stage]), places],
      (state) => redraw(this.#root, ...this.#nodes(state)),
    );
  }

  show(state, language) {
    this.#state = state;
    this.#draw(state, language);
  }

  // What the present line says, for the strip above the chat on a phone.
  static line({ tour }) {
    if (tour.stop === null) return { number: tour.stops.length, text: word("overTitle") };
    const number = tour.stops.findIndex((each) => each.id === tour.stop) + 1;
    return { number, text: word(`mark.${tour.stop}.${tour.mark}`) };
  }

  static deed({ tour }) { return tour.mark in DEEDS ? tour.mark : null; }

  #nodes(state) {
    const { tour } = state;
    this.#root.dataset.waitsFor = tour.stop === null ? "over" : `${tour.stop}:${tour.mark}`;
    const head = element("header", "panel__head",
      element("h2", "", word("tourTitle")),
      element("p", "", word("tourLead")),
      this.#progress(tour));
    const stops = element("ol", "stops", ...tour.stops.map((each, at) => this.#stop(each, at + 1, state)));
    return [head, stops, tour.stop === null ? this.#over() : this.#foot()];
  }

  #progress(tour) {
    const bar = element("div", "progress", ...tour.stops.map((each) =>
      element("i", each.is_over ? "over" : each.id === tour.stop ? "now" : "")));
    bar.ariaHidden = "true";
    return bar;
  }

  #stop(stop, number, state) {
    const isNow = stop.id === state.tour.stop;
    const node = element("li", `stop ${stop.is_over ? "stop--over" : isNow ? "stop--now" : ""}`,
      element("span", "stop__number", stop.is_over && !stop.is_skipped ? "✓" : String(number)),
      element("h3", "", word(`stop.${stop.id}`),
        stop.is_skipped ? element("small", "", ` · ${word("skipped")}`) : null));
    if (isNow) {
      node.ariaCurrent = "step";
      node.append(element("p", "stop__lead", word(`lead.${stop.id}`)),
        element("ul", "marks", ...stop.marks.map((each) => this.#mark(stop, each, state))));
    }
    return node;
  }

  #mark(stop, mark, state) {
    const isNow = mark.id === state.tour.mark;
    const body = element("div", "mark__body", element("span", "mark__text", word(`mark.${stop.id}.${mark.id}`)));
    const node = element("li", `mark ${mark.is_reached ? "mark--reached" : isNow ? "mark--now" : ""}`,
      element("i", "tick"), body);
    node.dataset.mark = mark.id;
    if (!isNow) return node;
    const hint = `hint.${stop.id}.${mark.id}`;
    if (hasWord(hint)) body.append(element("p", "mark__hint", word(hint)));
    const doings = element("div", "mark__doings", ...this.#doings(mark, state));
    if (doings.childElementCount > 0) body.append(doings);
    return node;
  }

  #doings(mark, state) {
    if (mark.id in DEEDS) {
      return [button("primary", "deed", () => this.#do(mark.id), word(`act.${mark.id}`))];
    }
    const nodes = [];
    const pane = PANES[mark.id] ?? "customer";
    const toChat = button("primary only-phone", "to-chat", () => this.#room.showChat(pane), word("openChat"));
    nodes.push(toChat);
    const purchase = state.flights.running.find((each) => each.type === "Purchase" && each.link);
    if (mark.id === "parked" && purchase) nodes.push(outwards(purchase.link, "watch", word("inTemporal")));
    return nodes;
  }

  #do(mark) { return this.#room.attempt(() => DEEDS[mark](this.#state)); }

  doNow() { return this.#do(this.#state.tour.mark); }

  #foot() {
    return element("footer", "panel__foot",
      button("quiet", "skip", () => this.#room.attempt(skipStop), word("skip")),
      button("quiet", "restart", () => this.#room.attempt(restartTour), word("restart")));
  }

  #over() {
    return element("section", "finale",
      element("h3", "", word("overTitle")),
      element("p", "", word("overText")),
      button("primary", "restart", () => this.#room.attempt(restartTour), word("restart")));
  }
}
