// The messages of a chat: days, groups of one sender, and the end that stays in sight.

import { bubble, current } from "./bubble.js";
import { element } from "./dom.js";
import { setBusy } from "./keyboard.js";
import { dayKey, dayName } from "./time.js";

const NEAR = 80;
const DAY_LASTS = 1500;

export class MessageList {
  #list; #onEnd; #nodes = new Map(); #day = null; #readsEnd = true; #lastTop = 0; #dayTimer = 0;

  // onEnd(isThere) hears whether the newest message is in sight.
  constructor(list, onEnd) {
    this.#list = list;
    this.#onEnd = onEnd;
    list.addEventListener("scroll", () => this.#onScroll());
    new ResizeObserver(() => this.keepEnd()).observe(list);
  }

  get readsEnd() { return this.#readsEnd; }
  get isEmpty() { return this.#nodes.size === 0; }

  clear() {
    this.#nodes.clear();
    this.#day = null;
    this.#list.replaceChildren();
    this.#readsEnd = true;
  }

  // Draws views in order; those that are not `shown` or are deleted leave.
  draw(views, seen, hands, isShown) {
    const touched = new Set();
    for (const view of views) {
      const section = this.#drawOne(view, seen, hands, isShown);
      if (section) touched.add(section);
    }
    for (const section of touched) this.#tidy(section);
    this.keepEnd();
  }

  #drawOne(view, seen, hands, isShown) {
    const old = this.#nodes.get(view.message_id);
    if (view.is_deleted || !isShown(view)) return this.#remove(view, old);
    const node = bubble(view, seen(view), hands);
    node.dataset.message = view.message_id;
    node.querySelector("img")?.addEventListener("load", () => this.keepEnd());
    this.#nodes.set(view.message_id, node);
    if (old) replaceKeepingFocus(old, node);
    else this.#append(node, current(view).date);
    return node.parentElement;
  }

  #remove(view, old) {
    const section = old?.parentElement;
    old?.remove();
    this.#nodes.delete(view.message_id);
    return section;
  }

  #append(node, seconds) {
    const key = dayKey(seconds);
    if (this.#day?.dataset.day !== key) {
      this.#day = element("section", "day", element("p", "pill day__name", dayName(seconds)));
      this.#day.dataset.day = key;
      this.#list.append(this.#day);
    }
    node.classList.add("is-new");
    this.#day.append(node);
  }

  #tidy(section) {
    const bubbles = [...section.children].slice(1);
    if (bubbles.length === 0) {
      section.remove();
      if (section === this.#day) this.#day = null;
    }
    bubbles.forEach((node, index) => {
      const { sender } = node.dataset;
      node.classList.toggle("is-first", bubbles[index - 1]?.dataset.sender !== sender);
      node.classList.toggle("is-last", bubbles[index + 1]?.dataset.sender !== sender);
    });
  }

  // Redraws only the spinner of a button.
  showBusy(view, key, isBusy) {
    const node = this.#nodes.get(view.message_id);
    for (const each of node?.querySelectorAll("button.key") ?? []) {
      if (each.dataset.key === key.callback_data) setBusy(each, isBusy);
    }
  }

  // Whoever reads the end keeps seeing it: after new messages, late pictures, opened keyboards.
  keepEnd() {
    if (this.#readsEnd) this.#list.scrollTop = this.#list.scrollHeight;
  }

  goToEnd() {
    this.#readsEnd = true;
    this.#list.scrollTo({ top: this.#list.scrollHeight, behavior: "smooth" });
  }

  goTo(messageId) {
    const node = this.#nodes.get(messageId);
    if (!node) return;
    node.scrollIntoView({ block: "center", behavior: "smooth" });
    node.classList.remove("is-marked");
    requestAnimationFrame(() => node.classList.add("is-marked"));
  }

  // The day stays in sight only while one looks for another.
  #showDay() {
    this.#list.classList.toggle("is-scrolling", !this.#readsEnd);
    clearTimeout(this.#dayTimer);
    this.#dayTimer = setTimeout(() => this.#list.classList.remove("is-scrolling"), DAY_LASTS);
  }

  // Only scrolling up leaves the end: growing content scrolls nobody.
  #onScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    const isNear = scrollHeight - scrollTop - clientHeight < NEAR;
    this.#readsEnd = isNear || (this.#readsEnd && scrollTop >= this.#lastTop);
    this.#lastTop = scrollTop;
    this.#onEnd(this.#readsEnd);
    this.#showDay();
  }
}

// A message that changes under the fingers keeps the focus on the button in the same place.
function replaceKeepingFocus(old, node) {
  const reachable = "button, a, [tabindex]";
  const at = [...old.querySelectorAll(reachable)].indexOf(document.activeElement);
  old.replaceWith(node);
  if (at >= 0) ([...node.querySelectorAll(reachable)][at] ?? node.querySelector(reachable))?.focus();
}
