/**
 * A cure for a lost wake-up in the package's binding for Linux and macOS (docs/discoveries/serial-poller.md): to wait
 * for "readable" replaces a wait for "writable" that is under way, so that a writer may sleep until the other end sends
 * something. Asking each time for all that somebody still waits for brings both.
 */
const events = { readable: 1, writable: 2, disconnect: 4 } as const;

interface Poller {
  poll(flags?: number): void;
  listenerCount(event: string): number;
}

/**
 * Let waits for different events stand side by side. Does nothing for a binding without such a poller (Windows, mocks).
 * @param port an open port of the package
 */
export function keepWaits(port: object): void {
  const { port: binding } = port as { readonly port?: { readonly poller?: Partial<Poller> } };
  const poller = binding?.poller;
  if (typeof poller?.poll !== "function" || typeof poller.listenerCount !== "function") return;
  const whole = poller as Poller;
  const ask = whole.poll.bind(whole);
  whole.poll = (flags = 0) => {
    let all = flags;
    for (const [name, flag] of Object.entries(events)) if (whole.listenerCount(name) > 0) all |= flag;
    ask(all);
  };
}
