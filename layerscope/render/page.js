"use strict";
// The script of every page: a map of boxes whose areas are bytes, and tables that sort and filter.
// It uses nothing but the page's own data, writes text only as text, and styles only through properties.
(function () {
  const UNITS = {
    si: [1000, ["B", "kB", "MB", "GB", "TB", "PB"]],
    iec: [1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]],
  };

  // A number with a fixed count of decimals; ties go to the even digit, as in Python.
  function fixed(value, digits) {
    const doubled = value * 2 ** (digits + 1);
    if (!Number.isInteger(doubled) || doubled % 2 === 0) return value.toFixed(digits);
    const low = Math.floor(value * 10 ** digits);
    return ((low + (low % 2)) / 10 ** digits).toFixed(digits);
  }

  // Bytes in the words of render/units.py.
  function formatted(count, units) {
    if (!UNITS[units]) return count.toLocaleString("en") + " B";
    const [step, names] = UNITS[units];
    if (Math.abs(count) < step) return count + " B";
    let value = count, power = 0;
    while (Math.abs(value) >= step && power < names.length - 1) { value /= step; power += 1; }
    if (Math.abs(value) >= step - 0.5 && power < names.length - 1) { value /= step; power += 1; }
    const digits = Math.abs(value) < 9.995 ? 2 : Math.abs(value) < 99.95 ? 1 : 0;
    return fixed(value, digits) + " " + names[power];
  }

  function percent(part, whole) {
    if (!whole) return "0%";
    const value = (100 * part) / whole;
    return value > 0 && value < 9.95 ? fixed(value, 1) + "%" : fixed(value, 0) + "%";
  }

  function counted(count, one, many) {
    return count.toLocaleString("en") + " " + (count === 1 ? one : many || one + "s");
  }

  // The boxes [x, y, width, height] of values in descending order, nearly square (Bruls, Huizing and van Wijk 2000).
  function squarified(values, x, y, width, height) {
    const boxes = [];
    const total = values.reduce((sum, value) => sum + value, 0);
    const scale = total > 0 ? (width * height) / total : 0;
    let start = 0;
    while (start < values.length) {
      const side = Math.min(width, height);
      let end = start, area = 0, worst = Infinity;
      while (end < values.length) {
        const next = area + values[end] * scale;
        const ratio = Math.max(
          (side * side * values[start] * scale) / (next * next), (next * next) / (side * side * values[end] * scale));
        if (ratio > worst) break;
        worst = ratio; area = next; end += 1;
      }
      if (end === start) end = values.length; // No room is left, not even for one.
      const thickness = side > 0 ? area / side : 0;
      let offset = 0;
      for (let place = start; place < end; place += 1) {
        const length = thickness > 0 ? (values[place] * scale) / thickness : 0;
        boxes.push(width >= height ? [x, y + offset, thickness, length] : [x + offset, y, length, thickness]);
        offset += length;
      }
      if (width >= height) { x += thickness; width = Math.max(0, width - thickness); }
      else { y += thickness; height = Math.max(0, height - thickness); }
      start = end;
    }
    return boxes;
  }

  // Members of a cell, in the order of model/size_map.py.
  const NODE = 0, LAYER = 1, PACKAGE = 2, FINDING = 3, STAGE = 4, STATE = 5, HIDDEN = 6, BYTES = 7, FILES = 8;
  // What the map can be limited to.
  const SHOWN = {
    all: () => true,
    own: (cell) => cell[STATE] !== 0,
    waste: (cell) => cell[STATE] === 2,
    hidden: (cell) => cell[HIDDEN],
  };
  const STATES = [["base", "base image"], ["own", "your own"], ["waste", "reclaimable"], ["trade", "trade"]];

  // A part of the tree; `cells` are places of cells that belong to it and to none of its children.
  function branch(label, parent) {
    const made = { label, parent, children: [], cells: [], bytes: 0, files: 0, isSorted: false };
    if (parent) parent.children.push(made);
    return made;
  }

  // What cells say in words, for one image.
  function reader(data) {
    const paths = [];
    function path(place) {
      if (place === 0) return "/";
      if (paths[place] === undefined) {
        const steps = [];
        let at = place;
        while (at !== 0 && paths[at] === undefined) { steps.push(at); at = data.parents[at]; }
        let before = at === 0 ? "/" : paths[at];
        while (steps.length) { const one = steps.pop(); before += data.names[one]; paths[one] = before; }
      }
      return paths[place];
    }
    const named = (of, index, none) => (index === -1 ? none : index === -2 ? "others" : of[index]);
    return {
      path,
      layer: (cell) => named(data.layers, cell[LAYER], ""),
      stage: (cell) => named(data.stages, cell[STAGE], ""),
      finding: (cell) => named(data.findings, cell[FINDING], ""),
      package: (cell) => {
        const found = named(data.packages, cell[PACKAGE], ["", ""]);
        return typeof found === "string" ? ["other packages", "others"] : found;
      },
    };
  }

  // The labels of the groups that a cell is in, above its path.
  const GROUPS = {
    directory: () => [],
    package: (cell, words) => {
      const [type, name] = words.package(cell);
      return name ? [type, name] : ["not owned by a package"];
    },
    instruction: (cell, words) => [words.layer(cell)],
    stage: (cell, words) => [
      cell[STATE] === 0 ? "base image" : words.stage(cell) || "not copied from a stage"],
  };

  function treeOf(data, words, group, isKept) {
    const root = branch("/", null);
    const groups = new Map([["", { base: root, nodes: new Map() }]]);
    const labels = GROUPS[group];
    function groupOf(names) {
      const key = names.join("\0");
      let found = groups.get(key);
      if (!found) {
        const above = groupOf(names.slice(0, -1)).base;
        found = { base: branch(names[names.length - 1], above), nodes: new Map() };
        found.base.isGroup = true;
        groups.set(key, found);
      }
      return found;
    }
    function nodeOf(found, place) {
      const steps = [];
      while (place !== 0 && !found.nodes.has(place)) { steps.push(place); place = data.parents[place]; }
      let at = place === 0 ? found.base : found.nodes.get(place);
      while (steps.length) {
        const one = steps.pop();
        at = branch(data.names[one], at);
        found.nodes.set(one, at);
      }
      return at;
    }
    data.cells.forEach((cell, place) => {
      if (!isKept(place)) return;
      let at = nodeOf(groupOf(labels(cell, words)), cell[NODE]);
      at.cells.push(place);
      for (; at; at = at.parent) { at.bytes += cell[BYTES]; at.files += cell[FILES]; }
    });
    return root;
  }

  // What a box for a branch shows: a chain of directories that hold nothing else is one box.
  function chained(node) {
    let label = node.label, last = node;
    while (last.children.length === 1 && !last.cells.length) {
      last = last.children[0];
      label = label.endsWith("/") ? label + last.label : label + " \u203a " + last.label;
    }
    return [last, label.length > 160 ? label.slice(0, 60) + "..." + label.slice(-90) : label];
  }

  // The children of a branch and what it holds itself, biggest first.
  function members(node) {
    if (!node.isSorted) {
      if (node.children.length && node.cells.length) {
        const below = node.children.reduce((sum, one) => sum + one.bytes, 0);
        const files = node.files - node.children.reduce((sum, one) => sum + one.files, 0);
        const rest = {
          label: counted(files, "smaller file"), parent: node, children: [], cells: node.cells,
          bytes: node.bytes - below, files, isSorted: true, isRest: true };
        node.shown = [...node.children, rest];
      } else node.shown = [...node.children];
      node.shown.sort((one, other) => other.bytes - one.bytes);
      node.isSorted = true;
    }
    return node.shown || [];
  }

  function* cellsOf(node) {
    const todo = [node];
    while (todo.length) {
      const one = todo.pop();
      yield* one.cells;
      for (const child of one.children) todo.push(child);
    }
  }

  // Those that are too small to see become one box, which can be opened.
  function visible(node, area) {
    const all = members(node), least = (node.bytes * LEAST_AREA) / area;
    let end = all.length;
    while (end > 1 && all[end - 1].bytes < least) end -= 1;
    if (all.length - end < 2) return all;
    const small = all.slice(end);
    const made = branch("and " + (all.length - end).toLocaleString("en") + " smaller", null);
    made.parent = node; made.children = small; made.shown = small; made.isSorted = true; made.isMany = true;
    for (const one of small) { made.bytes += one.bytes; made.files += one.files; }
    return [...all.slice(0, end), made].sort((one, other) => other.bytes - one.bytes);
  }

  const LEAST_AREA = 260, HEADER = 19, EDGE = 3, MOST_BOXES = 3000;

  // The boxes of a branch in an area, each {node, label, x, y, width, height, isFrame}, outer ones first.
  function laidOut(node, width, height) {
    const boxes = [];
    function fill(parent, x, y, w, h, depth) {
      const shown = visible(parent, w * h);
      squarified(shown.map((one) => one.bytes), x, y, w, h).forEach((box, place) => {
        if (boxes.length >= MOST_BOXES || box[2] < 1 || box[3] < 1) return;
        const [last, label] = chained(shown[place]);
        const isFrame = last.children.length > 0 && !last.isMany && box[2] > 76 && box[3] > 58 && depth < 12;
        boxes.push({ node: last, label, x: box[0], y: box[1], width: box[2], height: box[3], isFrame });
        if (isFrame) {
          fill(last, box[0] + EDGE, box[1] + HEADER, box[2] - 2 * EDGE, box[3] - HEADER - EDGE, depth + 1);
        }
      });
    }
    if (members(node).length) fill(node, 0, 0, width, height, 0);
    else if (node.bytes) boxes.push({ node, label: node.label, x: 0, y: 0, width, height, isFrame: false });
    return boxes;
  }

  function isWhole(words, text) { return words.every((word) => text.includes(word)); }

  function queryOf(text) { return text.toLowerCase().split(/\s+/).filter(Boolean); }

  if (typeof document === "undefined") { // The tests of the functions above.
    globalThis.layerscope = { formatted, percent, squarified, reader, treeOf, laidOut, members, cellsOf, GROUPS };
    return;
  }

  function made(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function button(text, className, action) {
    const element = made("button", className, text);
    element.type = "button";
    element.addEventListener("click", action);
    return element;
  }

  function hue(index) { return (index * 137.5) % 360; }

  // One image's map.
  class SizeMap {
    constructor(figure, data, page) {
      this.figure = figure; this.data = data; this.page = page;
      this.words = reader(data);
      this.area = figure.querySelector(".blocks");
      this.crumbs = figure.querySelector(".crumbs");
      this.sum = figure.querySelector(".sum");
      this.query = []; this.lit = null; this.texts = null; this.boxes = [];
      this.area.addEventListener("click", (event) => this.onBox(event, (box) => this.open(box)));
      this.area.addEventListener("keydown", (event) => this.onKey(event));
      this.area.addEventListener("pointermove", (event) => this.onBox(event, (box) => page.tip.show(this, box, event)));
      this.area.addEventListener("pointerleave", () => page.tip.hide());
      this.area.addEventListener("focusin", (event) => this.onBox(event, (box) => page.tip.show(this, box, null)));
      this.area.addEventListener("focusout", () => page.tip.hide());
      this.rebuild();
    }

    onBox(event, action) {
      const element = event.target.closest("[data-box]");
      if (element) action(this.boxes[Number(element.dataset.box)]);
    }

    onKey(event) {
      const current = this.boxes[Number(document.activeElement.dataset.box)];
      const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (direction && current) this.focus(this.nearest(current, direction));
      else if (event.key === "Escape" || event.key === "Backspace") this.up();
      else if (event.key === "Home") this.page.zoom(this, this.tree);
      else return;
      event.preventDefault();
    }

    // The box whose middle is nearest in a direction.
    nearest(from, [across, down]) {
      const middle = (box) => [box.x + box.width / 2, box.y + (box.isFrame ? HEADER / 2 : box.height / 2)];
      const [x, y] = middle(from);
      let best = from, least = Infinity;
      for (const box of this.boxes) {
        const [one, other] = middle(box);
        const ahead = (one - x) * across + (other - y) * down;
        const aside = Math.abs((one - x) * down) + Math.abs((other - y) * across);
        if (ahead > 0.5 && ahead + 2 * aside < least) { best = box; least = ahead + 2 * aside; }
      }
      return best;
    }

    focus(box) {
      for (const one of this.area.querySelectorAll('[tabindex="0"]')) one.tabIndex = -1;
      const element = this.area.children[this.boxes.indexOf(box)];
      if (element) { element.tabIndex = 0; element.focus(); }
    }

    open(box) {
      if (box.node.children.length) this.page.zoom(this, box.node);
      else this.page.tip.show(this, box, null);
    }

    up() {
      if (this.root.parent) this.page.zoom(this, this.root.parent);
    }

    isKept(place) {
      if (!SHOWN[this.page.shown](this.data.cells[place])) return false;
      if (!this.query.length) return true;
      if (this.texts === null) {
        this.texts = this.data.cells.map((cell) =>
          [this.words.path(cell[NODE]), ...this.words.package(cell), this.words.finding(cell)].join("\n").toLowerCase());
      }
      return isWhole(this.query, this.texts[place]);
    }

    rebuild() {
      const labels = this.root ? labelsOf(this.root) : [];
      this.tree = treeOf(this.data, this.words, this.page.group, (place) => this.isKept(place));
      this.root = reached(this.tree, labels) || this.tree;
    }

    // Draw the branch that is open; the time it takes is measured for whoever asks the browser.
    draw(focused) {
      const start = performance.now();
      const width = this.area.clientWidth || 1000, height = this.area.clientHeight || 500;
      this.boxes = laidOut(this.root, width, height);
      const parts = document.createDocumentFragment();
      this.boxes.forEach((box, place) => parts.append(this.element(box, place, width, height)));
      this.area.replaceChildren(parts);
      if (this.area.firstChild) this.area.firstChild.tabIndex = 0;
      this.caption();
      if (focused && this.boxes.length) this.focus(this.boxes[0]);
      performance.measure("layerscope draw", { start, end: performance.now() });
    }

    element(box, place, width, height) {
      const { node } = box, element = made("button", "box");
      element.type = "button"; element.tabIndex = -1;
      element.setAttribute("aria-describedby", "tip");
      element.dataset.box = place; element.dataset.bytes = node.bytes;
      const size = this.page.size(node.bytes);
      const opens = node.children.length ? ", opens" : "";
      element.setAttribute("aria-label", box.label + ", " + size + ", " + this.share(node) + opens);
      Object.assign(element.style, {
        left: (100 * box.x) / width + "%", top: (100 * box.y) / height + "%",
        width: (100 * box.width) / width + "%", height: (100 * box.height) / height + "%" });
      if (box.isFrame) element.classList.add("frame");
      else element.style.background = this.background(node);
      if (this.lit) element.classList.add(this.isLit(node) ? "lit" : "dim");
      if (box.width > 34 && box.height > 15) {
        element.append(made("span", "name", box.label));
        if (box.isFrame || box.height > 34) element.append(made("span", "bytes", size));
      }
      return element;
    }

    share(node) { return percent(node.bytes, this.data.total) + " " + this.data.whole; }

    isLit(node) {
      for (const place of cellsOf(node)) if (this.lit(this.data.cells[place])) return true;
      return false;
    }

    // The colours of what a box holds, side by side in their proportions.
    background(node) {
      if (this.page.colour === "growth") return this.page.growth(this, node);
      const sums = new Map();
      for (const place of cellsOf(node)) {
        const cell = this.data.cells[place], colour = this.colour(cell);
        sums.set(colour, (sums.get(colour) || 0) + cell[BYTES]);
      }
      const parts = [...sums].sort((one, other) => other[1] - one[1]);
      if (parts.length < 2 || parts[0][1] > 0.995 * node.bytes) return parts.length ? parts[0][0] : "var(--own)";
      let before = 0;
      const stops = parts.slice(0, 6).map(([colour, bytes], place) => {
        const from = before;
        before = place === 5 || place === parts.length - 1 ? 100 : before + (100 * bytes) / node.bytes;
        return colour + " " + from.toFixed(2) + "% " + before.toFixed(2) + "%";
      });
      return "linear-gradient(100deg, " + stops.join(", ") + ")";
    }

    colour(cell) {
      if (this.page.colour === "layer") return "hsl(" + hue(cell[LAYER] + 1) + " var(--s) var(--l))";
      if (this.page.colour === "type") return this.page.typeColour(this.words.package(cell)[0]);
      return "var(--" + STATES[cell[STATE]][0] + ")";
    }

    caption() {
      const nodes = [];
      for (let at = this.root; at; at = at.parent) nodes.unshift(at);
      const parts = nodes.map((node, place) => {
        const label = place ? node.label : this.data.title;
        if (node === this.root) {
          const here = made("span", "here", label);
          here.setAttribute("aria-current", "location");
          return here;
        }
        return button(label, "crumb", () => this.page.zoom(this, node));
      });
      this.crumbs.replaceChildren(...parts);
      const filtered = this.query.length ? " match the filter" : "";
      this.sum.textContent = this.page.size(this.root.bytes) + " in " + counted(this.root.files, this.data.unit) + filtered +
        " (" + this.share(this.root) + ")";
      this.sum.dataset.bytes = this.root.bytes;
    }

    // Lines of words about a branch: what and how big it is, and the most of what it holds.
    facts(box) {
      const { node } = box, size = this.page.size, sums = STATES.map(() => 0);
      const tops = { layer: new Map(), package: new Map(), stage: new Map(), finding: new Map() };
      let hidden = 0, first = -1;
      const add = (of, name, bytes) => name && of.set(name, (of.get(name) || 0) + bytes);
      for (const place of cellsOf(node)) {
        const cell = this.data.cells[place], bytes = cell[BYTES];
        sums[cell[STATE]] += bytes;
        if (cell[HIDDEN]) hidden += bytes;
        if (first < 0) first = cell[NODE];
        add(tops.layer, this.words.layer(cell), bytes);
        add(tops.package, this.words.package(cell)[1], bytes);
        add(tops.stage, this.words.stage(cell), bytes);
        add(tops.finding, this.words.finding(cell), bytes);
      }
      const labels = labelsOf(node);
      const isPath = this.page.group === "directory" && !node.isRest && !node.isMany;
      const lines = [[isPath ? "/" + labels.join("") : labels.join(" \u203a ").replaceAll("/ \u203a ", "/")]];
      lines.push([size(node.bytes) + ", " + this.share(node) + ", " + counted(node.files, this.data.unit)]);
      STATES.forEach(([, name], state) => { if (sums[state]) lines.push([name, size(sums[state])]); });
      if (hidden) lines.push(["hidden by a later layer", size(hidden)]);
      if (this.page.other(this)) lines.push(...this.page.change(this, node));
      const many = { layer: "layers", package: "packages", stage: "stages", finding: "findings" };
      for (const [name, of] of Object.entries(tops)) {
        const most = [...of].sort((one, other) => other[1] - one[1]);
        if (!most.length) continue;
        const listed = most.slice(0, 3).map(([what, bytes]) => (most.length > 1 ? what + " " + size(bytes) : what));
        const more = most.length > 3 ? " and " + (most.length - 3).toLocaleString("en") + " more" : "";
        lines.push([most.length > 1 ? many[name] : name, listed.join("; ") + more]);
      }
      return lines;
    }
  }

  function labelsOf(node) {
    const labels = [];
    for (let at = node; at.parent; at = at.parent) labels.unshift(at.label);
    return labels;
  }

  // The branch below a root that has these labels; nothing where there is none.
  function reached(root, labels) {
    let at = root;
    for (const label of labels) {
      if (!at) return undefined;
      // Looked up for every box that is compared, and a directory may hold thousands.
      if (!at.byLabel) at.byLabel = new Map(at.children.map((one) => [one.label, one]));
      at = at.byLabel.get(label);
    }
    return at;
  }

  class Tip {
    constructor() {
      this.element = made("div", "tip");
      this.element.id = "tip";
      this.element.setAttribute("role", "tooltip");
      this.element.hidden = true;
      document.body.append(this.element);
    }

    show(map, box, event) {
      const lines = map.facts(box).map((words, place) => {
        const line = made("p", place ? "" : "what");
        if (words.length > 1) line.append(made("b", "", words[0] + ": "));
        line.append(words[words.length - 1]);
        return line;
      });
      this.element.replaceChildren(...lines);
      this.element.hidden = false;
      this.focused = event ? null : [map, box];
      const bounds = map.area.getBoundingClientRect(), tip = this.element.getBoundingClientRect();
      const x = event ? event.clientX + 14 : bounds.left + box.x + Math.min(24, box.width);
      const y = event ? event.clientY + 16 : bounds.top + box.y + HEADER + 4;
      const fits = y + tip.height < innerHeight - 4;
      this.element.style.left = Math.max(4, Math.min(x, document.documentElement.clientWidth - tip.width - 8)) + "px";
      this.element.style.top = Math.max(4, fits ? y : (event ? event.clientY : bounds.top + box.y) - tip.height - 12) + "px";
    }

    hide() { this.element.hidden = true; this.focused = null; }

    // The focus keeps what it shows when the page scrolls, as it does when the focus moves; the pointer does not.
    scrolled() {
      if (this.focused) this.show(...this.focused, null);
      else this.hide();
    }
  }

  // The maps of a page with their controls.
  class Maps {
    constructor(section, data) {
      this.section = section; this.data = data; this.tip = new Tip();
      this.group = "directory"; this.shown = "all";
      this.units = data.units;
      this.types = new Map();
      for (const one of data.maps) for (const [type] of Object.values(one.packages)) {
        if (!this.types.has(type)) this.types.set(type, this.types.size);
      }
      section.hidden = false;
      for (const link of document.querySelectorAll('a[href="#map"]')) link.parentElement.hidden = false;
      const control = (name) => section.querySelector('[data-control="' + name + '"]');
      this.colour = control("colour").value;
      this.legend = section.querySelector(".legend");
      this.note = section.querySelector(".lit-note");
      this.maps = [...section.querySelectorAll(".map")].map((figure, place) => new SizeMap(figure, data.maps[place], this));
      control("group").addEventListener("change", (event) => { this.group = event.target.value; this.rebuild(); });
      control("shown").addEventListener("change", (event) => { this.shown = event.target.value; this.rebuild(); });
      control("colour").addEventListener("change", (event) => { this.colour = event.target.value; this.draw(); });
      this.filter = control("filter");
      this.filter.addEventListener("input", () => {
        for (const map of this.maps) map.query = queryOf(this.filter.value);
        this.rebuild();
      });
      let timer = 0;
      let width = section.clientWidth;
      const resized = () => { if (section.clientWidth !== width) { width = section.clientWidth; this.draw(); } };
      new ResizeObserver(() => { clearTimeout(timer); timer = setTimeout(resized, 60); }).observe(section);
      addEventListener("scroll", () => this.tip.scrolled(), { passive: true });
      this.draw();
    }

    size = (bytes) => formatted(bytes, this.units);

    rebuild() { for (const map of this.maps) map.rebuild(); this.draw(); }

    draw(focused) {
      this.tip.hide();
      for (const map of this.maps) map.draw(map === focused);
      this.drawLegend();
    }

    // Open a branch of one map, and of the others the one of the same name where they have it.
    zoom(map, node) {
      map.root = node;
      if (!node.isMany) {
        const labels = labelsOf(node);
        for (const other of this.maps) if (other !== map) other.root = reached(other.tree, labels) || other.root;
      }
      this.draw(map);
    }

    typeColour(type) {
      if (!type) return "var(--plain)";
      return "hsl(" + hue(this.types.get(type) + 1) + " var(--s) var(--l))";
    }

    other(map) { return this.maps.find((one) => one !== map); }

    // What the other image has of the same branch.
    otherBytes(map, node) {
      if (node.isMany) return node.children.reduce((sum, one) => sum + this.otherBytes(map, one), 0);
      const found = reached(this.other(map).tree, labelsOf(node.isRest ? node.parent : node));
      if (!found) return 0;
      if (!node.isRest) return found.bytes;
      return found.bytes - found.children.reduce((sum, one) => sum + one.bytes, 0);
    }

    growth(map, node) {
      const other = this.otherBytes(map, node);
      if (!other) return map === this.maps[0] ? "var(--gone)" : "var(--new)";
      if (other === node.bytes) return "var(--same)";
      const grew = map === this.maps[0] ? other > node.bytes : node.bytes > other;
      return grew ? "var(--grew)" : "var(--shrank)";
    }

    change(map, node) {
      const other = this.otherBytes(map, node);
      const [before, after] = map === this.maps[0] ? [node.bytes, other] : [other, node.bytes];
      const sign = after > before ? "+" : after < before ? "-" : "";
      return [["before", this.size(before)], ["after", this.size(after)],
        ["difference", sign + this.size(Math.abs(after - before))]];
    }

    drawLegend() {
      const rows = this.legendRows().map(([colour, name, bytes]) => {
        const row = made("span"), mark = made("i");
        mark.style.background = colour;
        row.append(mark, bytes === undefined ? name : name + " " + this.size(bytes));
        return row;
      });
      this.legend.replaceChildren(...rows);
    }

    legendRows() {
      if (this.colour === "growth") {
        return [["var(--new)", "only after"], ["var(--grew)", "grew"], ["var(--same)", "unchanged size"],
          ["var(--shrank)", "shrank"], ["var(--gone)", "only before"]];
      }
      const sums = new Map(), map = this.maps[this.maps.length - 1];
      for (const place of cellsOf(map.root)) {
        const cell = map.data.cells[place], colour = map.colour(cell);
        const name = this.colour === "layer" ? map.words.layer(cell)
          : this.colour === "type" ? map.words.package(cell)[0] || "not owned by a package" : STATES[cell[STATE]][1];
        const row = sums.get(colour) || [colour, name, 0];
        row[2] += cell[BYTES];
        sums.set(colour, row);
      }
      const rows = [...sums.values()].sort((one, other) => other[2] - one[2]);
      return this.maps.length > 1 ? rows.slice(0, 12).map((row) => row.slice(0, 2)) : rows.slice(0, 12);
    }

    // Light up what is found, and open the smallest branch that holds all of it.
    light(isLit, what) {
      this.filter.value = "";
      this.shown = this.section.querySelector('[data-control="shown"]').value = "all";
      let bytes = 0, files = 0;
      for (const map of this.maps) {
        map.query = []; map.lit = isLit;
        map.rebuild();
        const lit = new Set();
        map.data.cells.forEach((cell, place) => {
          if (isLit(cell)) { lit.add(place); bytes += cell[BYTES]; files += cell[FILES]; }
        });
        map.root = smallest(map.tree, lit);
      }
      const clear = button("Clear", "", () => this.unlight());
      this.note.replaceChildren(what + ": " + this.size(bytes) + " in " + counted(files, this.maps[0].data.unit) + " ", clear);
      this.note.hidden = false;
      this.draw();
      this.section.scrollIntoView();
      clear.focus({ preventScroll: true });
    }

    unlight() {
      for (const map of this.maps) { map.lit = null; map.root = map.tree; }
      this.note.hidden = true;
      this.draw(this.maps[0]);
    }
  }

  // The smallest branch below a root that holds all of some cells, and is not a file.
  function smallest(root, places) {
    const count = new Map();
    const order = [root];
    for (let at = 0; at < order.length; at += 1) for (const child of order[at].children) order.push(child);
    for (const node of order.reverse()) {
      const own = node.cells.reduce((sum, place) => sum + places.has(place), 0);
      count.set(node, node.children.reduce((sum, child) => sum + count.get(child), own));
    }
    let at = root;
    while (places.size) {
      const next = at.children.find((child) => child.children.length && count.get(child) === places.size);
      if (!next) break;
      at = next;
    }
    return at;
  }

  // Tables: a click on a header sorts, typing filters.
  function sortable(table) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      if (!head.textContent || head.classList.contains("chart")) return;
      const isNumber = head.classList.contains("n");
      const press = button(head.textContent, "sort", () => {
        const descending = head.getAttribute("aria-sort") === (isNumber ? "descending" : "ascending") ? !isNumber : isNumber;
        for (const one of head.parentElement.cells) one.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        const value = (row) => {
          const cell = row.cells[column];
          return isNumber ? Number(cell.dataset.v || 0) : cell.textContent;
        };
        const rows = [...body.rows].map((row) => [value(row), row]);
        const compare = isNumber ? (one, other) => one[0] - other[0] : (one, other) => COLLATOR.compare(one[0], other[0]);
        rows.sort((one, other) => (descending ? compare(other, one) : compare(one, other)));
        body.append(...rows.map(([, row]) => row));
      });
      head.replaceChildren(press);
    });
  }

  const COLLATOR = new Intl.Collator("en", { numeric: true });

  function filterable(holder, items, before, name) {
    if (items.length < 8) return;
    const field = made("input", "filter"), count = made("span", "count");
    field.type = "search"; field.placeholder = "Filter " + name; field.setAttribute("aria-label", "Filter " + name);
    count.setAttribute("role", "status");
    let texts = null;
    field.addEventListener("input", () => {
      const start = performance.now(), words = queryOf(field.value);
      texts = texts || items.map((item) => item.textContent.toLowerCase());
      let shown = 0;
      items.forEach((item, place) => { item.hidden = !isWhole(words, texts[place]); shown += !item.hidden; });
      count.textContent = words.length ? shown.toLocaleString("en") + " of " + items.length.toLocaleString("en") : "";
      performance.measure("layerscope filter", { start, end: performance.now() });
    });
    const line = made("div", "filters");
    line.append(field, count);
    holder.insertBefore(line, before);
  }

  function copyable(element) {
    const press = button("Copy", "copy", async () => {
      const text = [...element.childNodes].filter((one) => one !== press).map((one) => one.textContent).join("");
      press.textContent = (await copied(text)) ? "Copied" : "Press Ctrl+C";
      setTimeout(() => { press.textContent = "Copy"; }, 2000);
    });
    element.after(press);
  }

  // Browsers give a page from a file the clipboard only sometimes; then a selection is copied the old way.
  async function copied(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const field = made("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      return done;
    }
  }

  // A link to a finding opens it.
  function openTarget() {
    const target = document.getElementById(location.hash.slice(1));
    if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView(); }
  }

  function start() {
    const data = document.getElementById("data");
    const section = document.getElementById("map");
    const maps = data && section ? new Maps(section, JSON.parse(data.textContent)) : null;
    for (const table of document.querySelectorAll("table.rows")) {
      const holder = table.parentElement;
      filterable(holder.parentElement, [...table.tBodies[0].rows], holder, table.dataset.name);
      sortable(table);
    }
    for (const list of document.querySelectorAll("[data-list]")) {
      filterable(list, [...list.children], list.firstChild, list.dataset.list);
    }
    document.querySelectorAll("[data-copy]").forEach(copyable);
    if (maps) {
      for (const element of document.querySelectorAll("[data-findings]")) {
        const wanted = new Set(element.dataset.findings.split(" ").map(Number));
        element.append(button("Show in map", "show", () => maps.light((cell) => wanted.has(cell[FINDING]), element.dataset.what)));
      }
      for (const element of document.querySelectorAll("[data-layer]")) {
        const wanted = Number(element.dataset.layer);
        element.append(button("Map", "show", () => maps.light((cell) => cell[LAYER] === wanted, "Layer " + wanted)));
      }
      for (const element of document.querySelectorAll("[data-package]")) {
        const wanted = Number(element.dataset.package);
        element.append(button("Map", "show", () => maps.light((cell) => cell[PACKAGE] === wanted, element.dataset.what)));
      }
    }
    addEventListener("hashchange", openTarget);
    openTarget();
    addEventListener("beforeprint", () => { for (const one of document.querySelectorAll("details")) one.open = true; });
  }

  start();
})();
