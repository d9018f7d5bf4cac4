// What stands above the messages: whose chat it is, what the bot does, what is pinned.

import { preview } from "./content.js";
import { current } from "./bubble.js";
import { avatar } from "./dom.js";
import { word } from "./words.js";

const ACTION_LASTS = 5000; // As Telegram shows it.
const ACTIONS = { upload_document: "upload_document", upload_photo: "upload_photo" };

export class PaneHead {
  #part; #bot; #hands; #action = ""; #until = 0; #timer = 0; #chat = null; #pinned = null;
  writerId = null;

  // hands: back(), close(), block(isBlocked), writer(), goTo(messageId).
  constructor(part, bot, hands) {
    this.#part = part;
    this.#bot = bot;
    this.#hands = hands;
    part("back").addEventListener("click", () => hands.back());
    part("close").addEventListener("click", () => hands.close());
    part("block").addEventListener("click", () => hands.block(!this.#chat.has_blocked));
    part("writer").addEventListener("change", ({ target }) => {
      this.writerId = Number(target.value);
      hands.writer();
    });
    part("pinned").addEventListener("click", () => hands.goTo(this.#pinned));
  }

  reset() {
    this.#action = "";
    this.writerId = null;
  }

  show(chat, find) {
    this.#chat = chat;
    const isPrivate = chat.chat.type === "private";
    const title = isPrivate ? this.#bot.first_name : chat.chat.title;
    this.#part("avatar").replaceChildren(avatar(isPrivate ? this.#bot.id : chat.chat.id, title));
    this.#part("title").textContent = title;
    this.#showBlock(isPrivate);
    this.#showWriter(chat);
    this.#showPinned(chat, find);
    this.#noteAction(chat.bot_action ?? "");
    this.#showStatus();
  }

  #showBlock(isPrivate) {
    const node = this.#part("block");
    node.hidden = !isPrivate || !this.#chat.has_started;
    node.title = word(this.#chat.has_blocked ? "unblock" : "block");
    node.ariaLabel = node.title;
    node.querySelector("use").setAttribute("href",
      `/static/icons.svg#${this.#chat.has_blocked ? "unblock" : "block"}`);
  }

  #showWriter({ members }) {
    this.writerId ??= members[0]?.id ?? null;
    const select = this.#part("writer");
    select.hidden = members.length < 2;
    select.ariaLabel = word("writeAs");
    select.title = select.ariaLabel;
    select.replaceChildren(...members.map((each) => new Option(each.first_name, each.id)));
    select.value = String(this.writerId);
  }

  #showPinned({ pinned }, find) {
    const view = find(pinned.at(-1));
    this.#pinned = view?.message_id ?? null;
    this.#part("pinned").hidden = !view;
    if (!view) return;
    this.#part("pinned-title").textContent = word("pinnedMessage");
    this.#part("pinned-text").textContent = preview(current(view));
  }

  // The server remembers an action until the next message; a client shows it for a while.
  #noteAction(action) {
    if (action !== this.#action) this.#until = Date.now() + ACTION_LASTS;
    this.#action = action;
    clearTimeout(this.#timer);
    if (action) this.#timer = setTimeout(() => this.#showStatus(), Math.max(0, this.#until - Date.now()));
  }

  #showStatus() {
    const isActing = this.#action !== "" && Date.now() < this.#until;
    const node = this.#part("status");
    node.classList.toggle("pane__status--acting", isActing);
    node.textContent = isActing ? word(ACTIONS[this.#action] ?? "typing") : this.#standing();
  }

  #standing() {
    const { chat, members, language_code: language } = this.#chat;
    if (chat.type === "private") {
      const name = language ? `${chat.first_name} (${language.toUpperCase()})` : chat.first_name;
      return `${word("bot")} · ${word("you", { name })}`;
    }
    return members.length === 1 ? word("member") : word("members", { count: members.length });
  }
}
