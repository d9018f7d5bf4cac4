// The room: one state, heard from the server, shown by every part.

import { ClockPanel } from "./clock.js";
import { FlightsPanel, tickTimes } from "./flights.js";
import { OutagesPanel } from "./outages.js";
import { Stage } from "./stage.js";
import { Tabs } from "./tabs.js";
import { TourPanel } from "./tour.js";
import { listen } from "./live.js";
import { currentLanguage, putWords, switchLanguage, word } from "./words.js";

const TOAST_TIME = 5000;
const byId = (id) => document.getElementById(id);

const stage = new Stage();
const tabs = new Tabs(document.querySelector("[role=tablist]"));
const room = {
  attempt: async (deed) => { try { await deed(); } catch (error) { toast(error.message); } },
  showChat: (pane) => { tabs.show("chat"); stage.showPane(pane); },
};
const tour = new TourPanel(byId("panel-tour"), room);
const panels = [
  tour,
  new OutagesPanel(byId("panel-outages"), room),
  new FlightsPanel(byId("panel-flights")),
  new ClockPanel(byId("panel-clock"), room),
];
let state = null;
let toastTimer = 0;

function toast(text) {
  const place = byId("toast");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { place.hidden = true; }, TOAST_TIME);
}

function drawFrame() {
  document.documentElement.lang = currentLanguage();
  document.title = word("title");
  putWords(document);
  byId("language").textContent = word("switchLanguage");
}

function drawTop() {
  const broken = state.outages.filter((each) => each.is_on).length;
  const mood = byId("mood");
  const isWell = broken === 0 && state.flights.is_reachable;
  mood.textContent = isWell ? word("allWell") : word("broken", { n: Math.max(broken, 1) });
  mood.dataset.well = isWell;
  byId("temporal").hidden = state.places.temporal_ui === null;
  byId("temporal").href = state.places.temporal_ui ?? "";
  for (const name of ["chat", "tour", "clock"]) tabs.label(name, word(name));
  tabs.label("outages", word("outages"), broken || "");
  tabs.label("flights", word("flights"), state.flights.running_total || "");
}

function drawStrip() {
  const { number, text } = TourPanel.line(state);
  const strip = byId("strip");
  const count = document.createElement("b");
  count.textContent = `${number}/${state.tour.stops.length}`;
  strip.replaceChildren(count, text);
  strip.dataset.deed = TourPanel.deed(state) !== null;
}

function show() {
  if (state === null) return;
  const language = currentLanguage();
  drawTop();
  drawStrip();
  stage.show(state, language);
  for (const panel of panels) panel.show(state, language);
}

byId("language").addEventListener("click", () => { switchLanguage(); drawFrame(); show(); });
byId("strip").addEventListener("click", () => tabs.show("tour"));

drawFrame();
listen((heard) => { state = heard; show(); }, () => toast(word("lost")));
setInterval(() => tickTimes(document), 1000);
