// What opens over everything: the bot's alert, and a picture seen large.

import { element } from "./dom.js";
import { word } from "./words.js";

const byId = (id) => document.getElementById(id);

// A press beside a dialog closes it, as in Telegram.
function closeFromBeside(dialog) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && dialog.dataset.phase !== "waiting") dialog.close();
  });
}

for (const dialog of document.querySelectorAll("dialog")) closeFromBeside(dialog);
byId("look-close").addEventListener("click", () => byId("look").close());

export function showAlert(title, text) {
  byId("alert-title").textContent = title;
  byId("alert-text").textContent = text;
  byId("alert").showModal();
}

export function lookAt(image) {
  const large = element("img");
  large.src = image.src;
  large.alt = image.alt;
  byId("look-picture").replaceChildren(large);
  byId("look").ariaLabel = image.alt;
  byId("look-close").title = word("close");
  byId("look-close").ariaLabel = word("close");
  byId("look").showModal();
}
