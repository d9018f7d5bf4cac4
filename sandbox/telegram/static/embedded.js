// Inside another page, with ?embed: links that lead out are that page's to open, and it may ask for a chat.
//   to the parent:    { type: "wgshop:open", url }
//   from the parent:  { type: "wgshop:show", kind: "customer" | "group" }

const isPlain = (event) => !(event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey);

export function joinParent(show) {
  if (parent === window) return;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href][target=_blank]");
    if (!link || !isPlain(event)) return;
    event.preventDefault();
    parent.postMessage({ type: "wgshop:open", url: link.href }, "*");
  });
  addEventListener("message", ({ source, data }) => {
    if (source === parent && data?.type === "wgshop:show") show(data.kind);
  });
}
