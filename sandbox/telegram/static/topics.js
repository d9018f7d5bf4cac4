// A forum group's topics as tabs; 0 is the general one.

import { element } from "./dom.js";
import { word } from "./words.js";

// The message that opens a topic is the topic's first.
export const threadOf = (message) =>
  message.message_thread_id ?? (message.forum_topic_created ? message.message_id : 0);

export class Topics {
  #strip; #onChoose; #topics = []; #unread = new Set();
  chosen = 0;

  constructor(strip, onChoose) {
    this.#strip = strip;
    this.#onChoose = onChoose;
    strip.addEventListener("keydown", (event) => this.#walk(event));
  }

  reset() {
    this.chosen = 0;
    this.#unread.clear();
  }

  get isClosed() {
    return this.#topics.some(({ topic, is_closed: isClosed }) =>
      isClosed && topic.message_thread_id === this.chosen);
  }

  // Something was said in a topic; elsewhere than where one looks it leaves a mark.
  note(threadId) {
    if (threadId !== this.chosen) this.#unread.add(threadId);
  }

  show({ chat, topics }) {
    this.#topics = topics;
    this.#strip.hidden = !chat.is_forum;
    if (!chat.is_forum) return;
    this.#strip.ariaLabel = word("topics");
    const hadFocus = this.#strip.contains(document.activeElement);
    this.#strip.replaceChildren(
      this.#tab(0, word("general"), null, false),
      ...topics.map(({ topic, is_closed: isClosed }) =>
        this.#tab(topic.message_thread_id, topic.name, topic.icon_color, isClosed)));
    if (hadFocus) this.#strip.querySelector("[aria-selected=true]")?.focus();
  }

  #tab(threadId, name, colour, isClosed) {
    const dot = element("span", "topic__dot", colour === null ? "#" : [...name][0]);
    if (colour !== null) dot.style.background = `#${colour.toString(16).padStart(6, "0")}`;
    dot.ariaHidden = "true";
    const node = element("button", "topic", dot, element("span", "topic__name", name));
    if (isClosed) node.append(element("small", "topic__closed", word("closedTopic")));
    node.type = "button";
    node.role = "tab";
    node.ariaSelected = String(threadId === this.chosen);
    node.tabIndex = threadId === this.chosen ? 0 : -1;
    node.classList.toggle("topic--unread", this.#unread.has(threadId));
    node.addEventListener("click", () => this.#choose(threadId));
    return node;
  }

  #choose(threadId) {
    this.chosen = threadId;
    this.#unread.delete(threadId);
    this.#onChoose();
  }

  #walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const tabs = [...this.#strip.children];
    const at = tabs.indexOf(document.activeElement);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  }
}
