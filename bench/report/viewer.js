// The crop viewer of the report: pictures of one set, worst of one method first, ten at a time.
const rows = JSON.parse(document.getElementById("crops").textContent);
const [set, order, more, list] = ["set", "order", "more", "list"].map((id) =>
  document.getElementById(id)
);
const PAGE = 10;
let shown = PAGE;

function option(value, text = value) {
  return Object.assign(document.createElement("option"), { value, textContent: text });
}

function ofSet() {
  return rows.filter((row) => row.set === set.value);
}

/** The methods that have pictures in this set. */
function fillOrder() {
  const before = order.value;
  const methods = [...new Set(ofSet().flatMap((row) => Object.keys(row.results)))];
  order.replaceChildren(...methods.map((name) => option(name, `worst of ${name} first`)));
  order.append(option("", "by name"));
  order.value = methods.includes(before) ? before : methods.at(-1) ?? "";
}

function sorted() {
  const method = order.value;
  const badness = (row) => row.results[method]?.badness ?? -Infinity;
  return method ? ofSet().sort((a, b) => badness(b) - badness(a)) : ofSet();
}

/** A crop; while it is pressed or hovered the truth is shown, so that the eye sees what changes. */
function figure(name, url, caption, truth) {
  const figure = document.createElement("figure");
  const image = Object.assign(document.createElement("img"), { src: url, alt: name });
  const words = Object.assign(document.createElement("figcaption"), {
    textContent: `${name} ${caption}`,
  });
  image.onpointerenter = () => image.src = truth;
  image.onpointerleave = () => image.src = url;
  figure.append(image, words);
  return figure;
}

function section(row) {
  const section = document.createElement("section");
  const title = Object.assign(document.createElement("h3"), { textContent: row.image });
  const strip = Object.assign(document.createElement("div"), { className: "strip" });
  strip.append(figure("truth", row.truth, "", row.truth));
  const first = order.value;
  const names = Object.keys(row.results).sort((a, b) => (b === first) - (a === first));
  for (const name of names) {
    const { url, caption } = row.results[name];
    strip.append(figure(name, url, caption, row.truth));
  }
  section.append(title, strip);
  return section;
}

function draw() {
  const all = sorted();
  list.replaceChildren(...all.slice(0, shown).map(section));
  more.hidden = shown >= all.length;
  more.textContent = `show ten more of ${all.length}`;
}

set.append(...[...new Set(rows.map((row) => row.set))].map((key) => option(key)));
set.onchange = () => {
  shown = PAGE;
  fillOrder();
  draw();
};
order.onchange = () => {
  shown = PAGE;
  draw();
};
more.onclick = () => {
  shown += PAGE;
  draw();
};
fillOrder();
draw();
