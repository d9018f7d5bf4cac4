// The list of chats: the people who can be, and the groups of the staff.

import { preview } from "./content.js";
import { avatar, button, element, iconButton } from "./dom.js";
import { shortMoment } from "./time.js";
import { word } from "./words.js";

const nameOf = ({ chat }) => chat.title ?? [chat.first_name, chat.last_name].filter(Boolean).join(" ");

export class ChatList {
  #list; #hands; #chats = new Map(); #unread = new Map();

  // hands: open(chatId), beside(chatId), isOpen(chatId).
  constructor(list, hands) {
    this.#list = list;
    this.#hands = hands;
    list.addEventListener("keydown", (event) => this.#walk(event));
  }

  get(chatId) { return this.#chats.get(chatId); }

  // Staff who never opened the bot themselves are no customers.
  get shown() {
    const colleagues = new Set(this.all.flatMap((chat) => chat.members.map((member) => member.id)));
    return this.all.filter((chat) => chat.has_started || !colleagues.has(chat.chat.id));
  }

  get all() { return [...this.#chats.values()]; }

  reset(chats) {
    this.#chats = new Map(chats.map((chat) => [chat.chat.id, chat]));
    this.#unread.clear();
  }

  put(chat, isRead) {
    const { id } = chat.chat;
    const before = this.#chats.get(id)?.last_message?.message_id ?? 0;
    this.#chats.set(id, chat);
    const last = chat.last_message;
    if (isRead) this.#unread.delete(id);
    else if (last?.from?.is_bot && last.message_id > before) {
      this.#unread.set(id, (this.#unread.get(id) ?? 0) + 1);
    }
  }

  drop(chatId) {
    this.#chats.delete(chatId);
    this.#unread.delete(chatId);
  }

  read(chatId) { this.#unread.delete(chatId); }

  draw() {
    const focused = document.activeElement?.closest?.(".entry")?.dataset.chat;
    const newestFirst = this.shown.sort((one, other) =>
      (other.last_message?.date ?? 0) - (one.last_message?.date ?? 0));
    this.#list.replaceChildren(...newestFirst.map((chat) => this.#entry(chat)));
    if (focused) this.#list.querySelector(`[data-chat="${focused}"] .entry__main`)?.focus();
  }

  #entry(chat) {
    const { id } = chat.chat;
    const name = nameOf(chat);
    const main = button("entry__main", () => this.#hands.open(id), avatar(id, name),
      element("span", "entry__words", this.#top(chat, name), this.#bottom(chat)));
    main.title = name;
    if (this.#hands.isOpen(id)) main.ariaCurrent = "true";
    const beside = iconButton("beside", "beside", () => this.#hands.beside(id));
    beside.classList.add("entry__beside");
    beside.ariaLabel = `${word("beside")}: ${name}`;
    const node = element("li", "entry", main, beside);
    node.dataset.chat = id;
    return node;
  }

  #top(chat, name) {
    const moment = chat.last_message ? shortMoment(chat.last_message.date) : "";
    const label = element("span", "entry__name", name);
    const node = element("span", "entry__line", label);
    if (chat.language_code) node.append(element("span", "entry__language", chat.language_code.slice(0, 2)));
    node.append(element("small", "entry__time", moment));
    return node;
  }

  #bottom(chat) {
    const last = chat.last_message;
    const text = last ? preview(last) : word("noMessages");
    const node = element("span", "entry__line", element("span", "entry__preview", text));
    const count = this.#unread.get(chat.chat.id);
    if (count) {
      const badge = element("span", "badge", count);
      badge.ariaLabel = word("unread", { count });
      node.append(badge);
    }
    return node;
  }

  #walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const entries = [...this.#list.querySelectorAll(".entry__main")];
    const at = entries.indexOf(document.activeElement);
    entries[Math.max(0, Math.min(entries.length - 1, at + step))]?.focus();
  }
}
