// Where one writes: the field, its menu, attachments, and what an answer or a correction is for.

import { current } from "./bubble.js";
import { Commands } from "./commands.js";
import { preview } from "./content.js";
import { replyKeyboard } from "./keyboard.js";
import { word } from "./words.js";

export class Composer {
  #part; #hands; #input; #about = null; #markup = null; #isHidden = false;

  // hands: say(text, {replyTo}), correct(messageId, text), attach(file), last() own message.
  constructor(part, hands) {
    this.#part = part;
    this.#hands = hands;
    this.#input = part("input");
    this.commands = new Commands(part("commands"), part("menu"), this.#input, (text) => hands.say(text, {}));
    this.#listen();
  }

  focus(options) { this.#input.focus(options); }

  reset() {
    this.#input.value = "";
    this.#isHidden = false;
    this.#markup = null;
    this.commands.close();
    this.#forget();
  }

  replyTo(view) { this.#be({ kind: "reply", view }); }

  correct(view) {
    this.#input.value = current(view).text;
    this.#be({ kind: "edit", view });
  }

  #be(about) {
    this.#about = about;
    this.redraw();
    this.#input.focus();
  }

  #forget() {
    this.#about = null;
    this.redraw();
  }

  redraw() {
    const bar = this.#part("about");
    bar.hidden = this.#about === null;
    if (this.#about === null) return;
    const { kind, view } = this.#about;
    const name = current(view).from?.first_name ?? "";
    this.#part("about-title").textContent = kind === "edit" ? word("editing") : word("replyTo", { name });
    this.#part("about-text").textContent = preview(current(view));
  }

  // The bot's keyboard in place of the customer's own.
  showKeyboard(markup) {
    if (JSON.stringify(markup) !== JSON.stringify(this.#markup)) this.#isHidden = false;
    this.#markup = markup;
    this.#part("keys").hidden = !markup;
    this.#input.placeholder = markup?.input_field_placeholder ?? word("message");
    this.#drawKeyboard();
  }

  #drawKeyboard() {
    const rows = replyKeyboard(this.#markup, (text) => {
      if (this.#markup?.one_time_keyboard) this.#toggleKeyboard();
      this.#hands.say(text, {});
    });
    const isShown = rows.length > 0 && !this.#isHidden;
    this.#part("keyboard").hidden = !isShown;
    this.#part("keyboard").replaceChildren(...rows);
    this.#part("keys").ariaExpanded = String(isShown);
  }

  #toggleKeyboard() {
    this.#isHidden = !this.#isHidden;
    this.#drawKeyboard();
  }

  #listen() {
    this.#part("write").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    this.#input.addEventListener("input", () => this.commands.offer(this.#input.value));
    this.#part("about-close").addEventListener("click", () => this.#cancel());
    this.#part("keys").addEventListener("click", () => this.#toggleKeyboard());
    this.#part("file").addEventListener("change", ({ target }) => {
      const [file] = target.files;
      if (file) this.#hands.attach(file);
      target.value = "";
    });
    this.#part("attach").addEventListener("click", () => this.#part("file").click());
  }

  #onKey(event) {
    if (event.isComposing) return;
    if (this.commands.takes(event)) { event.preventDefault(); event.stopPropagation(); return; }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#part("write").requestSubmit();
    } else if (event.key === "Escape" && this.#about) {
      event.stopPropagation();
      this.#cancel();
    } else if (event.key === "ArrowUp" && this.#input.value === "") {
      const own = this.#hands.last();
      if (own) { event.preventDefault(); this.correct(own); }
    }
  }

  #cancel() {
    if (this.#about?.kind === "edit") this.#input.value = "";
    this.#forget();
    this.#input.focus();
  }

  #send() {
    const text = this.#input.value.trim();
    if (!text) return;
    const about = this.#about;
    this.#input.value = "";
    this.commands.close();
    this.#forget();
    if (about?.kind === "edit") this.#hands.correct(about.view.message_id, text);
    else this.#hands.say(text, { replyTo: about?.view.message_id });
  }
}
