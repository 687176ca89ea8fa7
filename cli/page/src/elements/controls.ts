/** The form with all choices. @module */

import type { Choice } from "../entries.ts";
import type { Entry } from "../messages.ts";
import { restoreOf, type Settings, temperatureIn } from "../settings.ts";
import { inPercent } from "../words.ts";

/** `<sr-controls>`: fires the event `settings`, whose detail is the settings. */
export class Controls extends HTMLElement {
  #settings!: Settings;
  #choices: readonly Choice[] = [];
  /** The entry that is open. */
  #entry?: Entry;

  /** Builds the form. */
  show(choices: readonly Choice[], settings: Settings): void {
    this.#choices = choices;
    this.innerHTML = `
      <form>
        <label class="wide">Model <select name="model">${
      choices.map(({ id, name }) => `<option value="${id}">${name}</option>`).join("")
    }</select></label>
        <p class="about wide"></p>
        <div class="drawn">
          <label>Seed <span class="pair"><input name="seed" type="number" min="0" max="9007199254740991" step="1" />
            <button type="button" class="reroll" aria-label="Draw another seed" title="Draw another seed">
              <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M20 11a8 8 0 1 0-2.3 6.3M20 4v7h-7" /></svg>
            </button></span></label>
          <label>Samples <input name="samples" type="number" min="1" max="9" step="1" /></label>
          <label class="wide" for="fidelity">Invented detail <output name="fidelity-shown"></output>
            <input id="fidelity" name="fidelity" type="range" min="0" max="1" step="0.05" /></label>
        </div>
        <div class="damage wide" hidden>
          <label for="restore">Remove damage <output name="restore-shown"></output>
            <input id="restore" name="restore" type="range" min="0" max="1" step="0.05" /></label>
          <label class="check"><input name="restore-auto" type="checkbox" />
            Automatic: as much JPEG damage and noise as the photograph shows</label>
        </div>
        <details class="more wide">
          <summary>More settings</summary>
          <div class="drawn">
            <label class="wide stepped">Steps <input name="steps" type="number" min="1" step="1" placeholder="auto" /></label>
            <label class="wide" for="temperature">Temperature <output name="temperature-shown"></output>
              <input id="temperature" name="temperature" type="range" min="0" max="1" step="0.05" /></label>
          </div>
          <label class="check"><input name="consistency" type="checkbox" />
            Keep it exact: shrunk again, the result matches the photograph</label>
        </details>
      </form>`;
    this.addEventListener("input", ({ target }) => {
      const { name } = target as HTMLInputElement;
      if (name.startsWith("restore")) this.#readDamage();
      if (name === "temperature") this.#readTemperature();
      this.#read();
    });
    this.addEventListener("submit", (event) => event.preventDefault());
    this.querySelector(".reroll")!.addEventListener("click", () => {
      this.#field("seed").value = `${crypto.getRandomValues(new Uint32Array(1))[0]}`;
      this.#read();
    });
    this.settings = settings;
  }

  /** The settings that the form shows. */
  set settings(settings: Settings) {
    this.#settings = settings;
    this.#write();
  }

  /** Shows only the options that the entry has. */
  fit(entry: Entry): void {
    for (const part of this.querySelectorAll<HTMLElement>(".drawn")) {
      part.hidden = !entry.generative;
    }
    this.#entry = entry;
    this.querySelector<HTMLElement>(".damage")!.hidden = !entry.restore;
    this.#field("restore-auto").closest("label")!.hidden = !entry.restore?.finds;
    this.#writeDamage();
    this.#writeTemperature();
    this.querySelector<HTMLElement>(".stepped")!.hidden = !entry.steps;
    if (!entry.steps) return;
    this.#field("steps").max = `${entry.steps.max}`;
    this.#field("steps").placeholder = `${entry.steps.default} of ${entry.steps.max}`;
  }

  /** Moves the slider to the damage that a run found, as a start for a choice by hand. */
  found(damage: number): void {
    if (this.#field("restore-auto").checked) this.#field("restore").value = `${damage}`;
  }

  #field(name: string): HTMLInputElement {
    return this.querySelector(`[name="${name}"]`)!;
  }

  #write(): void {
    const { model, seed, samples, steps, fidelity, temperature, consistency } = this.#settings;
    this.#field("model").value = model;
    this.#field("seed").value = `${seed}`;
    this.#field("samples").value = `${samples}`;
    this.#field("steps").value = steps ? `${steps}` : "";
    this.#field("fidelity").value = `${fidelity}`;
    this.#field("consistency").checked = consistency;
    const isChosen = steps !== undefined || temperature !== undefined || consistency;
    this.querySelector("details")!.open = isChosen;
    this.#writeDamage();
    this.#writeTemperature();
    this.#tell();
  }

  #writeDamage(): void {
    const value = restoreOf(this.#settings, this.#entry?.restore);
    const isAuto = value === "auto";
    this.#field("restore-auto").checked = isAuto;
    this.#field("restore").disabled = isAuto;
    // With "auto" the slider stays where found() has put it.
    if (value !== undefined && value !== "auto") this.#field("restore").value = `${value}`;
    this.#field("restore-shown").value = value === "auto" ? value : inPercent(value ?? 0);
  }

  /** Takes the choice of damage; the card's default stays undefined, since the next entry may have another. */
  #readDamage(): void {
    const isAuto = this.#field("restore-auto").checked;
    const chosen = isAuto ? "auto" : Number(this.#field("restore").value);
    const restore = chosen === this.#entry?.restore?.default ? undefined : chosen;
    this.#settings = { ...this.#settings, restore };
    this.#writeDamage();
  }

  #writeTemperature(): void {
    const { temperature } = this.#entry ?? {};
    if (!temperature) return;
    this.#field("temperature").max = `${temperature.max}`;
    this.#field("temperature").value = `${temperatureIn(this.#settings, this.#entry!)}`;
    this.#tell();
  }

  /** Takes the chosen temperature; the card's default stays undefined, since the next entry may have another. */
  #readTemperature(): void {
    const chosen = Number(this.#field("temperature").value);
    const temperature = chosen === this.#entry?.temperature?.default ? undefined : chosen;
    this.#settings = { ...this.#settings, temperature };
  }

  #tell(): void {
    const { description = "" } = this.#choices.find(({ id }) => id === this.#settings.model) ?? {};
    this.querySelector(".about")!.textContent = description;
    this.#field("fidelity-shown").value = inPercent(this.#settings.fidelity);
    this.#field("temperature-shown").value = Number(this.#field("temperature").value).toFixed(2);
  }

  #read(): void {
    const form = this.querySelector("form")!;
    const whole = (name: string, fallback: number) => {
      const field = this.#field(name);
      return field.value !== "" && field.validity.valid ? Number(field.value) : fallback;
    };
    if (!form.isConnected) return;
    this.#settings = {
      model: this.#field("model").value,
      seed: whole("seed", this.#settings.seed),
      samples: whole("samples", this.#settings.samples),
      steps: this.#field("steps").value === ""
        ? undefined
        : whole("steps", this.#settings.steps ?? 1),
      fidelity: Number(this.#field("fidelity").value),
      restore: this.#settings.restore,
      temperature: this.#settings.temperature,
      consistency: this.#field("consistency").checked,
    };
    this.#tell();
    this.dispatchEvent(new CustomEvent("settings", { detail: this.#settings }));
  }
}
