// One message as a bubble.

import { fileAddress } from "./api.js";
import { formatted } from "./entities.js";
import { word } from "./words.js";

export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

const time = (seconds) =>
  new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export function money({ total_amount: amount, currency }) {
  return currency === "XTR" ? `${amount} ⭐` : `${(amount / 100).toFixed(2)} ${currency}`;
}

function serviceText(message) {
  if (message.successful_payment) return `${word("paid")}: ${money(message.successful_payment)}`;
  if (message.refunded_payment) return `${word("refunded")}: ${money(message.refunded_payment)}`;
  if (message.pinned_message) return `${message.from.first_name} ${word("pinned")}`;
  if (message.forum_topic_created) return `${word("topic")}: ${message.forum_topic_created.name}`;
  if (message.forum_topic_edited) return `${word("topic")}: ${message.forum_topic_edited.name}`;
  if (message.forum_topic_closed) return word("closed");
  if (message.forum_topic_reopened) return word("reopened");
  return null;
}

function size(bytes) {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`;
}

function picture(message) {
  const photo = message.photo.at(-1);
  const image = element("img", "bubble__photo");
  image.src = fileAddress(photo.file_id);
  image.alt = message.caption ?? "";
  image.width = photo.width;
  image.height = photo.height;
  const link = element("a", "", image);
  link.href = image.src;
  link.target = "_blank";
  return link;
}

function file(message) {
  const { file_id: id, file_name: name, file_size: bytes } = message.document;
  const words = element("span", "", element("b", "", name), element("small", "", size(bytes)));
  const link = element("a", "bubble__file", element("span", "bubble__icon", "↓"), words);
  link.href = fileAddress(id);
  link.download = name;
  return link;
}

function* content(message) {
  const origin = message.forward_origin?.sender_user;
  if (origin) yield element("small", "bubble__from", `${word("forwarded")} ${origin.first_name}`);
  // Every message of a topic answers the one that opened it; that is not worth showing.
  const answered = message.reply_to_message?.forum_topic_created ? null : message.reply_to_message;
  if (answered) yield element("div", "bubble__reply", answered.text ?? answered.caption ?? "…");
  if (message.photo) yield picture(message);
  if (message.document) yield file(message);
  if (message.invoice) {
    const { title, description } = message.invoice;
    yield element("div", "bubble__invoice", element("b", "", title), element("p", "", description),
      element("b", "", money(message.invoice)));
  }
  const text = message.text ?? message.caption;
  if (text) {
    const entities = message.entities ?? message.caption_entities;
    yield element("div", "bubble__text", formatted(text, entities));
  }
}

function buttonNode(view, button, hands) {
  if (button.url) {
    const link = element("a", "button button--url", button.text);
    link.href = button.url;
    link.target = "_blank";
    link.rel = "noopener";
    return link;
  }
  const node = element("button", `button ${button.style ? `button--${button.style}` : ""}`, button.text);
  node.type = "button";
  const isBusy = hands.isBusy(view, button);
  node.classList.toggle("button--busy", isBusy);
  node.ariaBusy = String(isBusy);
  node.addEventListener("click", () => hands.press(view, button));
  return node;
}

function keyboard(view, message, hands) {
  const rows = message.reply_markup?.inline_keyboard ?? [];
  return element("div", "bubble__keyboard", ...rows.map((row) =>
    element("div", "bubble__row", ...row.map((button) => buttonNode(view, button, hands)))));
}

export function bubble(view, ownId, hands) {
  const { message } = view.revisions.at(-1);
  const service = serviceText(message);
  if (service !== null) return element("div", "service", service);
  const isOwn = message.from?.id === ownId;
  const node = element("article", isOwn ? "bubble bubble--own" : "bubble");
  const body = element("div", "bubble__body", ...content(message));
  if (!isOwn && message.chat.type !== "private") {
    body.prepend(element("b", "bubble__author", message.from.first_name));
  }
  const edited = message.edit_date && view.revisions.length > 1 ? `${word("edited")} ` : "";
  body.append(element("small", "bubble__time", edited + time(message.date)));
  const reactions = view.reactions.map((each) => each.emoji).join("");
  if (reactions) body.append(element("span", "bubble__reactions", reactions));
  node.append(body, keyboard(view, message, hands));
  return node;
}
