/** The samples of a photograph, small, to choose from. @module */

/** Side of a small image, in pixels of its own. */
const SIDE = 144;

/** `<sr-samples>`: fires `choose` with the index of a chosen sample, and `overlay` when differences are shown or hidden. */
export class Samples extends HTMLElement {
  connectedCallback(): void {
    if (this.childElementCount > 0) return;
    this.innerHTML = `
      <div class="thumbs" role="group" aria-label="Samples"></div>
      <label class="check uncertain"><input type="checkbox" /> Where the samples differ</label>`;
    this.#wish.addEventListener("change", () => this.dispatchEvent(new CustomEvent("overlay")));
  }

  get #wish(): HTMLInputElement {
    return this.querySelector("input")!;
  }

  get #thumbs(): HTMLElement {
    return this.querySelector(".thumbs")!;
  }

  /** Shows all samples; differences can be shown if there are several. */
  show(samples: readonly HTMLCanvasElement[]): void {
    this.hidden = samples.length === 0;
    this.querySelector<HTMLElement>(".uncertain")!.hidden = samples.length < 2;
    this.#wish.checked = false;
    this.#thumbs.replaceChildren(...samples.map((sample, i) => this.#button(sample, i)));
  }

  /** The sample that is shown, if one is. */
  set chosen(index: number | undefined) {
    for (const [i, button] of [...this.#thumbs.children].entries()) {
      button.setAttribute("aria-pressed", `${i === index}`);
    }
  }

  /** Whether differences are to be shown. */
  get overlay(): boolean {
    return this.#wish.checked;
  }

  #button(sample: HTMLCanvasElement, index: number): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.setAttribute("aria-label", `Sample ${index + 1}`);
    const small = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
    const side = Math.min(sample.width, sample.height);
    const [x, y] = [(sample.width - side) / 2, (sample.height - side) / 2];
    const context = small.getContext("2d")!;
    context.imageSmoothingQuality = "high";
    context.drawImage(sample, x, y, side, side, 0, 0, SIDE, SIDE);
    button.append(small);
    button.addEventListener(
      "click",
      () => this.dispatchEvent(new CustomEvent("choose", { detail: index })),
    );
    return button;
  }
}
