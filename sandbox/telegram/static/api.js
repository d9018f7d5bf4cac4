// The sandbox's HTTP API, as far as the page needs it.

async function ask(method, path, body) {
  const isForm = body instanceof FormData;
  const answer = await fetch(path, {
    method,
    headers: body === undefined || isForm ? {} : { "Content-Type": "application/json" },
    body: body === undefined || isForm ? body : JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.description ?? JSON.stringify(said.detail));
  return said;
}

export const fileAddress = (fileId) => `/control/files/${encodeURIComponent(fileId)}`;
export const theBot = () => ask("GET", "/control/bot");
export const allChats = () => ask("GET", "/control/chats");
export const oneChat = (chat) => ask("GET", `/control/chats/${chat}`);
export const messagesAfter = (chat, version) =>
  ask("GET", `/control/chats/${chat}/messages?after=${version}`);
export const introduce = (person) => ask("POST", "/control/people", person);
export const start = (userId, payload) =>
  ask("POST", "/control/start", { user_id: userId, payload });
export const setBlocked = (userId, blocked) =>
  ask("POST", `/control/people/${userId}/${blocked ? "block" : "unblock"}`);

export const write = (chat, { userId, text, threadId, replyTo }) =>
  ask("POST", `/control/chats/${chat}/messages`,
    { user_id: userId, text, thread_id: threadId, reply_to: replyTo });

export const correct = (chat, messageId, text) =>
  ask("PUT", `/control/chats/${chat}/messages/${messageId}`, { text });

export const press = (chat, messageId, userId, data) =>
  ask("POST", `/ui/chats/${chat}/messages/${messageId}/press`, { user_id: userId, data });

export const pay = (chat, messageId, userId) =>
  ask("POST", `/control/chats/${chat}/messages/${messageId}/pay`, { user_id: userId });

export const invoiceBehind = (slug) => ask("GET", `/ui/invoices/${encodeURIComponent(slug)}`);
export const payBehind = (slug, userId) =>
  ask("POST", `/control/invoices/${encodeURIComponent(slug)}/pay`, { user_id: userId });

export function sendFile(chat, userId, file, threadId) {
  const form = new FormData();
  form.append("file", file);
  form.append("user_id", userId);
  form.append("as_photo", /^image\/(png|jpeg)$/.test(file.type));
  if (threadId) form.append("thread_id", threadId);
  return ask("POST", `/control/chats/${chat}/files`, form);
}
