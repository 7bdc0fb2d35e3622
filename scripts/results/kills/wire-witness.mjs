// Stands between gateway and board on UDP and passes every datagram on. Sees which programs reach the board, and how
// often: a program carries a mark of its own, and a frame that is resent has the sequence number that it had before.
// Frames are read by docs/protocol.md, not by the code under test.
import { createSocket } from "node:dgram";
import { once } from "node:events";

const opcodeAt = 12;
const [timerReset, waitUntil, halt] = [0x04, 0x05, 0x0a];

async function bound(port) {
  const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20, sendBufferSize: 1 << 20 });
  socket.bind(port, "127.0.0.1");
  await once(socket, "listening");
  // A board that is dead answers with "port unreachable".
  socket.on("error", () => {});
  return socket;
}

/** A program that waits until a time that is past, which says who it is, and halts. */
export function markedProgram(mark) {
  const words = Buffer.alloc(24);
  words[0] = timerReset;
  words[8] = waitUntil;
  words.writeUInt32BE(mark, 12);
  words[16] = halt;
  return words;
}

export class WireWitness {
  /** By mark: the frames, as epoch and sequence number, in which its program went to the board. */
  seen = new Map();
  #epoch = 0;

  static async open(boardPort, boardResetPort) {
    const witness = new WireWitness();
    const [data, reset, board] = await Promise.all([bound(0), bound(0), bound(0)]);
    Object.assign(witness, {
      port: data.address().port,
      resetPort: reset.address().port,
      sockets: [data, reset, board],
    });
    let host;
    reset.on("message", (datagram, from) => {
      host = from;
      witness.#epoch++;
      board.send(datagram, boardResetPort, "127.0.0.1");
    });
    data.on("message", (datagram) => {
      witness.#look(datagram);
      board.send(datagram, boardPort, "127.0.0.1");
    });
    board.on("message", (datagram) => {
      if (host) data.send(datagram, host.port, host.address);
    });
    return witness;
  }

  #look(datagram) {
    if (datagram.length <= opcodeAt || datagram.readUInt16BE(8) !== 0x10) return;
    const frame = `${this.#epoch}:${datagram.readUInt32BE(4)}`;
    for (let at = opcodeAt; at + 8 <= datagram.length; at += 8) {
      // Calibrations wait, too, for 1000 cycles among others: a mark stands alone between timer and halt.
      if (datagram[at] !== waitUntil || datagram[at - 8] !== timerReset || datagram[at + 8] !== halt) continue;
      const mark = datagram.readUInt32BE(at + 4);
      const frames = this.seen.get(mark);
      if (frames === undefined) this.seen.set(mark, new Set([frame]));
      else frames.add(frame);
    }
  }

  /** How often the program of a mark was sent to the board. */
  timesSent(mark) {
    return this.seen.get(mark)?.size ?? 0;
  }

  close() {
    for (const socket of this.sockets) socket.close();
  }
}
