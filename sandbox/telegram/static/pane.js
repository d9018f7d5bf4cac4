// One chat on the screen, from one person's eyes.

import * as api from "./api.js";
import { current } from "./bubble.js";
import { copyText } from "./clipboard.js";
import { Composer } from "./composer.js";
import { lookAt } from "./dialogs.js";
import { element } from "./dom.js";
import { PaneHead } from "./head.js";
import { openInvoice } from "./invoice.js";
import { insideLink } from "./links.js";
import { MessageList } from "./messages.js";
import { Presses } from "./presses.js";
import { money } from "./time.js";
import { Topics, threadOf } from "./topics.js";
import { putWords, word } from "./words.js";

const TOAST_TIME = 3500;

export class Pane {
  #root; #desk; #chat = null; #views = new Map(); #version = null; #payload = "";
  #botSpoke = 0; #fetching = Promise.resolve(); #toastTimer = 0; #news = 0;
  #head; #list; #composer; #topics; #presses;

  // desk: bot, answers, follow(link), close(pane), back().
  constructor(root, desk) {
    this.#root = root;
    this.#desk = desk;
    this.#presses = new Presses(desk, this);
    root.append(document.getElementById("pane").content.cloneNode(true));
    putWords(root);
    const part = (name) => root.querySelector(`.pane__${name}`);
    this.#head = new PaneHead(part, desk.bot, {
      back: () => desk.back(), close: () => desk.close(this), writer: () => this.redraw(),
      block: (isBlocked) => this.#do(() => api.setBlocked(this.chatId, isBlocked)),
      goTo: (id) => this.#list.goTo(id),
    });
    this.#list = new MessageList(part("messages"), (isAtEnd) => this.#showEnd(isAtEnd));
    this.#topics = new Topics(part("topics"), () => this.#changeTopic());
    this.#composer = new Composer(part, {
      say: (text, options) => this.say(text, options),
      correct: (id, text) => this.#do(() => api.correct(this.chatId, id, text)),
      attach: (file) => this.#do(() => api.sendFile(this.chatId, this.userId, file, this.#thread)),
      last: () => [...this.#views.values()].findLast((view) => this.#isOwn(view) && !view.is_deleted),
    });
    this.#listen();
  }

  get root() { return this.#root; }
  get chatId() { return this.#chat?.chat.id ?? null; }
  get isPrivate() { return this.#chat?.chat.type === "private"; }
  get isRead() { return this.#list.readsEnd && !document.hidden; }
  get userId() { return this.isPrivate ? this.chatId : this.#head.writerId; }
  get #thread() { return this.#topics.chosen || undefined; }

  #part(name) { return this.#root.querySelector(`.pane__${name}`); }

  // Opens a chat; a payload is that of the deep link which led here.
  async show(chat, payload) {
    if (chat.chat.id === this.chatId) {
      this.#payload = payload ?? this.#payload;
      this.#drawAround();
      return;
    }
    this.#payload = payload ?? "";
    this.#chat = chat;
    this.#topics.reset();
    this.#head.reset();
    this.#composer.reset();
    await this.restart(chat);
  }

  // Starts over with what the server has now.
  async restart(chat) {
    this.#version = null;
    this.#botSpoke = 0;
    this.#views.clear();
    this.#presses.forget();
    this.#list.clear();
    await this.refresh(chat);
  }

  // A finger needs no focus, and on a phone the keyboard would hide half of the chat.
  focus() {
    if (matchMedia("(pointer: coarse)").matches) return;
    (this.#part("start").hidden ? this.#composer : this.#part("start")).focus({ preventScroll: true });
  }

  // One fetch at a time: each asks for what came after the one before.
  refresh(chat) {
    this.#fetching = this.#fetching.catch(() => {}).then(() => this.#fetch(chat));
    return this.#fetching;
  }

  async #fetch(chat) {
    if (chat.chat.id !== this.chatId) return;
    const log = await api.messagesAfter(this.chatId, this.#version ?? 0);
    if (chat.chat.id !== this.chatId) return;
    const isFirst = this.#version === null;
    this.#chat = chat;
    this.#version = log.version;
    this.#take(log.messages, isFirst);
    this.#drawAround();
  }

  #take(news, isFirst) {
    const known = new Set(this.#views.keys());
    for (const view of news) {
      this.#views.set(view.message_id, view);
      if (view.from_bot) this.#botSpoke = Math.max(this.#botSpoke, Date.parse(view.revisions.at(-1).at));
      if (!isFirst && !known.has(view.message_id)) this.#note(view);
    }
    const late = [...this.#views.values()].filter((view) => view.wasSeen === false && this.#isSeen(view));
    this.#draw([...new Set([...news, ...late])]);
  }

  #note(view) {
    if (this.#chat.chat.is_forum) this.#topics.note(threadOf(current(view)));
    if (!this.#list.readsEnd && view.from_bot) this.#news += 1;
  }

  #draw(views) {
    this.#list.draw(views, (view) => this.#seen(view), this, (view) => this.#isShown(view));
    this.#showEnd(this.#list.readsEnd);
  }

  #isOwn(view) { return current(view).from?.id === this.userId; }
  #isSeen(view) { return Date.parse(view.revisions[0].at) <= this.#botSpoke; }

  #seen(view) {
    const isOwn = this.#isOwn(view);
    view.wasSeen = this.#isSeen(view);
    const state = isOwn ? (view.wasSeen ? "seen" : "sent") : null;
    return { isOwn, state, shop: this.#desk.bot.first_name };
  }

  #isShown(view) {
    return !this.#chat.chat.is_forum || threadOf(current(view)) === this.#topics.chosen;
  }

  #changeTopic() {
    this.#list.clear();
    this.redraw();
  }

  redraw() {
    putWords(this.#root);
    if (this.#chat === null) return;
    this.#draw([...this.#views.values()]);
    this.#drawAround();
  }

  #drawAround() {
    const { keyboard, commands, has_blocked: isBlocked, has_started: hasStarted } = this.#chat;
    this.#part("messages").ariaLabel = word("messages");
    this.#topics.show(this.#chat);
    this.#root.ariaLabel = this.#chat.chat.title ?? this.#chat.chat.first_name;
    this.#head.show(this.#chat, (id) => this.#views.get(id));
    this.#composer.commands.set(commands, this.isPrivate);
    this.#composer.showKeyboard(keyboard ?? null);
    this.#composer.redraw();
    const wantsStart = this.isPrivate && (!hasStarted || isBlocked || this.#payload !== "");
    const start = this.#part("start");
    const hadFocus = document.activeElement === start;
    start.hidden = !wantsStart;
    start.textContent = word(isBlocked ? "restart" : "start");
    this.#part("bottom").hidden = wantsStart;
    if (hadFocus && !wantsStart) this.focus();
    this.#drawNotice(isBlocked);
    this.#list.keepEnd();
  }

  #drawNotice(isBlocked) {
    const notice = this.#part("notice");
    const isNew = this.#list.isEmpty && this.isPrivate;
    notice.hidden = !isNew && !isBlocked;
    notice.classList.toggle("pane__notice--card", isNew && !isBlocked);
    if (isBlocked) notice.textContent = word("blocked");
    else if (isNew) {
      notice.replaceChildren(element("b", "", word("noMessages")),
        element("span", "", this.#chat.description || word("greeting")));
    }
  }

  #showEnd(isAtEnd) {
    if (isAtEnd) this.#news = 0;
    this.#part("down").hidden = isAtEnd;
    const count = this.#part("down-count");
    count.hidden = this.#news === 0;
    count.textContent = this.#news;
  }

  #listen() {
    this.#part("start").addEventListener("click", () => this.#do(() => this.#start()));
    this.#part("down").addEventListener("click", () => this.#list.goToEnd());
    this.#root.addEventListener("click", (event) => {
      const href = event.target.closest("a[href]")?.href;
      const inside = href && insideLink(href, this.#desk.bot.username);
      if (!inside) return;
      event.preventDefault();
      this.#do(async () => this.#desk.follow(inside, this));
    });
  }

  async #start() {
    const payload = this.#payload;
    this.#payload = "";
    await api.start(this.chatId, payload);
  }

  // The hands of bubbles and keyboards.

  say(text, { replyTo } = {}) {
    this.#list.goToEnd();
    return this.#do(() => api.write(this.chatId,
      { userId: this.userId, text, threadId: this.#thread, replyTo }));
  }

  copy(text) { return this.#do(async () => { await copyText(text); this.toast(word("copied")); }); }
  look(image) { lookAt(image); }
  goTo(messageId) { this.#list.goTo(messageId); }
  replyTo(view) { this.#composer.replyTo(view); }
  correct(view) { this.#composer.correct(view); }
  isBusy(view, key) { return this.#presses.isBusy(view, key); }

  press(view, key) { return this.#do(() => this.#presses.press(view, key)); }

  showBusy(view, key, isBusy) { this.#list.showBusy(view, key, isBusy); }

  pay(bill, ask) {
    openInvoice(bill, ask, () => this.toast(word("paidToast", { amount: money(bill) })));
  }

  async #do(action) {
    try { await action(); } catch (error) { this.toast(error.message); }
  }

  toast(text) {
    const place = this.#part("toast");
    place.textContent = text;
    place.classList.add("pane__toast--shown");
    clearTimeout(this.#toastTimer);
    this.#toastTimer = setTimeout(() => place.classList.remove("pane__toast--shown"), TOAST_TIME);
  }
}
