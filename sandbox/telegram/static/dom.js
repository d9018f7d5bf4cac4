// Making nodes.

import { word } from "./words.js";

export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const node = document.createElementNS(SVG, "svg");
  node.classList.add("icon");
  node.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/static/icons.svg#${name}`);
  node.append(use);
  return node;
}

export function button(className, onClick, ...children) {
  const node = element("button", className, ...children);
  node.type = "button";
  node.addEventListener("click", onClick);
  return node;
}

export function iconButton(name, label, onClick) {
  const node = button("icon-button", onClick, icon(name));
  node.title = word(label);
  node.ariaLabel = node.title;
  return node;
}

// Something that is no button by nature but can be pressed, also with the keyboard.
export function pressable(node, label, onPress) {
  node.tabIndex = 0;
  node.role = "button";
  node.title = label;
  const press = (event) => { event.preventDefault(); event.stopPropagation(); onPress(node); };
  node.addEventListener("click", press);
  node.addEventListener("keydown", (event) => {
    if (event.target === node && (event.key === "Enter" || event.key === " ")) press(event);
  });
  return node;
}

// One of seven colours; neighbours among ids get different ones.
export const hue = (id) => String((Math.imul(id | 0, 0x9e3779b1) >>> 8) % 7);

export function avatar(id, name) {
  const node = element("span", "avatar", [...name.trim()][0]?.toUpperCase() ?? "?");
  node.dataset.hue = hue(id);
  node.ariaHidden = "true";
  return node;
}
