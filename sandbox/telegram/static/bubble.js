// One message as a bubble.

import { file, invoice, moment, photo, quotation, serviceText } from "./content.js";
import { element, hue, iconButton } from "./dom.js";
import { formatted } from "./entities.js";
import { inlineKeyboard } from "./keyboard.js";
import { word } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const words = (message) => message.text ?? message.caption ?? "";

export const current = (view) => view.revisions.at(-1).message;

// Telegram's clients do not call a message edited whose buttons alone were changed.
function isEdited(view) {
  const first = view.revisions[0].message;
  return current(view).edit_date != null
    && view.revisions.some(({ message }) => words(message) !== words(first));
}

function tail() {
  const node = document.createElementNS(SVG, "svg");
  node.setAttribute("class", "bubble__tail");
  node.setAttribute("viewBox", "0 0 9 18");
  node.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", "M9 0c-.3 6-3.200 11-7.900 14.600-1.300 1-.700 3.400 1 3.400H9Z");
  node.append(path);
  return node;
}

function* above(message, seen, hands) {
  const { isOwn } = seen;
  if (!isOwn && message.chat.type !== "private") {
    const author = element("b", "bubble__author", message.from.first_name);
    author.dataset.hue = hue(message.from.id);
    yield author;
  }
  const origin = message.forward_origin?.sender_user;
  if (origin) yield element("span", "bubble__origin", word("forwarded", { name: origin.first_name }));
  // Every message of a topic answers the one that opened it; that is not worth showing.
  const answered = message.reply_to_message;
  if (answered && !answered.forum_topic_created) yield quotation(answered, hands);
}

function* media(message, hands) {
  if (message.photo) yield photo(message, hands);
  if (message.document) yield file(message);
  if (message.invoice) yield invoice(message);
}

function body(view, message, seen, hands) {
  const node = element("div", "bubble__body", ...above(message, seen, hands), ...media(message, hands));
  const end = moment(message, { isEdited: isEdited(view), state: seen.state });
  const text = words(message);
  if (text) {
    const entities = message.entities ?? message.caption_entities;
    node.append(element("div", "bubble__text", formatted(text, entities, hands), end));
  } else {
    node.append(end);
  }
  if (view.reactions.length > 0) {
    node.append(element("span", "bubble__reactions", view.reactions.map((each) => each.emoji).join("")));
  }
  node.append(tail());
  return node;
}

function tools(view, message, seen, hands) {
  const node = element("div", "bubble__tools", iconButton("reply", "reply", () => hands.replyTo(view)));
  if (seen.isOwn && message.text) {
    node.append(iconButton("edit", "edit", () => hands.correct(view)));
  }
  return node;
}

// seen: isOwn, state (of an own message), shop (the bot's name).
export function bubble(view, seen, hands) {
  const message = current(view);
  const service = serviceText(message, seen.shop);
  if (service !== null) return element("p", "pill service", service);
  const node = element("article", "bubble");
  node.classList.toggle("bubble--own", seen.isOwn);
  node.classList.toggle("bubble--bare", Boolean(message.photo) && !words(message));
  node.classList.toggle("bubble--media", Boolean(message.photo));
  const line = element("div", "bubble__line", body(view, message, seen, hands), tools(view, message, seen, hands));
  const keyboard = inlineKeyboard(view, message, hands);
  node.classList.toggle("bubble--keys", keyboard !== null);
  node.append(line);
  if (keyboard) node.append(keyboard);
  node.dataset.sender = message.from?.id ?? "";
  return node;
}
