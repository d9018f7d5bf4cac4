// The bot's commands: behind the menu button, and offered while one is being typed.

import { element } from "./dom.js";
import { word } from "./words.js";

export class Commands {
  #list; #menu; #input; #say; #all = []; #chosen = -1;

  constructor(list, menu, input, say) {
    this.#list = list;
    this.#menu = menu;
    this.#input = input;
    this.#say = say;
    menu.addEventListener("click", () => this.#toggle());
    list.addEventListener("keydown", (event) => this.#walk(event));
  }

  get isOpen() { return !this.#list.hidden; }

  // In groups Telegram offers them only while one is being typed.
  set(commands, hasMenu) {
    this.#all = commands;
    this.#menu.hidden = commands.length === 0 || !hasMenu;
    if (commands.length === 0) this.close();
  }

  close() {
    this.#list.hidden = true;
    this.#menu.ariaExpanded = "false";
    this.#chosen = -1;
  }

  #toggle() {
    if (this.isOpen) { this.close(); return; }
    this.#show(this.#all);
    this.#list.querySelector("button")?.focus();
  }

  #show(commands) {
    this.#list.ariaLabel = word("commands");
    this.#list.replaceChildren(...commands.map((each) => this.#entry(each)));
    this.#list.hidden = commands.length === 0;
    this.#menu.ariaExpanded = String(this.isOpen);
    this.#chosen = -1;
  }

  #entry({ command, description }) {
    const node = element("button", "command",
      element("b", "command__name", `/${command}`), element("span", "command__words", description));
    node.type = "button";
    node.addEventListener("click", () => this.#choose(`/${command}`));
    return node;
  }

  #choose(text) {
    this.close();
    this.#input.value = "";
    this.#input.focus();
    this.#say(text);
  }

  // What was typed so far, if it begins a command, narrows the list.
  offer(text) {
    const begun = /^\/(\w*)$/.exec(text)?.[1];
    if (begun === undefined) { if (this.isOpen) this.close(); return; }
    this.#show(this.#all.filter(({ command }) => command.startsWith(begun.toLowerCase())));
  }

  // A key in the input field while the list is open; whether it was meant for the list.
  takes(event) {
    if (!this.isOpen) return false;
    if (event.key === "Escape") { this.close(); return true; }
    const entries = [...this.#list.children];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.#chosen = (this.#chosen + step + entries.length) % entries.length;
      entries.forEach((node, at) => node.classList.toggle("command--chosen", at === this.#chosen));
      entries[this.#chosen].scrollIntoView({ block: "nearest" });
      return true;
    }
    if (event.key === "Enter" && this.#chosen >= 0) { entries[this.#chosen].click(); return true; }
    return false;
  }

  #walk(event) {
    if (event.key === "Escape") { this.close(); this.#menu.focus(); event.stopPropagation(); return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const entries = [...this.#list.children];
    const at = entries.indexOf(document.activeElement);
    entries[(at + step + entries.length) % entries.length].focus();
  }
}
