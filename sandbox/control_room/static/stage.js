// The chat in its frame, and over it the payment page, as Telegram's own browser would show it.

import { currentLanguage, word } from "./words.js";

export class Stage {
  #chat = document.getElementById("chat");
  #sheet = document.getElementById("sheet");
  #page = document.getElementById("page");
  #out = document.getElementById("sheet-out");
  #close = document.getElementById("sheet-close");
  #places = null; #shown = null;

  constructor() {
    this.#close.addEventListener("click", () => this.closePage());
    this.#sheet.addEventListener("keydown", (event) => { if (event.key === "Escape") this.closePage(); });
    addEventListener("message", (event) => this.#hear(event));
  }

  // Opens the chat as the customer who waits for a visitor of this language.
  show({ places, guests }, language) {
    this.#places = places;
    const guest = guests.find((each) => each.language === language) ?? guests[0];
    if (this.#shown === guest.user_id) return;
    this.#shown = guest.user_id;
    this.#chat.src = `${places.chat}?embed&user=${guest.user_id}&lang=${language}`;
    this.#close.ariaLabel = word("close");
  }

  showPane(kind) {
    this.#chat.contentWindow.postMessage({ type: "wgshop:show", kind }, this.#chatOrigin);
    this.#chat.focus();
  }

  get #chatOrigin() { return new URL(this.#places.chat).origin; }

  #hear({ origin, data, source }) {
    if (data?.type === "wgshop:back" && origin === location.origin) this.closePage();
    const isOurs = source === this.#chat.contentWindow && origin === this.#chatOrigin;
    if (isOurs && data?.type === "wgshop:open") this.#open(data.url);
  }

  // Only the payment page opens inside; it is the one that leads back here.
  #open(url) {
    if (new URL(url).origin !== new URL(this.#places.payment_page).origin) {
      window.open(url, "_blank", "noopener");
      return;
    }
    this.#page.src = `${url}${url.includes("?") ? "&" : "?"}lang=${currentLanguage()}`;
    this.#out.href = url;
    this.#sheet.hidden = false;
    this.#page.focus();
  }

  closePage() {
    if (this.#sheet.hidden) return;
    this.#sheet.hidden = true;
    this.#page.src = "about:blank";
    this.#chat.focus();
  }
}
