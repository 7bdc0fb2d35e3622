/** What a running calibration tells the outside: typed events; the terminal and the log are two of their readers. */

export type Phase = "target" | "record" | "autoencoder" | "posterior" | "predictive" | "report";

export type CalibrationEvent =
  | {
      readonly type: "phase-started";
      readonly phase: Phase;
      readonly label: string;
      readonly total: number;
      readonly unit: string;
    }
  | {
      readonly type: "phase-progress";
      readonly phase: Phase;
      readonly done: number;
      /** How much of `done` an earlier session did; default 0. */
      readonly kept?: number;
      readonly detail?: string;
    }
  | { readonly type: "phase-finished"; readonly phase: Phase; readonly seconds: number; readonly detail?: string }
  | { readonly type: "notice"; readonly text: string };

export type CalibrationListener = (event: CalibrationEvent) => void;
