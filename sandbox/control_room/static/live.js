// The room's API: orders, and the stream of what there is to see.

async function ask(method, path, body) {
  const answer = await fetch(`/api${path}`, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(typeof said.detail === "string" ? said.detail : JSON.stringify(said.detail));
  return said;
}

export const setOutage = (kind, isOn) => ask("PUT", `/outages/${kind}`, { is_on: isOn });
export const mendAll = () => ask("DELETE", "/outages");
export const kill = (name) => ask("POST", `/processes/${name}/kill`);
export const jump = (workflowId, moment) => ask("POST", "/clock/jump", { workflow_id: workflowId, moment });
export const skipPaymentHour = () => ask("POST", "/clock/payment-hour");
export const skipStop = () => ask("POST", "/tour/skip");
export const restartTour = () => ask("POST", "/tour/restart");

export function listen(onState, onLost) {
  const stream = new EventSource("/api/events");
  stream.addEventListener("message", ({ data }) => onState(JSON.parse(data)));
  stream.addEventListener("error", onLost);
}

export const isOn = (state, kind) => state.outages.some((each) => each.kind === kind && each.is_on);
export const processOf = (state, name) => state.processes.find((each) => each.name === name);

// Subscriptions with a reminder ahead: the next timer is well before the end.
export const canRemind = (workflow) => workflow.paid_until !== null && workflow.wakes_at !== null
  && Date.parse(workflow.paid_until) - Date.parse(workflow.wakes_at) > 1000;

// The visitor's own first: what was bought or renewed last, of those whose clocks nobody has turned.
export const subscriptions = (state) => state.flights.running
  .filter((each) => each.paid_until !== null)
  .sort((one, other) => Math.round((one.ahead_seconds - other.ahead_seconds) / 60)
    || Date.parse(other.began_at) - Date.parse(one.began_at));
