// Pressed buttons: each spins until the bot has answered, and the answer is shown.

import * as api from "./api.js";
import { current } from "./bubble.js";
import { showAlert } from "./dialogs.js";
import { buttonKey } from "./keyboard.js";
import { insideLink } from "./links.js";

export class Presses {
  #desk; #pane; #busy = new Set();

  constructor(desk, pane) {
    this.#desk = desk;
    this.#pane = pane;
  }

  forget() { this.#busy.clear(); }
  isBusy(view, key) { return this.#busy.has(buttonKey(view, key)); }

  press(view, key) {
    if (key.copy_text) return this.#pane.copy(key.copy_text.text);
    if (key.web_app) return window.open(key.web_app.url, "_blank", "noopener");
    if (key.pay) return this.#pay(view);
    return this.isBusy(view, key) ? undefined : this.#callBack(view, key);
  }

  #pay(view) {
    const { chatId, userId } = this.#pane;
    this.#pane.pay(current(view).invoice, () => api.pay(chatId, view.message_id, userId));
  }

  async #callBack(view, key) {
    this.#turn(view, key, true);
    try {
      const { callback_query_id: query } =
        await api.press(view.chat_id, view.message_id, this.#pane.userId, key.callback_data);
      this.#hear(await this.#desk.answers.of(query));
    } finally {
      this.#turn(view, key, false);
    }
  }

  #turn(view, key, isBusy) {
    if (isBusy) this.#busy.add(buttonKey(view, key));
    else this.#busy.delete(buttonKey(view, key));
    if (this.#pane.chatId === view.chat_id) this.#pane.showBusy(view, key, isBusy);
  }

  #hear(answer) {
    const { bot } = this.#desk;
    if (answer?.url) this.#desk.follow(insideLink(answer.url, bot.username), this.#pane);
    if (!answer?.text) return;
    if (answer.show_alert) showAlert(bot.first_name, answer.text);
    else this.#pane.toast(answer.text);
  }
}
