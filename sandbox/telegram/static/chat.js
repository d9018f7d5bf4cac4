// The page: the list of chats, a customer's pane, the staff's pane, and the stream of changes.

import * as api from "./api.js";
import { element } from "./bubble.js";
import { Pane } from "./pane.js";
import { currentLanguage, putWords, switchLanguage, word } from "./words.js";

const customer = document.getElementById("customer");
const staff = document.getElementById("staff");
const list = document.getElementById("chats");
const wanted = new URLSearchParams(location.search);

const bot = await api.theBot();
const panes = { customer: new Pane(customer, bot), staff: new Pane(staff, bot) };
let chats = [];

function paneOf(chat) { return chat.chat.type === "private" ? panes.customer : panes.staff; }

async function open(chat, payload) {
  document.body.dataset.showing = chat.chat.type === "private" ? "customer" : "staff";
  await paneOf(chat).open(chat.chat.id, payload);
  drawList();
}

function entry(chat) {
  const { id, title, first_name: name } = chat.chat;
  const isOpen = paneOf(chat).chatId === id;
  const letter = element("span", "avatar", (title ?? name)[0].toUpperCase());
  letter.style.setProperty("--hue", Math.abs(id * 47) % 360);
  const node = element("button", "people__entry", letter, element("b", "", title ?? name));
  node.type = "button";
  if (isOpen) node.ariaCurrent = "true";
  node.addEventListener("click", () => open(chat));
  return node;
}

function drawList() {
  document.documentElement.lang = currentLanguage();
  document.getElementById("language").textContent = currentLanguage().toUpperCase();
  putWords(document);
  list.replaceChildren(...chats.map(entry));
  document.body.classList.toggle("has-staff", chats.some((chat) => chat.chat.type !== "private"));
}

async function refreshChats() {
  const all = await api.allChats();
  const colleagues = new Set(all.flatMap((chat) => chat.members.map((member) => member.id)));
  // Staff who never opened the bot themselves are no customers.
  chats = all.filter((chat) => chat.has_started || !colleagues.has(chat.chat.id));
  for (const pane of Object.values(panes)) {
    if (pane.chatId !== null && !chats.some((chat) => chat.chat.id === pane.chatId)) pane.close();
  }
  await openFirst();
  drawList();
}

async function openFirst() {
  const group = chats.find((chat) => chat.chat.type !== "private");
  if (group && panes.staff.chatId === null) await panes.staff.open(group.chat.id);
  const asked = Number(wanted.get("user"));
  const person = chats.find((chat) => chat.chat.type === "private" && (!asked || chat.chat.id === asked));
  if (person && panes.customer.chatId === null) {
    await panes.customer.open(person.chat.id, wanted.get("start") ?? "");
    document.body.dataset.showing ??= "customer";
  }
}

async function hear({ changed, gone }) {
  const known = new Set(chats.map((chat) => chat.chat.id));
  const ids = Object.keys(changed).map(Number);
  if (gone.length > 0 || ids.some((id) => !known.has(id))) await refreshChats();
  await Promise.all(Object.values(panes)
    .filter((pane) => ids.includes(pane.chatId)).map((pane) => pane.refresh()));
}

document.getElementById("newcomer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const id = 1_000_000 + Math.floor(Math.random() * 8_000_000);
  const person = { user_id: id, first_name: form.name.value.trim(), language_code: form.language.value };
  form.name.value = "";
  try {
    await api.introduce(person);
    await refreshChats();
    await open(chats.find((chat) => chat.chat.id === id));
  } catch (error) {
    panes.customer.toast(error.message);
  }
});

document.getElementById("language").addEventListener("click", () => {
  switchLanguage();
  drawList();
  for (const pane of Object.values(panes)) pane.redraw();
});

for (const back of document.querySelectorAll(".pane__back")) {
  back.addEventListener("click", () => { document.body.dataset.showing = "people"; });
}

await refreshChats();
const stream = new EventSource("/ui/events");
let hearing = Promise.resolve();
stream.addEventListener("message", ({ data }) => {
  hearing = hearing.then(() => hear(JSON.parse(data))).catch((error) => panes.customer.toast(error.message));
});
stream.addEventListener("error", () => panes.customer.toast(word("lost")));
