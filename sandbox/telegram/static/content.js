// What a bubble holds: a photo, a file, an invoice; and the words of service messages.

import { fileAddress } from "./api.js";
import { element, icon } from "./dom.js";
import { clock, fileSize, money } from "./time.js";
import { word } from "./words.js";

export function preview(message) {
  const words = message.text ?? message.caption;
  if (message.photo) return `🖼 ${words ?? word("photo")}`;
  if (message.document) return `📎 ${message.document.file_name}`;
  if (message.invoice) return `🧾 ${message.invoice.title}`;
  return words ?? serviceText(message) ?? "…";
}

const SERVICE = {
  pinned_message: (message) => word("pinned",
    { name: message.from.first_name, text: preview(message.pinned_message).slice(0, 40) }),
  forum_topic_created: ({ forum_topic_created: topic }) => word("topicCreated", topic),
  forum_topic_edited: ({ forum_topic_edited: topic }) => word("topicEdited", { name: topic.name ?? "…" }),
  forum_topic_closed: () => word("topicClosed"),
  forum_topic_reopened: () => word("topicReopened"),
  successful_payment: (message, shop) =>
    word("paid", { amount: money(message.successful_payment), name: shop }),
  refunded_payment: (message, shop) =>
    word("refunded", { amount: money(message.refunded_payment), name: shop }),
};

export function serviceText(message, shop = "") {
  const kind = Object.keys(SERVICE).find((each) => message[each] != null);
  return kind ? SERVICE[kind](message, shop) : null;
}

export function photo(message, hands) {
  const size = message.photo.at(-1);
  const image = element("img");
  image.src = fileAddress(size.file_id);
  image.alt = message.caption ?? word("photo");
  image.width = size.width;
  image.height = size.height;
  const node = element("button", "bubble__photo", image);
  node.type = "button";
  node.title = word("openPhoto");
  node.ariaLabel = `${node.title}: ${image.alt}`;
  node.addEventListener("click", () => hands.look(image));
  return node;
}

export function file({ document: { file_id: id, file_name: name, file_size: bytes } }) {
  const ending = /\.(\w{1,5})$/.exec(name)?.[1] ?? "";
  const words = element("span", "file__words",
    element("b", "file__name", name), element("small", "file__size", fileSize(bytes)));
  const sheet = element("span", "file__icon", element("span", "file__ending", ending), icon("download"));
  const link = element("a", "file", sheet, words);
  link.href = fileAddress(id);
  link.download = name;
  link.ariaLabel = `${word("download", { name })}, ${fileSize(bytes)}`;
  return link;
}

export function invoice({ invoice: bill }) {
  return element("div", "bubble__invoice",
    element("b", "bubble__invoice-title", bill.title),
    element("p", "", bill.description),
    element("span", "bubble__price", money(bill)));
}

export function quotation(answered, hands) {
  const node = element("button", "bubble__reply",
    element("b", "", answered.from?.first_name ?? ""), element("span", "", preview(answered)));
  node.type = "button";
  node.addEventListener("click", () => hands.goTo(answered.message_id));
  return node;
}

const TICKS = { sent: "tick", seen: "ticks" };

// The time under a message; an own one also tells whether the bot has seen it.
export function moment(message, { isEdited, state }) {
  const node = element("span", "bubble__moment");
  if (isEdited) node.append(element("span", "bubble__edited", word("edited")), " ");
  const time = element("time", "", clock(message.date));
  time.dateTime = new Date(message.date * 1000).toISOString();
  node.append(time);
  if (state) {
    const tick = icon(TICKS[state]);
    tick.classList.add("bubble__ticks");
    const ear = element("span", "unseen", ` ${word(state)}`);
    node.append(tick, ear);
  }
  return node;
}
