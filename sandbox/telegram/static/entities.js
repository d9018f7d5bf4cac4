// Text with entities into nodes. Offsets are UTF-16 code units, as are JavaScript's strings.

import { button, element, icon, pressable } from "./dom.js";
import { word } from "./words.js";

const TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s" };
const SAFE = /^(https?|mailto|tg|tel):/;

function link(href) {
  const node = element("a", "entity-link");
  if (SAFE.test(href)) node.href = href;
  node.target = "_blank";
  node.rel = "noopener";
  return node;
}

function spoiler() {
  const node = pressable(element("span", "entity-spoiler"), word("spoiler"), () => {
    node.classList.add("entity-spoiler--open");
    for (const name of ["role", "tabindex", "title"]) node.removeAttribute(name);
  });
  return node;
}

function block(entity, text, hands) {
  const copy = button("entity-pre__copy", () => hands.copy(text), icon("copy"));
  copy.ariaLabel = word("copyCode");
  copy.title = copy.ariaLabel;
  const head = element("span", "entity-pre__head", element("span", "", entity.language ?? ""), copy);
  return element("pre", "entity-pre", head);
}

function quote(entity) {
  const node = element("blockquote", "entity-quote");
  if (entity.type === "blockquote") return node;
  node.classList.add("entity-quote--folded");
  pressable(node, word("showMore"), () => {
    const isFolded = node.classList.toggle("entity-quote--folded");
    node.title = word(isFolded ? "showMore" : "showLess");
  });
  return node;
}

const MAKERS = {
  text_link: ({ url }) => link(url),
  url: (_, text) => link(/^\w+:/.test(text) ? text : `https://${text}`),
  email: (_, text) => link(`mailto:${text}`),
  phone_number: (_, text) => link(`tel:${text.replace(/[^+\d]/g, "")}`),
  mention: (_, text) => link(`https://t.me/${text.slice(1)}`),
  code: (_, text, hands) =>
    pressable(element("code", "entity-code"), word("copyCode"), () => hands.copy(text)),
  pre: block,
  spoiler,
  blockquote: quote,
  expandable_blockquote: quote,
  bot_command: (_, text, hands) =>
    pressable(element("span", "entity-link"), text, () => hands.say(text)),
  hashtag: () => element("span", "entity-link"),
  cashtag: () => element("span", "entity-link"),
  text_mention: () => element("span", "entity-link"),
};

function wrapper(entity, text, hands) {
  const make = MAKERS[entity.type];
  return make ? make(entity, text, hands) : element(TAGS[entity.type] ?? "span");
}

function fill(parent, text, entities, from, to, hands) {
  let at = from;
  for (let i = 0; i < entities.length; i += 1) {
    const entity = entities[i];
    const end = Math.min(entity.offset + entity.length, to);
    if (entity.offset < at || end <= at) continue;
    parent.append(text.slice(at, entity.offset));
    const inner = entities.slice(i + 1).filter((other) => other.offset < end);
    const node = wrapper(entity, text.slice(entity.offset, end), hands);
    fill(node, text, inner, entity.offset, end, hands);
    parent.append(node);
    at = end;
  }
  parent.append(text.slice(at, to));
}

// hands: say(text) sends, copy(text) puts on the clipboard.
export function formatted(text, entities, hands) {
  const fragment = document.createDocumentFragment();
  fill(fragment, text, entities ?? [], 0, text.length, hands);
  return fragment;
}
