// Making nodes, and drawing anew without taking the focus away.

export function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// The key is what the focus is found by after the next drawing.
export function button(className, key, onClick, ...children) {
  const node = element("button", className, ...children);
  node.type = "button";
  node.dataset.key = key;
  node.addEventListener("click", onClick);
  return node;
}

export function outwards(href, key, ...children) {
  const node = element("a", "out", ...children);
  node.href = href;
  node.target = "_blank";
  node.rel = "noopener";
  node.dataset.key = key;
  return node;
}

export function redraw(root, ...nodes) {
  const { key } = root.contains(document.activeElement) ? document.activeElement.dataset : {};
  const top = root.scrollTop;
  root.replaceChildren(...nodes.filter((node) => node !== null));
  root.scrollTop = top;
  if (key) root.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

// Draws only when what it shows is another.
export function drawnFrom(choose, draw) {
  let drawn = null;
  return (state, language) => {
    const seen = JSON.stringify([choose(state), language]);
    if (seen === drawn) return;
    drawn = seen;
    draw(state);
  };
}
