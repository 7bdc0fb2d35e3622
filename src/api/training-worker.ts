/** The thread of a training host: one training at a time, on kernels of its own. */
import { parentPort } from "node:worker_threads";
import { runJob, type TrainingJob } from "../calib/flow/training-host.js";
import { TrainingDiverged } from "../calib/nn/errors.js";
import { loadKernels } from "../kernels/load.js";
import { Kernels } from "../kernels/spaces.js";
import type { FromTrainer, ToTrainer } from "./training-messages.js";

const port = parentPort;
if (port === null) throw new Error("this file is the entry of a worker thread");

const send = (message: FromTrainer): void => port.postMessage(message);
/** The one answer that the running training waits for. */
let answered: (message: ToTrainer) => void = () => {};
const ask = (question: FromTrainer): Promise<ToTrainer> =>
  new Promise((resolve) => {
    answered = resolve;
    send(question);
  });

const loaded = loadKernels();
const kernels = loaded.variant === "none" ? undefined : new Kernels(loaded.variant, loaded.module);

async function train(job: TrainingJob): Promise<void> {
  try {
    if (kernels === undefined) throw new Error("a training thread found no kernels");
    const trained = await runJob(kernels, job, {
      // Cancelling ends the thread.
      signal: new AbortController().signal,
      theta: async (key) => {
        const answer = await ask({ type: "theta", key });
        return answer.type === "theta" ? answer.theta : new Float32Array(0);
      },
      epoch: (report) => send({ type: "epoch", report }),
      state: async (state) => void (await ask({ type: "state", state })),
    });
    send({ type: "done", trained });
  } catch (error) {
    if (error instanceof TrainingDiverged) {
      const { network, epoch, loss } = error;
      send({ type: "diverged", network, epoch, loss });
    } else send({ type: "failed", error });
  }
}

port.on("message", (message: ToTrainer) => {
  if (message.type === "train") void train(message.job);
  else answered(message);
});
