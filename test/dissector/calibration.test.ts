// A piece of a real calibration, recorded between driver and virtual board on a wire that loses frames: the dissector
// explains every message as our decoders do.
import { expect, test } from "vitest";
import { VirtualBoard } from "../../firmware-sim/board.js";
import { systemClock } from "../../src/base/clock.js";
import { silentLogger } from "../../src/base/log.js";
import { MemoryRunStore, paperTask } from "../../src/calib/index.js";
import { Recorder } from "../../src/calib/recording/recorder.js";
import { connectDevice } from "../../src/device/connect.js";
import type { DatagramTransport } from "../../src/device/transport/transport.js";
import { expectAgreement } from "./agreement.js";
import { capFile, type Datagram, hasTshark, named } from "./support.js";

/** One datagram in so many is recorded and then lost. */
const lossEvery = 37;

/** A wire to a virtual board; notes what is put on it. */
function recordedWire(datagrams: Datagram[]): DatagramTransport {
  let receive: (datagram: Uint8Array) => void = () => {};
  const carry = (datagram: Datagram, deliver: (bytes: Uint8Array) => void): void => {
    const bytes = datagram.bytes.slice();
    datagrams.push({ ...datagram, bytes });
    if (datagrams.length % lossEvery !== 0) setImmediate(() => deliver(bytes.slice()));
  };
  const board = new VirtualBoard(
    { chip: 1 },
    { isCongested: false, transmit: (bytes) => carry({ toBoard: false, port: "data", bytes }, (b) => receive(b)) },
    systemClock,
  );
  return {
    url: "test:recorded",
    send: (port, bytes) => carry({ toBoard: true, port, bytes }, (b) => board.receive(port, b)),
    onDatagram: (listener) => {
      receive = listener;
    },
    onClose: () => {},
    drained: () => Promise.resolve(),
    close: () => Promise.resolve(board.close()),
  };
}

test.skipIf(!hasTshark)("a recorded calibration is explained", { timeout: 120_000 }, async () => {
  const datagrams: Datagram[] = [];
  const device = await connectDevice(recordedWire(datagrams), { clock: systemClock, logger: silentLogger });
  const session = await device.openSession();
  const recorder = new Recorder(session, { task: paperTask, neuron: 0, seed: 1 }, new MemoryRunStore());
  await recorder.record("round 1", Int32Array.of(400, 500), () => {});
  await session.close();
  await device.close();

  const { packets, frames } = expectAgreement(capFile(datagrams));
  const messages = frames.filter((f) => f.kind === "new").flatMap((f) => f.messages);
  const samples = messages.filter((m) => m.name === "madcPack3").length;
  expect(samples).toBeGreaterThan(5000);
  const registers = new Set(messages.flatMap((m) => m.registers.map((r) => r.container.name)));
  for (const name of ["CapMemCell", "MadcConfig", "NeuronConfig", "ReadoutSourceSelection"])
    expect(registers).toContain(name);
  const again = frames.filter((f) => f.kind === "again").length;
  const noted = packets.filter((packet) => named(named(packet, "hostarq")[0], "hostarq.first_sent_in").length > 0);
  expect(again).toBeGreaterThan(0);
  expect(noted).toHaveLength(again);
});
