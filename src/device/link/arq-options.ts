/**
 * Numbers that govern the host's side of HostARQ, and the counters that say how it went. Defaults follow the behaviour
 * of the official host (docs/protocol.md, "HostARQ"); where ours is its own choice, the comment says so.
 */

export interface ArqOptions {
  /** How long to wait for the reset answer, ms. */
  readonly resetLimitMs: number;
  /** Repeat the reset frame while there is no answer, ms. Our choice: a datagram may be lost. */
  readonly resetRepeatMs: number;
  /** Longest silence while waiting for the loopback word, ms; every datagram restarts it. */
  readonly loopbackQuietMs: number;
  /** Openings to try before giving up, 1 or more. Our choice: a late copy of the reset frame spoils one. */
  readonly openAttempts: number;
  /**
   * Resend a frame when it was not acknowledged for this long, ms: 128 frames of 1478 bytes at 1 Gbit/s, halved. Longer
   * where acknowledgements take longer (`round-trip.ts`). Our choice: the official host keeps to the time.
   */
  readonly resendIntervalMs: number;
  /** No frame waits longer for its first resend, however late the others were acknowledged, ms. Our choice. */
  readonly slowestResendMs: number;
  /** The n-th resend waits min(n, this) intervals. Our choice: spares a board that is busy computing. */
  readonly maxResendFactor: number;
  /** Give up on a frame after this many intervals without acknowledgement. */
  readonly giveUpAfter: number;
  /**
   * How long the board may be silent while it is waited for, although it is asked whether it is there, ms; 0: for ever.
   * Our choice: the official host does not ask.
   */
  readonly silenceLimitMs: number;
  /** Shortest time between pure acknowledgements, ms. */
  readonly ackIntervalMs: number;
  /** Acknowledge at once when this many frames are unacknowledged. Our choice: a quarter of the window. */
  readonly ackBatch: number;
  /** How long closing waits for the queues, ms. */
  readonly closeLimitMs: number;
}

export const defaultArqOptions: ArqOptions = {
  resetLimitMs: 2000,
  resetRepeatMs: 250,
  loopbackQuietMs: 400,
  openAttempts: 3,
  resendIntervalMs: 0.756,
  slowestResendMs: 20,
  maxResendFactor: 8,
  giveUpAfter: 10_000,
  silenceLimitMs: 5000,
  ackIntervalMs: 0.5,
  ackBatch: 32,
  closeLimitMs: 500,
};

/** What happened on the link since it was made; every anomaly has a number. */
export interface ArqCounters {
  framesSent: number;
  framesResent: number;
  framesAcknowledged: number;
  acksSent: number;
  framesDelivered: number;
  /** Frames that came before an earlier one. */
  outOfOrder: number;
  /** Frames that came again, or lie outside the receive window. */
  duplicates: number;
  /** Acknowledgements outside the send window. */
  staleAcks: number;
  /** Datagrams that are no frame. */
  invalid: number;
  /** Frames dropped because the link was not open. */
  ignored: number;
  /** Times that the sender fell back to one frame in flight. */
  congestions: number;
  /** Reset frames sent. */
  resets: number;
  /** Times that a silent board was asked whether it is there. */
  probes: number;
}

export function zeroCounters(): ArqCounters {
  return {
    framesSent: 0,
    framesResent: 0,
    framesAcknowledged: 0,
    acksSent: 0,
    framesDelivered: 0,
    outOfOrder: 0,
    duplicates: 0,
    staleAcks: 0,
    invalid: 0,
    ignored: 0,
    congestions: 0,
    resets: 0,
    probes: 0,
  };
}
