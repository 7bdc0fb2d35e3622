/**
 * Columns of messages through the sinks, one call per message: what a program that builds or reads message by message
 * costs, beside the codec's own way through columns.
 */
import type { FromFpgaSink, MessageColumns, ToFpgaSink } from "../../src/protocol/index.js";

export function sendToFpga({ op, a, b, c }: MessageColumns, sink: ToFpgaSink): void {
  for (let i = 0; i < op.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    const z = c[i] as number;
    switch (op[i]) {
      case 0:
        sink.jtagInit();
        break;
      case 1:
        sink.jtagScaler(x);
        break;
      case 2:
        sink.jtagIns(x);
        break;
      case 3:
        sink.jtagData(x, y, z & 0xff, (z & 0x100) !== 0);
        break;
      case 4:
        sink.timingSetup();
        break;
      case 5:
        sink.waitUntil(x);
        break;
      case 6:
        sink.systimeInit((x & 1) === 1);
        break;
      case 7:
        sink.barrier(x);
        break;
      case 8:
        sink.pollingOmnibusBlock((x & 1) === 1);
        break;
      case 9:
        sink.systemReset((x & 1) === 1);
        break;
      case 10:
        sink.loopback((x & 1) === 1);
        break;
      case 11:
        sink.omnibusAddress(x, (y & 1) === 1, z);
        break;
      case 12:
        sink.omnibusData(x);
        break;
      case 13:
        sink.spikePack1(x);
        break;
      case 14:
        sink.spikePack2(x, y);
        break;
      case 15:
        sink.spikePack3(x, y, z);
        break;
    }
  }
}

export function sendFromFpga({ op, a, b, c }: MessageColumns, sink: FromFpgaSink): void {
  for (let i = 0; i < op.length; i++) {
    const x = a[i] as number;
    const y = b[i] as number;
    const z = c[i] as number;
    switch (op[i]) {
      case 0:
        sink.jtagData(x, y);
        break;
      case 1:
        sink.omnibusData(x);
        break;
      case 2:
        sink.loopback((x & 1) === 1);
        break;
      case 3:
        sink.highspeedLinkNotification(x);
        break;
      case 4:
        sink.timeoutNotification(x, y, z);
        break;
      case 5:
        sink.systime((y & 0x7ff) * 2 ** 32 + x);
        break;
      case 6:
        sink.sysdelta(x);
        break;
      case 7:
        sink.madcPack1(x);
        break;
      case 8:
        sink.madcPack2(x, y);
        break;
      case 9:
        sink.madcPack3(x, y, z);
        break;
      case 10:
        sink.spikePack1(x);
        break;
      case 11:
        sink.spikePack2(x, y);
        break;
      case 12:
        sink.spikePack3(x, y, z);
        break;
    }
  }
}

class ColumnWriter {
  length = 0;
  readonly #columns: MessageColumns;

  constructor(columns: MessageColumns) {
    this.#columns = columns;
  }

  protected add(op: number, a: number, b: number, c: number): void {
    const i = this.length++;
    const columns = this.#columns;
    columns.op[i] = op;
    columns.a[i] = a;
    columns.b[i] = b;
    columns.c[i] = c;
  }
}

/** Writes what a decoder calls into columns. */
export class ToFpgaColumns extends ColumnWriter implements ToFpgaSink {
  jtagInit(): void {
    this.add(0, 0, 0, 0);
  }
  jtagScaler(value: number): void {
    this.add(1, value, 0, 0);
  }
  jtagIns(value: number): void {
    this.add(2, value, 0, 0);
  }
  jtagData(dataHigh: number, dataLow: number, bits: number, keepResponse: boolean): void {
    this.add(3, dataHigh, dataLow, bits | (keepResponse ? 0x100 : 0));
  }
  timingSetup(): void {
    this.add(4, 0, 0, 0);
  }
  waitUntil(cycles: number): void {
    this.add(5, cycles, 0, 0);
  }
  systimeInit(on: boolean): void {
    this.add(6, Number(on), 0, 0);
  }
  barrier(mask: number): void {
    this.add(7, mask, 0, 0);
  }
  pollingOmnibusBlock(equal: boolean): void {
    this.add(8, Number(equal), 0, 0);
  }
  systemReset(on: boolean): void {
    this.add(9, Number(on), 0, 0);
  }
  loopback(tick: boolean): void {
    this.add(10, Number(tick), 0, 0);
  }
  omnibusAddress(address: number, read: boolean, byteEnables: number): void {
    this.add(11, address, Number(read), byteEnables);
  }
  omnibusData(data: number): void {
    this.add(12, data, 0, 0);
  }
  spikePack1(label0: number): void {
    this.add(13, label0, 0, 0);
  }
  spikePack2(label0: number, label1: number): void {
    this.add(14, label0, label1, 0);
  }
  spikePack3(label0: number, label1: number, label2: number): void {
    this.add(15, label0, label1, label2);
  }
}

/** Writes what a decoder calls into columns. */
export class FromFpgaColumns extends ColumnWriter implements FromFpgaSink {
  jtagData(high: number, low: number): void {
    this.add(0, high, low, 0);
  }
  omnibusData(data: number): void {
    this.add(1, data, 0, 0);
  }
  loopback(tick: boolean): void {
    this.add(2, Number(tick), 0, 0);
  }
  highspeedLinkNotification(bits: number): void {
    this.add(3, bits, 0, 0);
  }
  timeoutNotification(instruction: number, stallCount: number, readsInFlight: number): void {
    this.add(4, instruction, stallCount, readsInFlight);
  }
  systime(fpgaCycles: number): void {
    this.add(5, fpgaCycles % 2 ** 32, Math.floor(fpgaCycles / 2 ** 32), 0);
  }
  sysdelta(increment: number): void {
    this.add(6, increment, 0, 0);
  }
  madcPack1(sample0: number): void {
    this.add(7, sample0, 0, 0);
  }
  madcPack2(sample0: number, sample1: number): void {
    this.add(8, sample0, sample1, 0);
  }
  madcPack3(sample0: number, sample1: number, sample2: number): void {
    this.add(9, sample0, sample1, sample2);
  }
  spikePack1(spike0: number): void {
    this.add(10, spike0, 0, 0);
  }
  spikePack2(spike0: number, spike1: number): void {
    this.add(11, spike0, spike1, 0);
  }
  spikePack3(spike0: number, spike1: number, spike2: number): void {
    this.add(12, spike0, spike1, spike2);
  }
}
