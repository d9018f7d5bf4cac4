// Text with entities into nodes. Offsets are UTF-16 code units, as are JavaScript's strings.

const TAGS = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote", spoiler: "span",
};

function link(href) {
  const node = document.createElement("a");
  if (/^(https?|mailto|tg):/.test(href)) node.href = href;
  node.target = "_blank";
  node.rel = "noopener";
  return node;
}

function wrapper(entity, text) {
  if (entity.type === "text_link") return link(entity.url);
  if (entity.type === "url") return link(text);
  if (entity.type === "email") return link(`mailto:${text}`);
  const node = document.createElement(TAGS[entity.type] ?? "span");
  node.className = `entity entity--${entity.type}`;
  if (entity.type === "spoiler") node.addEventListener("click", () => node.classList.add("open"));
  return node;
}

function fill(parent, text, entities, from, to) {
  let at = from;
  for (let i = 0; i < entities.length; i += 1) {
    const entity = entities[i];
    const end = Math.min(entity.offset + entity.length, to);
    if (entity.offset < at || end <= at) continue;
    parent.append(text.slice(at, entity.offset));
    const inner = entities.slice(i + 1).filter((other) => other.offset < end);
    const node = wrapper(entity, text.slice(entity.offset, end));
    fill(node, text, inner, entity.offset, end);
    parent.append(node);
    at = end;
  }
  parent.append(text.slice(at, to));
}

export function formatted(text, entities) {
  const fragment = document.createDocumentFragment();
  fill(fragment, text, entities ?? [], 0, text.length);
  return fragment;
}
