// Buttons: those under a message, and those in place of the customer's keyboard.

import { button, element, icon } from "./dom.js";
import { money } from "./time.js";
import { word } from "./words.js";

const MARKS = [["url", "link"], ["copy_text", "copy"], ["web_app", "app"], ["pay", "card"]];

export const buttonKey = (view, { callback_data: data }) => `${view.message_id} ${data}`;

function dressed(node, key) {
  if (key.style) node.classList.add(`key--${key.style}`);
  const mark = MARKS.find(([action]) => key[action] != null)?.[1];
  if (mark) node.append(icon(mark));
  return node;
}

function inlineButton(view, key, hands) {
  const words = element("span", "key__words", key.text);
  if (key.url) {
    const link = element("a", "key", words);
    link.href = key.url;
    link.target = "_blank";
    link.rel = "noopener";
    return dressed(link, key);
  }
  const node = button("key", () => hands.press(view, key), words);
  setBusy(node, hands.isBusy(view, key));
  node.dataset.key = key.callback_data ?? "";
  return dressed(node, key);
}

export function setBusy(node, isBusy) {
  node.classList.toggle("key--busy", isBusy);
  node.ariaBusy = String(isBusy);
}

// An invoice without buttons of its own gets one to pay.
function rowsOf({ reply_markup: markup, invoice }) {
  if (markup) return markup.inline_keyboard;
  return invoice ? [[{ text: word("payAmount", { amount: money(invoice) }), pay: true }]] : [];
}

export function inlineKeyboard(view, message, hands) {
  const rows = rowsOf(message);
  if (rows.length === 0) return null;
  return element("div", "keyboard", ...rows.map((row) =>
    element("div", "keyboard__row", ...row.map((key) => inlineButton(view, key, hands)))));
}

export function replyKeyboard(markup, say) {
  return (markup?.keyboard ?? []).map((row) =>
    element("div", "keyboard__row", ...row.map((key) =>
      dressed(button("key key--reply", () => say(key.text), element("span", "key__words", key.text)), key))));
}
