/// <reference types="../env.d.ts" />
/** Chooses a photograph: dropped, pasted, picked, or one of the samples. @module */

/** A sample that comes with the page. */
interface Sample {
  file: string;
  name: string;
}

const SAMPLES: readonly Sample[] = [
  { file: "coffee.png", name: "Coffee" },
  { file: "chelsea.png", name: "Cat" },
  { file: "astronaut.png", name: "Astronaut" },
];

/** `<sr-picker>`: fires the event `pick`, whose detail is a `File`. */
export class Picker extends HTMLElement {
  connectedCallback(): void {
    if (this.childElementCount > 0) return;
    this.innerHTML = `
      <label class="drop">
        <input type="file" accept="image/png,image/jpeg,image/webp" />
        <svg viewBox="0 0 48 48" aria-hidden="true"><path d="M24 31V11m0 0-8 8m8-8 8 8M9 31v6h30v-6" /></svg>
        <strong class="by-mouse">Drop a photograph here</strong>
        <strong class="by-touch">Enlarge a photograph</strong>
        <span class="by-mouse">or paste it, or</span>
        <b>Choose a file</b>
        <span>JPEG, PNG or WebP. It stays on this device.</span>
      </label>
      <div class="samples"><p>Or try one of these</p></div>`;
    const input = this.querySelector("input")!;
    input.addEventListener("change", () => {
      if (input.files?.[0]) this.#pick(input.files[0]);
      input.value = "";
    });
    const samples = this.querySelector(".samples")!;
    for (const sample of SAMPLES) samples.append(this.#button(sample));
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.classList.add("over");
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) this.classList.remove("over");
    });
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      this.classList.remove("over");
      const file = event.dataTransfer?.files[0];
      if (file) this.#pick(file);
    });
    document.addEventListener("paste", (event) => {
      const file = event.clipboardData?.files[0];
      if (file) this.#pick(file);
    });
  }

  #button({ file, name }: Sample): HTMLButtonElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sample";
    button.dataset.sample = file;
    const url = `${import.meta.env.BASE_URL}samples/${file}`;
    button.innerHTML = `<img alt="" width="120" height="80" src="${url}" /><span>${name}</span>`;
    button.addEventListener("click", async () => {
      const response = await fetch(url);
      this.#pick(new File([await response.blob()], file, { type: "image/png" }));
    });
    return button;
  }

  #pick(file: File): void {
    this.dispatchEvent(new CustomEvent("pick", { detail: file }));
  }
}
