// The tabs: beside the chat on a desktop, below it on a phone, where the chat is one of them.

export class Tabs {
  #tabs; #list;

  constructor(list) {
    this.#list = list;
    this.#tabs = [...list.querySelectorAll("[role=tab]")];
    for (const tab of this.#tabs) tab.addEventListener("click", () => this.show(tab.dataset.tab));
    list.addEventListener("keydown", (event) => this.#move(event));
    // A window that grows past a phone has the chat beside, and no tab for it.
    matchMedia("(min-width: 901px)").addEventListener("change", ({ matches }) => {
      if (matches && document.body.dataset.tab === "chat") this.show("tour");
    });
    this.show("tour");
  }

  show(name) {
    document.body.dataset.tab = name;
    for (const tab of this.#tabs) {
      const isShown = tab.dataset.tab === name;
      tab.ariaSelected = String(isShown);
      tab.tabIndex = isShown ? 0 : -1;
    }
  }

  label(name, text, badge) {
    const tab = this.#tabs.find((each) => each.dataset.tab === name);
    const count = badge ? Object.assign(document.createElement("small"), { textContent: badge }) : "";
    tab.replaceChildren(text, count);
  }

  #move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const visible = this.#tabs.filter((tab) => tab.offsetParent !== null);
    const ends = { Home: visible[0], End: visible.at(-1) };
    const at = visible.indexOf(document.activeElement);
    const next = ends[event.key] ?? (step && visible[(at + step + visible.length) % visible.length]);
    if (!next) return;
    event.preventDefault();
    this.show(next.dataset.tab);
    next.focus();
  }
}
