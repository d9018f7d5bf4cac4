// The control room's HTTP API, as far as the page needs it.

async function ask(method, path, body) {
  const answer = await fetch(`/control${path}`, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.description ?? JSON.stringify(said.detail));
  return said;
}

export const fileAddress = (fileId) => `/control/files/${fileId}`;
export const theBot = () => ask("GET", "/bot");
export const allChats = () => ask("GET", "/chats");
export const oneChat = (chat) => ask("GET", `/chats/${chat}`);
export const messagesAfter = (chat, version) => ask("GET", `/chats/${chat}/messages?after=${version}`);
export const introduce = (person) => ask("POST", "/people", person);
export const start = (userId, payload) => ask("POST", "/start", { user_id: userId, payload });
export const setBlocked = (userId, blocked) =>
  ask("POST", `/people/${userId}/${blocked ? "block" : "unblock"}`);

export const write = (chat, userId, text, threadId) =>
  ask("POST", `/chats/${chat}/messages`, { user_id: userId, text, thread_id: threadId });

export const press = (chat, messageId, userId, data) =>
  ask("POST", `/chats/${chat}/messages/${messageId}/press`, { user_id: userId, data });

export const pay = (chat, messageId, userId) =>
  ask("POST", `/chats/${chat}/messages/${messageId}/pay`, { user_id: userId });

export async function sendFile(chat, userId, file, threadId) {
  const form = new FormData();
  form.append("file", file);
  form.append("user_id", userId);
  form.append("as_photo", /^image\/(png|jpeg)$/.test(file.type));
  if (threadId) form.append("thread_id", threadId);
  const answer = await fetch(`/control/chats/${chat}/files`, { method: "POST", body: form });
  if (!answer.ok) throw new Error((await answer.json()).description);
}
