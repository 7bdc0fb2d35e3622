/**
 * Choice of the tensor backend, made once per process: tfjs-node when it can be imported, else WebAssembly, else plain
 * JavaScript. A candidate counts only after it has multiplied two matrices. Nothing here knows networks.
 */
import * as tf from "@tensorflow/tfjs-core";
import { BackendUnavailable } from "./errors.js";

export type BackendName = "tfjs-node" | "wasm" | "cpu";
export type BackendPreference = "auto" | BackendName;

export interface BackendReport {
  readonly name: BackendName;
  /** Package versions: `tfjs-core` and the backend's own. */
  readonly versions: Readonly<Record<string, string>>;
  /** Faster candidates that were tried before, and why each was not taken. Empty after an explicit choice. */
  readonly rejected: readonly { readonly name: BackendName; readonly reason: string }[];
}

/** Fastest first. `id` is the name under which the package registers itself. */
const candidates: Readonly<Record<BackendName, { id: string; load: () => Promise<string> }>> = {
  "tfjs-node": { id: "tensorflow", load: loadTfjsNode },
  wasm: {
    id: "wasm",
    load: async () => (await import("@tensorflow/tfjs-backend-wasm")).version_wasm,
  },
  cpu: {
    id: "cpu",
    load: async () => (await import("@tensorflow/tfjs-backend-cpu")).version_cpu,
  },
};

/**
 * Make a backend the current one.
 * @throws BackendUnavailable when the named one cannot run, or with `auto` when none can
 */
export async function selectBackend(preference: BackendPreference): Promise<BackendReport> {
  const order: readonly BackendName[] = preference === "auto" ? ["tfjs-node", "wasm", "cpu"] : [preference];
  const rejected: { name: BackendName; reason: string }[] = [];
  for (const name of order) {
    try {
      const version = await activate(name);
      return { name, versions: { "tfjs-core": tf.version_core, [name]: version }, rejected };
    } catch (error) {
      if (preference !== "auto") throw new BackendUnavailable(name, reasonOf(error), { cause: error });
      rejected.push({ name, reason: reasonOf(error) });
    }
  }
  throw new BackendUnavailable("auto", rejected.map(({ name, reason }) => `${name}: ${reason}`).join("; "));
}

/** Whether the current backend is a native library, whose own ops are then used. */
export function hasNativeOps(): boolean {
  return tf.getBackend() === candidates["tfjs-node"].id;
}

async function activate(name: BackendName): Promise<string> {
  const { id, load } = candidates[name];
  const restoreHandlers = rememberProcessHandlers();
  try {
    const version = await load();
    await startAndProbe(id);
    return version;
  } finally {
    restoreHandlers();
  }
}

async function startAndProbe(id: string): Promise<void> {
  const previous = tf.engine().backendName;
  try {
    if (!(await tf.setBackend(id))) throw new Error("the package loaded, but its backend did not start");
    const probe = tf.tidy(() => {
      const eye = tf.tensor2d([1, 0, 0, 1], [2, 2]);
      return tf.matMul(eye, tf.tensor2d([1, 2, 3, 4], [2, 2])).dataSync();
    });
    if (probe.join() !== "1,2,3,4") throw new Error(`multiplied wrongly: ${probe.join()}`);
  } catch (error) {
    if (previous) await tf.setBackend(previous);
    throw error;
  }
}

/**
 * Backends compiled by Emscripten install process-wide handlers that rethrow every uncaught error from inside the
 * bundle, which hides where it came from and replaces the program's own policy. Handlers added meanwhile are removed.
 */
function rememberProcessHandlers(): () => void {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const before = new Map(events.map((event) => [event, new Set<unknown>(process.listeners(event as "exit"))]));
  return () => {
    for (const event of events) {
      for (const listener of process.listeners(event as "exit")) {
        if (!before.get(event)?.has(listener)) process.removeListener(event, listener);
      }
    }
  };
}

async function loadTfjsNode(): Promise<string> {
  // tfjs-node 4.22 calls two helpers that Node 23 removed from util; the fix was merged (tfjs#8425), never released.
  const { default: util } = await import("node:util");
  const legacy = util as unknown as Record<string, unknown>;
  legacy.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  legacy.isArray ??= Array.isArray;
  // A variable keeps the compiler from resolving a package that is usually absent.
  const packageName: string = "@tensorflow/tfjs-node";
  const module = (await import(packageName)) as { version?: Record<string, string> };
  return module.version?.["tfjs-node"] ?? "unknown";
}

/** What a person needs of an error: one line, and no paths of an installation. */
function reasonOf(error: unknown): string {
  if ((error as { code?: unknown }).code === "ERR_MODULE_NOT_FOUND") return "its package is not installed";
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] ?? text;
}
