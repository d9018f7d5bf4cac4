"use strict";
// Comfort only: without this script the page is plain forms that do the same.

const digitsOf = (text) => text.replace(/\D/g, "");

const NETWORKS = [
  [/^220[0-4]/, "Mir"],
  [/^4/, "Visa"],
  [/^(5[1-5]|2[2-7])/, "Mastercard"],
];

/** Rewrites a field as it is typed and leaves the cursor behind the same digit. */
function formatted(input, format) {
  input.addEventListener("input", () => {
    const before = digitsOf(input.value.slice(0, input.selectionStart)).length;
    const atEnd = input.selectionStart === input.value.length;
    input.value = format(digitsOf(input.value), input.value);
    if (atEnd) return;
    let place = 0;
    for (let seen = 0; seen < before && place < input.value.length; place += 1) {
      if (/\d/.test(input.value[place])) seen += 1;
    }
    input.setSelectionRange(place, place);
  });
}

function inGroupsOfFour(digits) {
  return digits.slice(0, 19).replace(/(\d{4})(?=\d)/g, "$1 ");
}

function monthAndYear(digits, typed) {
  let known = /^[2-9]/.test(digits) ? `0${digits}` : digits;
  if (/^\d{2}20\d{2}$/.test(known)) known = known.slice(0, 2) + known.slice(4);
  const slash = known.length > 2 || (known.length === 2 && typed.endsWith("/"));
  return slash ? `${known.slice(0, 2)}/${known.slice(2, 4)}` : known;
}

function isInTheFuture(text) {
  const match = /^(0[1-9]|1[0-2])\/(\d{2})$/.exec(text);
  if (!match) return false;
  const now = new Date();
  const asNumber = (year, month) => year * 12 + month;
  return asNumber(2000 + Number(match[2]), Number(match[1])) >=
    asNumber(now.getFullYear(), now.getMonth() + 1);
}

function mark(input, isRight) {
  const words = document.getElementById(`${input.id}-wrong`);
  words.textContent = isRight ? "" : input.dataset.wrong;
  input.setAttribute("aria-invalid", String(!isRight));
  return isRight;
}

function helpWith(form) {
  const { number, expiry, csc } = form.elements;
  const tests = new Set(
    [...document.querySelectorAll("button[name=test_card]")].map((button) => button.value),
  );
  const rules = new Map([
    [number, () => tests.has(digitsOf(number.value))],
    [expiry, () => isInTheFuture(expiry.value)],
    [csc, () => /^\d{3,4}$/.test(csc.value)],
  ]);
  const full = new Map([[number, 19], [expiry, 5], [csc, 3]]);
  const network = form.querySelector(".network");
  const showNetwork = () => {
    const known = NETWORKS.find(([prefix]) => prefix.test(digitsOf(number.value)));
    network.textContent = known?.[1] === "Mir" ? network.dataset.mir : (known?.[1] ?? "");
  };

  form.noValidate = true;
  formatted(number, inGroupsOfFour);
  formatted(expiry, monthAndYear);
  formatted(csc, (digits) => digits.slice(0, 4));
  number.addEventListener("input", showNetwork);
  showNetwork();
  for (const [input, rule] of rules) {
    // Not on blur: words that appear would push the button away from under a click.
    input.addEventListener("input", () => {
      if (rule() || input.value.length >= full.get(input)) mark(input, rule());
    });
  }
  form.addEventListener("submit", (event) => {
    if (event.submitter?.name === "test_card") return;
    const wrong = [...rules].filter(([input, rule]) => !mark(input, rule()));
    if (wrong.length === 0) return;
    event.preventDefault();
    wrong[0][0].focus();
  });
}

/** Unlike a reload, this asks for the page even where it was the answer to a form. */
function lookAgain() {
  window.location.replace(window.location.href);
}

/** A second click while the first is on its way does nothing. */
function sendOnce(form) {
  let isSent = false;
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (isSent) {
      event.preventDefault();
      return;
    }
    isSent = true;
    const button = event.submitter;
    if (!button) return;
    button.dataset.says = button.innerHTML;
    button.setAttribute("aria-busy", "true");
    if (button.classList.contains("primary")) button.textContent = form.dataset.sending;
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) lookAgain();
  });
}

/** Looks whether the payment went on elsewhere: it expired, or was paid in another window. */
function watch(main) {
  const left = document.getElementById("left");
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(main.dataset.watch, { signal: AbortSignal.timeout(4000) });
      const { seen, left: words } = await answer.json();
      if (seen !== main.dataset.seen) lookAgain();
      if (left && words) left.textContent = words;
    } catch {
      // The next look may succeed.
    }
  };
  window.setInterval(look, 3000);
  document.addEventListener("visibilitychange", look);
}

for (const form of document.forms) {
  if (form.id === "card") helpWith(form);
  sendOnce(form);
}
const watched = document.querySelector("[data-watch]");
if (watched) watch(watched);
