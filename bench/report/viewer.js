// The crop viewer of the report: images of one set, worst of one method first, ten at a time.
const { rows, start } = JSON.parse(document.getElementById("crops").textContent);
const [set, order, held, size, more, list] = ["set", "order", "held", "size", "more", "list"].map(
  (id) => document.getElementById(id),
);
const PAGE = 10;
const BY_NAME = "by name";
let shown = PAGE;

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function option(value, text = value) {
  return element("option", { value, textContent: text });
}

function ofSet() {
  return rows.filter((row) => row.set === set.value);
}

/** Fills a choice; what was chosen stays if it can. */
function fill(select, options, ...otherwise) {
  const wanted = [select.value, ...otherwise];
  select.replaceChildren(...options);
  const values = options.map(({ value }) => value);
  select.value = wanted.find((value) => values.includes(value));
}

/** The methods that have images in this set. */
function fillMethods() {
  const methods = [...new Set(ofSet().flatMap((row) => Object.keys(row.results)))];
  const worst = methods.map((name) => option(name, `worst of ${name} first`));
  fill(order, [...worst, option(BY_NAME)], start, methods.at(-1), BY_NAME);
  fill(held, ["truth", ...methods].map((name) => option(name)), "truth");
}

function sorted() {
  const badness = (row) => row.results[order.value]?.badness ?? -Infinity;
  return order.value === BY_NAME ? ofSet() : ofSet().sort((a, b) => badness(b) - badness(a));
}

/** A crop; while it is pointed at or held, another one takes its place, so that the eye sees what changes. */
function figure(name, url, caption, row) {
  const image = element("img", { alt: `${name} of ${row.image}` });
  const button = element("button", { className: "crop", type: "button" }, image);
  const title = element("b"), words = element("span");
  const figure = element("figure", {}, button, element("figcaption", {}, title, " ", words));
  const show = (other) => {
    const result = row.results[held.value];
    const shown = !other
      ? { name, url, caption }
      : result
      ? { name: held.value, ...result }
      : { name: "truth", url: row.truth, caption: "" };
    image.src = shown.url;
    title.textContent = shown.name;
    words.textContent = shown.caption;
    figure.classList.toggle("other", other);
  };
  show(false);
  button.onpointerenter = () => show(true);
  button.onpointerleave = button.onblur = button.onkeyup = () => show(false);
  button.onkeydown = (event) => {
    if (event.key === " " || event.key === "Enter") show(true);
    else if (!move(button, event.key)) return;
    event.preventDefault();
  };
  return figure;
}

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Goes to the next crop of the same image, or to the same method of the next image. */
function move(button, key) {
  if (!STEPS[key]) return false;
  const [across, down] = STEPS[key];
  const strips = [...list.querySelectorAll(".strip")];
  const strip = button.closest(".strip");
  const column = [...strip.querySelectorAll(".crop")].indexOf(button);
  const next = strips[strips.indexOf(strip) + down]?.querySelectorAll(".crop")[column + across];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return true;
}

function section(row) {
  const first = order.value;
  const names = Object.keys(row.results).sort((a, b) => (b === first) - (a === first));
  const crops = names.map((name) =>
    figure(name, row.results[name].url, row.results[name].caption, row)
  );
  const strip = element(
    "div",
    { className: "strip" },
    figure("truth", row.truth, "", row),
    ...crops,
  );
  return element("section", {}, element("h3", { textContent: row.image }), strip);
}

function draw() {
  const all = sorted();
  list.replaceChildren(...all.slice(0, shown).map(section));
  more.hidden = shown >= all.length;
  more.textContent = `show ten more of ${all.length}`;
}

function again() {
  shown = PAGE;
  draw();
}

function resize() {
  list.style.setProperty("--side", `${128 * size.value}px`);
}

set.append(...[...new Set(rows.map((row) => row.set))].map((key) => option(key)));
set.onchange = () => {
  fillMethods();
  again();
};
order.onchange = again;
size.onchange = resize;
more.onclick = () => {
  shown += PAGE;
  draw();
};
resize();
fillMethods();
draw();
