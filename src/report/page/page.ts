/** The frame of a report: one static HTML file with its style and figures inside, without script and without network. */
import type { Figure } from "../figures/figure.js";
import { type Html, html, trusted } from "./html.js";
import { pageStyle } from "./style.js";

/** @returns an HTML document, UTF-8 */
export function renderPage(title: string, lead: string, body: Html): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title} – hxloop</title>
<style>${trusted(pageStyle)}</style>
</head>
<body>
<main>
<header>
<h1>${title}</h1>
<p class="lead">${lead}</p>
</header>
${body}
</main>
</body>
</html>
`;
  return page.text;
}

export function figureBlock({ name, title, caption, svg }: Figure, index: number): Html {
  return html`<figure id="${name}">
<h2>Figure ${index + 1}. ${title}</h2>
${trusted(svg)}
<figcaption>${unbroken(caption)}</figcaption>
</figure>
`;
}

/** Keep a number and its unit on one line. */
function unbroken(text: string): string {
  return text.replace(/(\d) (?=%|µs|LSB)/g, "$1\u00a0");
}
