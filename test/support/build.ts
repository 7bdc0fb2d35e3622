/** Vitest set-up: worker threads and the command line run from dist/, so dist/ must be as new as the sources. */
import { build } from "../../scripts/build.mjs";

export function setup(): void {
  build({ tolerateTypeErrors: true });
}
