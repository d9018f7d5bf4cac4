// The clock: a subscription's to its reminder or its end, and the payment hour.

import { button, drawnFrom, element, redraw } from "./dom.js";
import { shortId, ticking } from "./flights.js";
import { canRemind, jump, skipPaymentHour, subscriptions } from "./live.js";
import { moment, untilOn } from "./time.js";
import { named, word } from "./words.js";

const OPEN = new Set(["preparing", "awaiting_payment"]);
const NEAR_SECONDS = 6;

export class ClockPanel {
  #root; #room; #draw;

  constructor(root, room) {
    this.#root = root;
    this.#room = room;
    this.#draw = drawnFrom(({ flights }) => flights, (state) => redraw(this.#root, ...this.#nodes(state)));
  }

  show(state, language) { this.#draw(state, language); }

  #nodes(state) {
    const mine = subscriptions(state);
    const others = state.flights.running.filter((each) => each.paid_until === null && each.wakes_at !== null);
    return [
      element("header", "panel__head",
        element("h2", "", word("clockTitle")), element("p", "", word("clockLead"))),
      mine.length === 0 ? element("p", "empty", word("noSubscription")) : null,
      element("ul", "clocks", ...mine.map((each) => this.#subscription(each))),
      this.#hour(state),
      others.length === 0 ? null : element("section", "group",
        element("h3", "", word("otherTimers")),
        element("ul", "clocks", ...others.map((each) => this.#other(each)))),
      element("section", "truth",
        element("h3", "", word("truthTitle")),
        element("ul", "", ...word("truth").map((each) => element("li", "", each)))),
    ];
  }

  #subscription(workflow) {
    const hasEnded = untilOn(workflow, workflow.paid_until) < 0;
    const itsNow = new Date(Date.now() + workflow.ahead_seconds * 1000).toISOString();
    return element("li", "clock",
      element("header", "flight__head", element("b", "", word("subscription", { id: shortId(workflow) }))),
      element("ul", "facts",
        element("li", "", word("itsNow", { moment: moment(itsNow) })),
        element("li", "", canRemind(workflow) ? ticking("reminderIn", workflow.wakes_at, workflow) : word("remindedAlready")),
        element("li", "", hasEnded ? word("hasEnded") : ticking("endsIn", workflow.paid_until, workflow)),
        hasEnded && workflow.wakes_at ? element("li", "", ticking("wakesIn", workflow.wakes_at, workflow)) : null),
      element("div", "mark__doings",
        this.#jumper(workflow, "reminder", canRemind(workflow) && isFar(workflow, workflow.wakes_at), "toReminder"),
        this.#jumper(workflow, "end", isFar(workflow, workflow.paid_until), "toEnd"),
        hasEnded && workflow.wakes_at
          ? this.#jumper(workflow, "next_timer", isFar(workflow, workflow.wakes_at), "toNextTimer") : null));
  }

  #other(workflow) {
    return element("li", "clock",
      element("header", "flight__head", element("b", "", named("type", workflow.type)), element("code", "", shortId(workflow))),
      element("ul", "facts", element("li", "", ticking("wakes", workflow.wakes_at, workflow))),
      element("div", "mark__doings",
        this.#jumper(workflow, "next_timer", isFar(workflow, workflow.wakes_at), "toNextTimer")));
  }

  #jumper(workflow, where, isPossible, label) {
    const node = button("plain", `${where}-${workflow.workflow_id}`,
      () => this.#room.attempt(() => jump(workflow.workflow_id, where)), word(label));
    node.disabled = !isPossible;
    return node;
  }

  #hour(state) {
    const open = state.flights.running.filter((each) => OPEN.has(each.stage)).length;
    return element("section", "group",
      element("h3", "", word("paymentHour")),
      element("p", "", `${word("paymentHourText")} (${word("openPages", { n: open })})`),
      button("plain", "payment-hour", () => this.#room.attempt(skipPaymentHour), word("skipHour")));
  }
}

const isFar = (workflow, iso) => untilOn(workflow, iso) > NEAR_SECONDS;
