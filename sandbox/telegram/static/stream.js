// The server's stream of news, and the answers to presses that come in it.

const UNCLAIMED = 64;
const RETRY = 2000;

// An answer may overtake the end of the request that asked for it.
class Answers {
  #waiting = new Map(); #early = new Map();

  of(queryId) {
    if (this.#early.has(queryId)) {
      const answer = this.#early.get(queryId);
      this.#early.delete(queryId);
      return Promise.resolve(answer);
    }
    return new Promise((resolve) => { this.#waiting.set(queryId, resolve); });
  }

  hear({ callback_query_id: queryId, answer }) {
    const resolve = this.#waiting.get(queryId);
    this.#waiting.delete(queryId);
    if (resolve) { resolve(answer ?? null); return; }
    this.#early.set(queryId, answer ?? null);
    if (this.#early.size > UNCLAIMED) this.#early.delete(this.#early.keys().next().value);
  }

  giveUp() {
    for (const resolve of this.#waiting.values()) resolve(null);
    this.#waiting.clear();
  }
}

export class Stream {
  #source = null; #born = null; #hands;
  answers = new Answers();

  // hands: changed({id: version}), gone([id]), restarted(), connected(isConnected)
  constructor(hands) {
    this.#hands = hands;
    this.#connect();
  }

  #connect() {
    this.#source = new EventSource("/ui/events");
    this.#source.addEventListener("hello", ({ data }) => this.#greet(JSON.parse(data).born));
    this.#source.addEventListener("answer", ({ data }) => this.answers.hear(JSON.parse(data)));
    this.#source.addEventListener("message", ({ data }) => {
      const { changed, gone } = JSON.parse(data);
      this.#hands.news(changed, gone);
    });
    this.#source.addEventListener("error", () => this.#lose());
  }

  #greet(born) {
    const isAnotherLife = this.#born !== null && this.#born !== born;
    this.#born = born;
    this.#hands.connected(true);
    if (isAnotherLife) this.#hands.restarted();
  }

  #lose() {
    this.#hands.connected(false);
    this.answers.giveUp();
    // A browser asks again by itself, unless something else answered in the server's place.
    if (this.#source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => this.#connect(), RETRY);
  }
}
