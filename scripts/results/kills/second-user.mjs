// A second user of the gateway, who keeps the books: what was acknowledged must be known ever after, and what is known
// must agree with what the wire has seen. Also reads the journal, by its description and not by its code.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { markedProgram } from "./wire-witness.mjs";

const endsMs = 60_000;
const firstMark = 0x100;

export class SecondUser {
  tally = { acknowledged: 0, answered: 0, failed: 0, unknown: 0, lost: 0, sentTwice: 0, answeredUnsent: 0 };
  #runs = [];
  #session;
  #nextMark = firstMark;

  constructor(base, witness, complain) {
    Object.assign(this, { base, witness, complain });
  }

  async #fetch(method, path, body, type = "application/octet-stream") {
    return await fetch(`${this.base}${path}`, {
      method,
      ...(body === undefined ? {} : { body, headers: { "content-type": type } }),
    });
  }

  /** Hand in one run. */
  async send() {
    try {
      if (this.#session === undefined) {
        const request = JSON.stringify({ leaseMs: 3_600_000 });
        const reply = await this.#fetch("POST", "/boards/0/sessions", request, "application/json");
        if (reply.status === 201) this.#session = (await reply.json()).session;
        return;
      }
      const [run, mark] = [randomBytes(8).toString("hex"), this.#nextMark++];
      const reply = await this.#fetch("PUT", `/sessions/${this.#session}/runs/${run}`, markedProgram(mark));
      await reply.arrayBuffer();
      if (reply.status === 200 || reply.status === 202) this.#runs.push({ run, mark });
    } catch {
      // The gateway is down at the moment: nothing was acknowledged.
    }
  }

  /** Wait until every run is over and compare with the wire. Then begin anew. */
  async check() {
    const { tally } = this;
    const until = performance.now() + endsMs;
    for (const { run, mark } of this.#runs) {
      tally.acknowledged++;
      let told = await this.#stateOf(run);
      while (["queued", "running"].includes(told) && performance.now() < until) {
        const reply = await this.#fetch("GET", `/sessions/${this.#session}/runs/${run}/answer?waitMs=5000`);
        await reply.arrayBuffer();
        told = await this.#stateOf(run);
      }
      if (!["answered", "failed", "unknown"].includes(told)) {
        tally.lost++;
        this.complain(`run ${run} was acknowledged and is lost (${told})`);
      } else tally[told]++;
      const times = this.witness.timesSent(mark);
      if (times > 1) {
        tally.sentTwice++;
        this.complain(`run ${run} was sent to the board ${times} times`);
      }
      if (told === "answered" && times === 0) {
        tally.answeredUnsent++;
        this.complain(`run ${run} has an answer but was never sent`);
      }
    }
    if (this.#session !== undefined) await this.#fetch("DELETE", `/sessions/${this.#session}`);
    this.#runs = [];
    this.#session = undefined;
  }

  async #stateOf(run) {
    const reply = await this.#fetch("GET", `/sessions/${this.#session}/runs/${run}`);
    const body = await reply.json();
    return reply.status === 200 ? body.state : String(reply.status);
  }
}

/** How often the journal says that a run was started, by run; all users. */
export function startsInJournal(folder) {
  const file = readFileSync(join(folder, "journal"));
  const counts = new Map();
  for (let at = "hxloop-gateway/1\n".length; at + 12 <= file.length; ) {
    const head = file.readUInt32BE(at);
    const next = at + 12 + head + file.readUInt32BE(at + 4);
    if (next > file.length) break;
    const entry = JSON.parse(file.subarray(at + 12, at + 12 + head).toString());
    const run = `${entry.session}/${entry.run}`;
    if (entry.t === "start") counts.set(run, (counts.get(run) ?? 0) + 1);
    at = next;
  }
  return counts;
}
