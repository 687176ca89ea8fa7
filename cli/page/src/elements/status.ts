/** What the page is doing, and what went wrong. @module */

/** `<sr-status>`: a line of text and a progress bar; screen readers announce each tenth. */
export class Status extends HTMLElement {
  #spoken = -1;

  connectedCallback(): void {
    if (this.childElementCount > 0) return;
    this.innerHTML = `
      <progress max="1" value="0" aria-label="Progress" hidden></progress>
      <p class="line"></p>
      <p class="spoken" aria-live="polite"></p>
      <p class="error" role="alert"></p>`;
  }

  /** Shows what is going on, and the `fraction` that is done if it is known. */
  work(line: string, fraction?: number): void {
    const bar = this.querySelector("progress")!;
    bar.hidden = false;
    if (fraction === undefined) bar.removeAttribute("value");
    else bar.value = fraction;
    this.#line(line);
    this.querySelector(".error")!.textContent = "";
    const tenth = Math.floor(10 * (fraction ?? 0));
    if (tenth === this.#spoken) return;
    this.#spoken = tenth;
    this.querySelector(".spoken")!.textContent = fraction === undefined
      ? line
      : `${10 * tenth} percent done`;
  }

  /** Shows how it ended. */
  rest(line: string): void {
    this.querySelector("progress")!.hidden = true;
    this.#line(line);
    this.querySelector(".error")!.textContent = "";
    this.querySelector(".spoken")!.textContent = line;
    this.#spoken = -1;
  }

  /** Shows what went wrong. */
  fail(message: string): void {
    this.rest("");
    this.querySelector(".error")!.textContent = message;
  }

  #line(text: string): void {
    this.querySelector(".line")!.textContent = text;
  }
}
