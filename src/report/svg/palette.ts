/**
 * Colours by meaning, the same in every figure. Recorded data are ink; blue and orange stay apart for every common kind
 * of colour blindness and differ in lightness, as do magenta and teal. On a page the colours are CSS variables, so that
 * the figures follow a dark screen and print light; a figure that stands alone takes the light values.
 */
export interface Palette {
  /** Text, and recorded data: the target, test traces. */
  readonly ink: string;
  /** Secondary text. */
  readonly muted: string;
  /** Frames and rules. */
  readonly rule: string;
  readonly background: string;
  /** Posterior samples and their emulations. */
  readonly draw: string;
  /** Emulations at one and the same setting. */
  readonly repeat: string;
  /** What the autoencoder makes of the test set. */
  readonly test: string;
  readonly validation: string;
  /** The prior's range. */
  readonly prior: string;
  /** Stimulus window. */
  readonly stimulus: string;
}

export const lightPalette: Palette = {
  ink: "#1b1f24",
  muted: "#5a636e",
  rule: "#c3c9d0",
  background: "#ffffff",
  draw: "#0a66b7",
  repeat: "#c9520c",
  test: "#a3307e",
  validation: "#0b7a6a",
  prior: "#dfe3e8",
  stimulus: "#f5efdc",
};

export const darkPalette: Palette = {
  ink: "#e8eaed",
  muted: "#a2abb5",
  rule: "#4a525c",
  background: "#14171b",
  draw: "#62b0f5",
  repeat: "#f29a4e",
  test: "#e585c5",
  validation: "#49c5b1",
  prior: "#363d46",
  stimulus: "#292619",
};

/** Names of the variables that a page may set; each falls back to the light value. */
export const pagePalette: Palette = mapPalette((name) => `var(--hx-${name},${lightPalette[name]})`);

/** CSS declarations that set a page's variables to a palette. */
export function paletteDeclarations(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, value]) => `--hx-${name}:${value};`)
    .join("");
}

function mapPalette(value: (name: keyof Palette) => string): Palette {
  return Object.fromEntries(
    Object.keys(lightPalette).map((name) => [name, value(name as keyof Palette)]),
  ) as unknown as Palette;
}
