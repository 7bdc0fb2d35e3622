/** What a capture made at a gateway tells: the programs and their answers, as on a link of one's own. */
import { expect, it } from "vitest";
import { FrameNotes } from "../../src/device/gateway/frame-notes.js";
import { Explainer } from "../../src/protocol/explain/explainer.js";
import { ProgramCollector, type ProgramRecord } from "../../src/protocol/explain/program-record.js";
import { halt, tick, words } from "./support.js";

/** Board time 100, a tick, the halt. */
const answer = words(0x0500_0000_0000_0064n, 0x0200_0000_0000_0001n, 0x0200_0000_0000_0000n);

it.each(["", "version: 2\ncompatible_until: 2\n", "x".repeat(3000)])("tells answers after info %j", (info) => {
  const programs: ProgramRecord[] = [];
  const problems: unknown[] = [];
  const explainer = new Explainer({
    source: "test",
    emit: (item) => void ("problem" in item && problems.push(item)),
    makeView: (tools) => new ProgramCollector(tools, (program) => void programs.push(program)),
  });
  explainer.onBoard({ board: 0, name: "", address: "" });
  let packet = 0;
  const notes = new FrameNotes(
    {
      datagram: (direction, port, bytes) => {
        const place = { packet: ++packet, time: 0n, board: 0, missing: 0, offset: 0, comment: "" };
        explainer.onDatagram({ ...place, direction, port, bytes });
      },
      identify: () => undefined,
      end: () => explainer.end(),
    },
    info,
  );
  for (let run = 0; run < 300; run++) {
    notes.note("toBoard", words(tick, halt));
    notes.note("toHost", answer);
  }
  expect(programs.map(({ isAnswered, ticks }) => isAnswered && ticks)).toEqual(Array.from({ length: 300 }, () => 1));
  expect(problems).toEqual([]);
  expect(explainer.error).toBeUndefined();
});
