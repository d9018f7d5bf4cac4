// The payment sheet: pay or decline, and ten seconds in which the bot has to agree.

import { money } from "./time.js";
import { word } from "./words.js";

const PATIENCE = 10;
const dialog = document.getElementById("invoice");
const part = (name) => dialog.querySelector(`.sheet__${name}`);

let turn = 0; // Which opening of the sheet is meant: a late answer belongs to a closed one.
let ticking = 0;

function phase(name) {
  dialog.dataset.phase = name;
  part("pay").hidden = name === "failed";
  part("pay").disabled = name === "waiting";
  part("pay").ariaBusy = String(name === "waiting");
  part("decline").textContent = word(name === "failed" ? "close" : "decline");
  part("decline").disabled = name === "waiting";
}

function countDown(left) {
  part("status").textContent = left > 0 ? word("waitingForBot", { seconds: left }) : "";
  dialog.style.setProperty("--left", left / PATIENCE);
  clearTimeout(ticking);
  if (left > 0) ticking = setTimeout(() => countDown(left - 1), 1000);
}

function fail(reason) {
  countDown(0);
  phase("failed");
  part("status").textContent = reason || word("notPaid");
  part("decline").focus();
}

async function attempt(pay, onPaid) {
  const mine = turn;
  phase("waiting");
  countDown(PATIENCE);
  let outcome;
  try { outcome = await pay(); } catch (error) { outcome = { is_paid: false, error_message: error.message }; }
  if (mine !== turn) return;
  if (!outcome.is_paid) { fail(outcome.error_message); return; }
  dialog.close();
  onPaid();
}

function fillIn(bill) {
  const amount = money(bill);
  part("title").textContent = bill.title;
  part("text").textContent = bill.description;
  part("amount").textContent = amount;
  part("status").textContent = "";
  part("pay").textContent = word("payAmount", { amount });
}

// pay() asks the sandbox; onPaid() hears that money moved.
export function openInvoice(bill, pay, onPaid) {
  turn += 1;
  fillIn(bill);
  phase("asking");
  part("pay").onclick = () => attempt(pay, onPaid);
  dialog.showModal();
  part("pay").focus();
}

part("decline").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => { turn += 1; clearTimeout(ticking); });
// While money may be moving there is no way back, as in the original.
dialog.addEventListener("cancel", (event) => {
  if (dialog.dataset.phase === "waiting") event.preventDefault();
});
