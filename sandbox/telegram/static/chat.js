// The page: the list of chats, the chats on the screen, and the stream of news.

import * as api from "./api.js";
import { ChatList } from "./chats.js";
import { Desk } from "./desk.js";
import { joinParent } from "./embedded.js";
import { receiveNewcomers } from "./newcomers.js";
import { Stream } from "./stream.js";
import { currentLanguage, putWords, switchLanguage, word } from "./words.js";

const asked = new URLSearchParams(location.search);
const MANY = 20; // Changed chats beyond which one look at all is cheaper.
const LATEST = "latest-customer";

const byId = (id) => document.getElementById(id);
const changed = new Map();
let draining = null;
let isReady = false;

const stream = new Stream({ news, restarted, connected });
const list = new ChatList(byId("chats"), {
  open: (id) => desk.open(id),
  beside: (id) => desk.open(id, { beside: true }),
  isOpen: (id) => Boolean(desk.pane(id)),
});
const desk = new Desk(byId("panes"), await api.theBot(), stream.answers, list, draw);

function draw() {
  document.documentElement.lang = currentLanguage();
  document.title = word("page");
  putWords(document);
  byId("language").textContent = currentLanguage() === "ru" ? "EN" : "RU";
  list.draw();
  remember();
}

// The address names who is on the screen, so that a reload or a copied address shows the same.
function remember() {
  const address = new URL(location.href);
  for (const name of ["user", "start"]) address.searchParams.delete(name);
  for (const id of desk.customers) address.searchParams.append("user", id);
  history.replaceState(history.state, "", address);
  if (desk.customers.length > 0) localStorage.setItem(LATEST, desk.customers[0]);
}

function news(versions, gone) {
  for (const id of gone) forget(id);
  for (const [id, version] of Object.entries(versions)) changed.set(Number(id), version);
  draining ??= drain().catch((error) => console.warn(error)).finally(() => { draining = null; });
}

// News may come faster than they are fetched: what changed meanwhile is fetched once.
async function drain() {
  while (isReady && changed.size > 0) {
    const now = [...changed].filter(([id, version]) => list.get(id)?.version !== version);
    changed.clear();
    await (now.length > MANY ? lookAtAll() : Promise.all(now.map(([id]) => lookAt(id))));
    await openFirst();
    draw();
  }
}

async function lookAt(id) {
  let chat;
  try { chat = await api.oneChat(id); } catch { return; } // Gone meanwhile: the stream will say so.
  const pane = desk.pane(id);
  await pane?.refresh(chat);
  list.put(chat, Boolean(pane?.isRead));
}

async function lookAtAll() {
  list.reset(await api.allChats());
  await Promise.all(desk.panes.map((pane) => pane.refresh(list.get(pane.chatId))));
}

function forget(id) {
  list.drop(id);
  const pane = desk.pane(id);
  if (pane) desk.close(pane);
  draw();
}

// The server began a new life: whoever is still there is shown anew.
async function restarted() {
  list.reset(await api.allChats());
  for (const pane of [...desk.panes]) {
    const chat = list.get(pane.chatId);
    if (chat) await pane.restart(chat);
    else desk.close(pane);
  }
  await openFirst();
  draw();
}

function connected(isConnected) { byId("connection").hidden = isConnected; }

// A group and a customer are open from the start, and those that the address asks for.
async function openFirst() {
  const known = list.shown;
  const group = known.find(({ chat }) => chat.type !== "private");
  if (group && !desk.panes.some((pane) => !pane.isPrivate) && !openFirst.hadGroup) {
    openFirst.hadGroup = true;
    await desk.open(group.chat.id, { show: false });
  }
  if (desk.customers.length > 0) return;
  const wanted = [...asked.getAll("user"), localStorage.getItem(LATEST)].map(Number);
  const people = known.filter(({ chat }) => chat.type === "private").map(({ chat }) => chat.id);
  const named = asked.getAll("user").map(Number).filter((id) => people.includes(id));
  const [first, ...others] = named.length > 0 ? named : [wanted.find((id) => people.includes(id)) ?? people[0]];
  if (first === undefined) return;
  const isAsked = asked.has("user") || asked.has("start");
  await desk.open(first, { payload: takePayload(), show: isAsked });
  for (const id of others) await desk.open(id, { beside: true, show: false });
}

function takePayload() {
  const payload = asked.get("start") ?? undefined;
  asked.delete("start");
  return payload;
}

receiveNewcomers(
  async (id) => { await lookAt(id); await desk.open(id, { payload: takePayload() }); },
  (trouble) => { byId("trouble").textContent = trouble; },
);

byId("language").addEventListener("click", () => {
  switchLanguage();
  draw();
  for (const pane of desk.panes) pane.redraw();
});
addEventListener("popstate", ({ state }) => {
  if (state?.screen === "pane") document.body.dataset.screen = "pane";
  else desk.showList();
});

if (["dark", "light"].includes(asked.get("theme"))) {
  document.documentElement.dataset.theme = asked.get("theme");
}
document.body.classList.toggle("is-embedded", asked.has("embed"));
if (asked.has("embed")) {
  joinParent((kind) => {
    const pane = desk.panes.find((each) => each.root.dataset.kind === kind);
    if (pane) desk.open(pane.chatId);
  });
}
list.reset(await api.allChats());
isReady = true;
await openFirst();
draw();
document.body.classList.remove("is-loading");
if (changed.size > 0) news({}, []);
