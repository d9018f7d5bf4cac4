// Making customers: with one press on the welcome card, or by name below the list.

import { introduce } from "./api.js";

const FIRST_ID = 1_000_000;
const IDS = 8_000_000;

const PERSONAS = { en: "Anna", ru: "Анна" };

async function welcome(name, language) {
  const id = FIRST_ID + Math.floor(Math.random() * IDS);
  await introduce({ user_id: id, first_name: name, language_code: language });
  return id;
}

// onArrival(id) hears who came, onTrouble(message) why nobody did.
export function receiveNewcomers(onArrival, onTrouble) {
  const receive = async (name, language) => {
    try { onArrival(await welcome(name, language)); } catch (error) { onTrouble(error.message); }
  };
  for (const node of document.querySelectorAll("[data-persona]")) {
    node.addEventListener("click", () => receive(PERSONAS[node.dataset.persona], node.dataset.persona));
  }
  document.getElementById("newcomer").addEventListener("submit", (event) => {
    event.preventDefault();
    const { elements } = event.target;
    const name = elements.name.value.trim();
    elements.name.value = "";
    if (name) receive(name, elements.language.value);
  });
}
