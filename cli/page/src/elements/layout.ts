/** The markup that the page starts with. @module */

/** The content of `<sr-app>`. */
export const LAYOUT = `
  <header>
    <svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" /><path d="M7 7h7v7H7zM18 18h7v7h-7z" /><path d="M18 7h7v7M7 18v7h7" /></svg>
    <h1>srzoo</h1>
    <p>Small photographs, large and sharp. Nothing leaves this browser.</p>
    <details class="badge" hidden><summary></summary><p></p></details>
  </header>
  <main>
    <section class="stage" aria-label="Photograph">
      <sr-picker></sr-picker>
      <sr-compare hidden></sr-compare>
      <div class="tools" role="toolbar" aria-label="View" hidden>
        <span class="segments">
          <button type="button" data-mode="slider" aria-pressed="true">Slider <kbd>1</kbd></button>
          <button type="button" data-mode="side" aria-pressed="false">Side by side <kbd>2</kbd></button>
          <button type="button" data-mode="flip" aria-pressed="false">In turns <kbd>3</kbd></button>
          <button type="button" data-mode="grid" aria-pressed="false" title="All samples side by side" hidden>All <kbd>4</kbd></button>
        </span>
        <span class="segments">
          <button type="button" data-zoom="out" aria-label="Zoom out">&minus;</button>
          <button type="button" data-zoom="fit">Fit</button>
          <button type="button" data-zoom="actual">1:1</button>
          <button type="button" data-zoom="in" aria-label="Zoom in">+</button>
        </span>
        <button type="button" class="select" aria-pressed="false">Select an area <kbd>S</kbd></button>
        <button type="button" class="other">New photograph</button>
      </div>
      <sr-samples hidden></sr-samples>
    </section>
    <section class="settings" aria-label="Settings">
      <sr-controls></sr-controls>
      <p class="note"><strong>Invented detail.</strong> A generative model draws what could have been there: letters, faces
        and number plates in the result are guesses. Draw several samples to see how much they vary.</p>
    </section>
    <section class="dock" aria-label="Work">
      <p class="cost"></p>
      <sr-status></sr-status>
      <div class="actions">
        <button type="button" class="primary run" disabled>Enlarge</button>
        <button type="button" class="trial" disabled>Try an area</button>
        <button type="button" class="primary retry" hidden>Try again</button>
        <button type="button" class="cancel" hidden>Cancel</button>
      </div>
      <div class="save segments" hidden>
        <label class="only-read" for="format">File format</label>
        <select class="format" id="format"><option value="png">PNG</option><option value="jpeg">JPEG</option><option value="webp">WebP</option></select>
        <button type="button" class="download">Save</button>
      </div>
    </section>
    <section class="copies" aria-label="Copies">
      <button type="button" class="copy">Copy image</button>
      <button type="button" class="command" title="Copy the command that makes the same image">Copy command</button>
    </section>
  </main>`;
