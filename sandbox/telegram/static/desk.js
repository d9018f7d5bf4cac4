// Which chats are on the screen: columns side by side, on a phone one at a time.

import * as api from "./api.js";
import { Pane } from "./pane.js";
import { word } from "./words.js";

const isPhone = () => matchMedia("(max-width: 760px)").matches;
const isPrivate = ({ chat }) => chat.type === "private";

export class Desk {
  #place; #list; #panes = []; #latest = null; #onChange;

  // list gives chats by id; onChange() hears that other chats are open now.
  constructor(place, bot, answers, list, onChange) {
    this.#place = place;
    this.bot = bot;
    this.answers = answers;
    this.#list = list;
    this.#onChange = onChange;
  }

  get panes() { return this.#panes; }
  pane(chatId) { return this.#panes.find((pane) => pane.chatId === chatId); }
  get customers() { return this.#panes.filter((pane) => pane.isPrivate).map((pane) => pane.chatId); }

  // Opens a chat in place of the latest of its kind, or beside it.
  async open(chatId, { payload, beside = false, show = true } = {}) {
    const chat = this.#list.get(chatId);
    if (!chat) return;
    const pane = this.pane(chatId) ?? (beside ? null : this.#latestLike(chat)) ?? this.#add(chat);
    if (pane.isPrivate ?? true) this.#latest = pane;
    await pane.show(chat, payload);
    this.#list.read(chatId);
    this.#arrange();
    if (show) this.#show(pane);
    this.#onChange();
  }

  #latestLike(chat) {
    const alike = this.#panes.filter((pane) => pane.isPrivate === isPrivate(chat));
    return alike.includes(this.#latest) ? this.#latest : alike.at(-1);
  }

  #add(chat) {
    const root = document.createElement("section");
    root.className = "pane";
    const pane = new Pane(root, this);
    this.#panes.push(pane);
    this.#place.append(root);
    root.addEventListener("focusin", () => { this.#latest = pane; });
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) this.back();
    });
    root.dataset.kind = isPrivate(chat) ? "customer" : "group";
    return pane;
  }

  // Customers first, groups last; whoever came later stands further right.
  #arrange() {
    this.#panes.sort((one, other) => Number(other.isPrivate) - Number(one.isPrivate));
    for (const [at, { root }] of this.#panes.entries()) {
      root.style.order = at;
      root.querySelector(".pane__close").hidden = this.#panes.length < 2;
    }
    document.body.classList.toggle("has-customers", this.customers.length > 0);
  }

  #show(pane) {
    for (const each of this.#panes) each.root.classList.toggle("pane--shown", each === pane);
    if (document.body.dataset.screen !== "pane" && isPhone()) history.pushState({ screen: "pane" }, "");
    document.body.dataset.screen = "pane";
    pane.root.scrollIntoView({ inline: "nearest", block: "nearest" });
    pane.focus();
  }

  // On a phone: to the list. The browser's own way back leads there too.
  back() {
    if (!isPhone()) return;
    if (history.state?.screen === "pane") history.back();
    else this.showList();
  }

  showList() {
    document.body.dataset.screen = "list";
    this.#onChange();
  }

  close(pane) {
    this.#panes = this.#panes.filter((each) => each !== pane);
    pane.root.remove();
    if (this.#latest === pane) this.#latest = null;
    this.#arrange();
    const next = this.#panes[0];
    next?.root.classList.add("pane--shown");
    if (!next) document.body.dataset.screen = "list";
    this.#onChange();
  }

  // Goes where a link inside Telegram leads, as the person of this pane or the latest customer.
  async follow(link, pane) {
    if (!link) return;
    const customer = pane.isPrivate ? pane : this.#latestCustomer();
    if (!customer) { pane.toast(word("noCustomer")); return; }
    if (link.kind === "start") { await this.open(customer.chatId, { payload: link.payload }); return; }
    const bill = await api.invoiceBehind(link.slug);
    customer.pay(bill, () => api.payBehind(link.slug, customer.chatId));
  }

  #latestCustomer() {
    return this.#latest?.isPrivate ? this.#latest : this.#panes.find((pane) => pane.isPrivate);
  }
}
