// Links that stay inside Telegram: to a bot with a start parameter, and to an invoice.

const HOSTS = new Set(["t.me", "telegram.me", "www.t.me"]);

function startOf(url, username) {
  const isApp = url.protocol === "tg:" && url.host === "resolve";
  const name = isApp ? url.searchParams.get("domain") : url.pathname.slice(1);
  if (name?.toLowerCase() !== username.toLowerCase()) return null;
  return { kind: "start", payload: url.searchParams.get("start") ?? "" };
}

// What a link means here, or null where it leads out.
export function insideLink(href, username) {
  let url;
  try { url = new URL(href, location.href); } catch { return null; }
  if (url.origin === location.origin && url.pathname === "/chat" && url.searchParams.has("start")) {
    return { kind: "start", payload: url.searchParams.get("start") };
  }
  if (url.protocol === "tg:") return startOf(url, username);
  if (!HOSTS.has(url.host)) return null;
  const invoice = /^\/(?:\$|invoice\/)([\w-]+)$/.exec(url.pathname);
  return invoice ? { kind: "invoice", slug: invoice[1] } : startOf(url, username);
}
