// One chat on the screen, from one person's eyes.

import * as api from "./api.js";
import { bubble, element, money } from "./bubble.js";
import { putWords, word } from "./words.js";

const TOAST_TIME = 3000;

export class Pane {
  #root; #bot; #chat = null; #views = new Map(); #nodes = new Map(); #version = 0;
  #busy = new Set(); #payload = ""; #refreshing = null; #again = false; #toastTimer = 0;
  #readsEnd = true; #lastTop = 0;

  constructor(root, bot) {
    this.#root = root;
    this.#bot = bot;
    root.append(document.getElementById("pane").content.cloneNode(true));
    putWords(root);
    this.#listen();
    this.#part("messages").append(element("p", "pane__empty", word("choose")));
    root.classList.add("pane--empty");
  }

  get chatId() { return this.#chat?.chat.id ?? null; }

  #part(name) { return this.#root.querySelector(`.pane__${name}`); }

  get #userId() {
    return this.#chat.chat.type === "private" ? this.chatId : this.#chat.members[0]?.id;
  }

  get #thread() { return Number(this.#part("topics").value) || undefined; }

  async open(chatId, payload = "") {
    this.#chat = await api.oneChat(chatId);
    this.#payload = payload;
    this.#version = 0;
    this.#readsEnd = true;
    this.#views.clear();
    this.#nodes.clear();
    this.#part("messages").replaceChildren();
    this.#root.classList.remove("pane--empty");
    await this.refresh();
  }

  close() {
    this.#chat = null;
    this.#part("messages").replaceChildren(element("p", "pane__empty", word("choose")));
    this.#root.classList.add("pane--empty");
  }

  // Changes may come faster than they are fetched: one fetch at a time, and one more after it.
  async refresh() {
    if (this.#refreshing) { this.#again = true; return this.#refreshing; }
    this.#refreshing = this.#fetch().finally(() => { this.#refreshing = null; });
    await this.#refreshing;
    if (this.#again) { this.#again = false; await this.refresh(); }
  }

  async #fetch() {
    const chatId = this.chatId;
    if (chatId === null) return;
    const [chat, log] = await Promise.all([
      api.oneChat(chatId), api.messagesAfter(chatId, this.#version),
    ]);
    if (chatId !== this.chatId) return;
    this.#chat = chat;
    this.#version = log.version;
    for (const view of log.messages) this.#views.set(view.message_id, view);
    this.#drawAround();
    this.#draw(log.messages);
  }

  #draw(views) {
    const list = this.#part("messages");
    for (const view of views) this.#drawOne(list, view);
    this.#keepEnd();
  }

  #drawOne(list, view) {
    const old = this.#nodes.get(view.message_id);
    if (view.is_deleted) {
      old?.remove();
      this.#nodes.delete(view.message_id);
      return;
    }
    const node = bubble(view, this.#userId, this);
    node.dataset.message = view.message_id;
    node.hidden = !this.#isShown(view);
    if (old) old.replaceWith(node);
    else list.append(node);
    this.#nodes.set(view.message_id, node);
    node.querySelector("img")?.addEventListener("load", () => this.#keepEnd());
  }

  // Whoever reads the end keeps seeing it: after new messages, late pictures, opened keyboards.
  #keepEnd() {
    const list = this.#part("messages");
    if (this.#readsEnd) list.scrollTop = list.scrollHeight;
  }

  #isShown(view) {
    const { message } = view.revisions.at(-1);
    return !this.#chat.chat.is_forum || (message.message_thread_id ?? 0) === (this.#thread ?? 0);
  }

  redraw() {
    putWords(this.#root);
    if (this.#chat === null) return;
    this.#drawAround();
    this.#draw([...this.#views.values()]);
  }

  #drawAround() {
    const { chat, has_started: started, has_blocked: blocked, bot_action: action } = this.#chat;
    const isPrivate = chat.type === "private";
    this.#part("title").textContent = isPrivate ? this.#bot.first_name : chat.title;
    this.#part("status").textContent = action === "typing" ? word("typing")
      : isPrivate ? `${word("bot")} · ${chat.first_name}` : word("group");
    this.#root.querySelector(".avatar").textContent = this.#part("title").textContent[0];
    this.#drawStart(isPrivate, started, blocked);
    this.#drawTopics();
    this.#drawKeyboard();
    this.#drawCommands();
  }

  #drawStart(isPrivate, started, blocked) {
    const block = this.#part("block");
    block.hidden = !isPrivate || !started;
    block.textContent = word(blocked ? "unblock" : "block");
    const wantsStart = isPrivate && (!started || blocked || this.#payload !== "");
    this.#part("start").hidden = !wantsStart;
    this.#part("write").hidden = wantsStart;
  }

  #drawTopics() {
    const select = this.#part("topics");
    select.hidden = !this.#chat.chat.is_forum;
    const chosen = select.value || "0";
    const general = new Option(word("general"), "0");
    select.replaceChildren(general, ...this.#chat.topics.map(({ topic, is_closed: closed }) =>
      new Option(closed ? `${topic.name} (${word("closed")})` : topic.name, topic.message_thread_id)));
    select.value = chosen;
    if (select.selectedIndex < 0) select.value = "0";
  }

  #drawKeyboard() {
    const place = this.#part("keyboard");
    const rows = this.#chat.keyboard?.keyboard ?? [];
    place.hidden = rows.length === 0;
    place.replaceChildren(...rows.map((row) => element("div", "bubble__row", ...row.map((key) => {
      const node = element("button", "button button--key", key.text);
      node.type = "button";
      node.addEventListener("click", () => this.#do(() => this.#say(key.text)));
      return node;
    }))));
  }

  #drawCommands() {
    this.#part("menu").hidden = this.#chat.commands.length === 0;
    this.#part("commands").replaceChildren(...this.#chat.commands.map((each) => {
      const node = element("button", "command", element("b", "", `/${each.command}`), ` ${each.description}`);
      node.type = "button";
      node.addEventListener("click", () => {
        this.#part("commands").hidden = true;
        this.#do(() => this.#say(`/${each.command}`));
      });
      return node;
    }));
  }

  #listen() {
    const input = this.#root.querySelector("textarea");
    const list = this.#part("messages");
    list.addEventListener("scroll", () => {
      // Only scrolling up leaves the end: growing content scrolls nobody.
      const isNear = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
      this.#readsEnd = isNear || (this.#readsEnd && list.scrollTop >= this.#lastTop);
      this.#lastTop = list.scrollTop;
    });
    new ResizeObserver(() => this.#keepEnd()).observe(list);
    this.#part("write").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = input.value.trim();
      input.value = "";
      if (text) this.#do(() => this.#say(text));
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#part("write").requestSubmit();
    });
    this.#part("start").addEventListener("click", () => this.#do(() => this.#start()));
    this.#part("menu").addEventListener("click", () => {
      this.#part("commands").hidden = !this.#part("commands").hidden;
    });
    this.#part("block").addEventListener("click", () =>
      this.#do(() => api.setBlocked(this.chatId, !this.#chat.has_blocked)));
    this.#part("topics").addEventListener("change", () => this.redraw());
    this.#root.querySelector("input[type=file]").addEventListener("change", ({ target }) => {
      const [file] = target.files;
      target.value = "";
      if (file) this.#do(() => api.sendFile(this.chatId, this.#userId, file, this.#thread));
    });
  }

  #say(text) { return api.write(this.chatId, this.#userId, text, this.#thread); }

  #start() {
    const payload = this.#payload;
    this.#payload = "";
    return api.start(this.chatId, payload);
  }

  async #do(action) {
    try { await action(); } catch (error) { this.toast(error.message); }
  }

  isBusy(view, button) { return this.#busy.has(`${view.message_id} ${button.callback_data}`); }

  async press(view, button) {
    if (button.copy_text) return this.#copy(button.copy_text.text);
    if (button.pay) return this.#pay(view);
    if (button.web_app) return window.open(button.web_app.url, "_blank", "noopener");
    if (this.isBusy(view, button)) return undefined;
    return this.#do(() => this.#callBack(view, button));
  }

  async #callBack(view, button) {
    const key = `${view.message_id} ${button.callback_data}`;
    this.#busy.add(key);
    this.#draw([this.#views.get(view.message_id)]);
    try {
      const { answer } = await api.press(this.chatId, view.message_id, this.#userId, button.callback_data);
      if (answer?.text) this.#show(answer);
    } finally {
      this.#busy.delete(key);
      if (this.chatId === view.chat_id) this.#draw([this.#views.get(view.message_id)]);
    }
  }

  #show({ text, show_alert: isAlert }) {
    if (!isAlert) { this.toast(text); return; }
    const dialog = document.getElementById("alert");
    dialog.querySelector("p").textContent = text;
    dialog.showModal();
  }

  async #copy(text) {
    await this.#do(() => navigator.clipboard.writeText(text));
    this.toast(word("copied"));
  }

  #pay(view) {
    const { invoice } = view.revisions.at(-1).message;
    const dialog = document.getElementById("invoice");
    dialog.querySelector("h2").textContent = invoice.title;
    dialog.querySelector("p").textContent = invoice.description;
    dialog.querySelector("b").textContent = money(invoice);
    dialog.returnValue = "cancel";
    dialog.addEventListener("close", () => {
      if (dialog.returnValue === "pay") this.#do(() => this.#payNow(view));
    }, { once: true });
    dialog.showModal();
  }

  async #payNow(view) {
    const outcome = await api.pay(this.chatId, view.message_id, this.#userId);
    this.toast(outcome.is_paid ? word("paid") : outcome.error_message);
  }

  toast(text) {
    const place = this.#part("toast");
    place.textContent = text;
    place.hidden = false;
    clearTimeout(this.#toastTimer);
    this.#toastTimer = setTimeout(() => { place.hidden = true; }, TOAST_TIME);
  }
}
