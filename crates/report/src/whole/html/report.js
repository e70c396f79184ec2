"use strict";
(() => {
  // Quantities as the rest of the page has them: three significant digits and the unit that suits.
  const scales = {
    s: [[1e-9, "ns"], [1e-6, "µs"], [1e-3, "ms"], [1, "s"]],
    b: [[1, "B"], [1024, "KiB"], [1024 ** 2, "MiB"], [1024 ** 3, "GiB"], [1024 ** 4, "TiB"]],
    j: [[1e-9, "nJ"], [1e-6, "µJ"], [1e-3, "mJ"], [1, "J"], [1e3, "kJ"]],
    w: [[1e-3, "mW"], [1, "W"], [1e3, "kW"]],
    n: [[1, ""], [1e3, "k"], [1e6, "M"], [1e9, "G"], [1e12, "T"]],
  };
  const significant = (value) => {
    if (value === 0) return "0";
    const places = (v) => Math.min(12, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(v)))));
    const power = 10 ** places(value);
    return value.toFixed(places(Math.round(value * power) / power));
  };
  const quantity = (value, unit) => {
    const all = scales[unit];
    const [size, symbol] = all.findLast(([size]) => value / size >= 0.9995) ?? all[0];
    return significant(value / size) + (symbol && "\u00a0" + symbol);
  };

  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const drawn = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  // The ends of an interval and up to twenty dots, each a digit from 0 to 60.
  const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  const picture = (places) => {
    if (!places) return "–";
    const at = [...places].map((digit) => digits.indexOf(digit));
    const [low, high, ...dots] = at;
    const counts = {};
    for (const place of dots) counts[place] = (counts[place] ?? 0) + 1;
    const most = Math.max(...Object.values(counts));
    const heights = {};
    const path = dots.map((place) => {
      const height = heights[place] ?? 0;
      heights[place] = height + 1;
      return `M${2 * place + 2} ${+(17 - (most > 5 ? 14 / (most - 1) : 3) * height).toFixed(1)}h0`;
    });
    const svg = drawn("svg", { class: "spark", viewBox: "0 0 124 23", "aria-hidden": "true" });
    svg.append(drawn("path", { class: "mark", d: "M62 0v23" }), drawn("path", { class: "dots", d: path.join("") }));
    if (high >= 0) svg.append(drawn("path", { class: "bar", d: `M${2 * low + 2} 21h${2 * (high - low)}` }));
    return svg;
  };

  // Rows that are in the page already.
  const rowsInPage = (body) => {
    const rows = [...body.rows];
    const key = (row, column) => {
      const cell = rows[row].cells[column];
      if (cell.dataset.key !== undefined) return cell.dataset.key === "" ? null : Number(cell.dataset.key);
      const text = cell.textContent.trim();
      const number = Number.parseFloat(text.replace("±", "").replace("−", "-"));
      return Number.isNaN(number) ? text : number;
    };
    return { length: rows.length, key, row: (index) => rows[index], name: (index) => rows[index].cells[0].textContent };
  };

  // Rows that are made of data when they are looked at.
  const rowsOfData = (data) => {
    const [subjects, metrics, values, intervals, pictures, p95s, fastest, samples, runs] = data.columns;
    const metric = (index) => data.metrics[metrics[index]];
    const spread = (text) => {
      const number = Number.parseFloat(text.replace(/^[±−]/, ""));
      return Number.isNaN(number) ? null : number;
    };
    // How far apart the middle half of the dots is.
    const width = (places) => {
      const dots = [...places].slice(2).map((digit) => digits.indexOf(digit));
      return dots.length ? dots[Math.floor(dots.length * 0.75)] - dots[Math.floor(dots.length * 0.25)] : null;
    };
    const keys = [
      (i) => data.subjects[subjects[i]],
      (i) => runs[i],
      (i) => metric(i).slice(1),
      (i) => values[i],
      (i) => spread(intervals[i]),
      (i) => width(pictures[i]),
      (i) => p95s[i] || null,
      (i) => fastest[i],
      (i) => Number.parseInt(data.samples[samples[i]], 10),
    ];
    const row = (i) => {
      const unit = metric(i)[0];
      const number = (value) => element("td", {}, value ? quantity(value, unit) : "–");
      return element(
        "tr", {},
        element("th", { scope: "row", class: "name" }, element("code", {}, data.subjects[subjects[i]])),
        element("td", {}, String(runs[i])),
        element("td", { class: "words" }, metric(i).slice(1)),
        element("td", {}, quantity(values[i], unit)),
        element("td", {}, intervals[i]),
        element("td", { class: "words" }, picture(pictures[i])),
        number(p95s[i]),
        element("td", {}, quantity(fastest[i], unit)),
        element("td", {}, data.samples[samples[i]]),
      );
    };
    return {
      length: values.length, key: (i, column) => keys[column](i), row,
      name: (i) => `${data.subjects[subjects[i]]} ${metric(i).slice(1)}`,
    };
  };

  const counted = new Intl.NumberFormat("en");

  const sortable = (table) => {
    const body = table.tBodies[0];
    const source = document.getElementById(table.dataset.rows);
    const rows = source ? rowsOfData(JSON.parse(source.textContent)) : rowsInPage(body);
    const size = Number(table.dataset.page) || rows.length;
    const all = Array.from({ length: rows.length }, (_, index) => index);
    let order = all;
    let wanted = "";
    let page = 0;
    let told = () => {};

    const show = () => {
      const found = wanted
        ? order.filter((index) => wanted.every((word) => rows.name(index).toLowerCase().includes(word)))
        : order;
      page = Math.max(0, Math.min(page, Math.ceil(found.length / size) - 1));
      body.replaceChildren(...found.slice(page * size, (page + 1) * size).map(rows.row));
      told(found.length);
    };

    const sort = (column, descending) => {
      const keys = all.map((index) => rows.key(index, column));
      const sign = descending ? -1 : 1;
      order = [...all].sort((a, b) => {
        const [x, y] = [keys[a], keys[b]];
        if (x === null || y === null) return (x === null) - (y === null);
        if (typeof x === "number" && typeof y === "number") return sign * (x - y) || a - b;
        return sign * String(x).localeCompare(String(y), "en", { numeric: true }) || a - b;
      });
      page = 0;
      show();
    };

    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = element("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        // Numbers begin with the greatest, words with A.
        const first = head.classList.contains("number") ? "descending" : "ascending";
        const second = first === "ascending" ? "descending" : "ascending";
        const next = head.getAttribute("aria-sort") === first ? second : first;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", next);
        sort(column, next === "descending");
      });
    });
    if (!source) return;

    const region = table.parentElement;
    const pager = region.nextElementSibling;
    const field = element("input", { type: "search", autocomplete: "off", spellcheck: "false" });
    const before = element("button", { type: "button" }, "Previous");
    const after = element("button", { type: "button" }, "Next");
    region.before(element("div", { class: "tools" }, element("label", {}, "Filter", field), before, after));
    field.addEventListener("input", () => {
      wanted = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      page = 0;
      show();
    });
    const turn = (by) => () => {
      page += by;
      show();
      region.scrollTop = 0;
    };
    before.addEventListener("click", turn(-1));
    after.addEventListener("click", turn(1));
    told = (found) => {
      const [first, last] = [page * size + 1, Math.min(found, (page + 1) * size)];
      pager.textContent = found === 0
        ? "None has these words in its name."
        : `${counted.format(first)} to ${counted.format(last)} of ${counted.format(found)}`;
      before.disabled = page === 0;
      after.disabled = last >= found;
    };
    told(rows.length);
  };

  document.querySelectorAll("table.sortable").forEach(sortable);

  // A flame graph: the arrow keys walk from frame to frame, Enter enlarges one, Escape shows the whole.
  const flame = (figure) => {
    const status = figure.querySelector(".status");
    const frames = [...figure.querySelectorAll("[role=treeitem]")].map((at) => ({
      at, left: Number.parseFloat(at.style.left), width: Number.parseFloat(at.style.width), depth: Number(at.getAttribute("aria-level")),
    }));
    let current = frames[0];
    const within = (frame, other) =>
      frame.left >= other.left - 0.006 && frame.left + frame.width <= other.left + other.width + 0.006;
    const tell = (frame) => { status.textContent = `${frame.at.textContent}: ${frame.at.title}`; };
    const enlarge = (to) => {
      for (const frame of frames) {
        const around = frame.depth < to.depth && within(to, frame);
        frame.at.classList.toggle("away", !around && !(frame.depth >= to.depth && within(frame, to)));
        frame.at.style.left = around ? "0%" : `${(100 * (frame.left - to.left)) / to.width}%`;
        frame.at.style.width = around ? "100%" : `${(100 * frame.width) / to.width}%`;
      }
    };
    const whole = { left: 0, width: 100, depth: 0 };
    const go = (frame) => {
      if (!frame) return;
      current.at.tabIndex = -1;
      current = frame;
      current.at.tabIndex = 0;
      current.at.focus();
    };
    const visible = (frame) => !frame.at.classList.contains("away");
    const beside = (by) => {
      const row = frames.filter((frame) => frame.depth === current.depth && visible(frame));
      return row[row.indexOf(current) + by];
    };
    const keys = {
      ArrowRight: () => go(beside(1)),
      ArrowLeft: () => go(beside(-1)),
      ArrowDown: () => go(frames.find((frame) => frame.depth === current.depth + 1 && within(frame, current))),
      ArrowUp: () => go(frames.find((frame) => frame.depth === current.depth - 1 && within(current, frame))),
      Enter: () => enlarge(current),
      " ": () => enlarge(current),
      Escape: () => enlarge(whole),
    };
    figure.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      keys[event.key]();
    });
    for (const frame of frames) {
      frame.at.addEventListener("focus", () => tell(frame));
      frame.at.addEventListener("pointerenter", () => tell(frame));
      frame.at.addEventListener("click", () => {
        const again = frame === current && frame.at.style.left === "0%" && frame.at.style.width === "100%";
        go(frame);
        enlarge(again ? whole : frame);
      });
    }
  };
  document.querySelectorAll(".flame").forEach(flame);

  // A timeline: buttons enlarge it around its middle and move it, the wheel with Ctrl does so around the pointer.
  const timeline = (figure) => {
    const wide = 100000;
    const wall = Number(figure.dataset.wall);
    const lanes = figure.querySelector(".lanes");
    const pictures = [...figure.querySelectorAll("svg")];
    const status = figure.querySelector(".status");
    const labels = [...figure.querySelectorAll(".times span")];
    let [from, room] = [0, wide];
    const show = () => {
      room = Math.min(wide, Math.max(wide / 500, room));
      from = Math.min(wide - room, Math.max(0, from));
      for (const svg of pictures) {
        const box = svg.viewBox.baseVal;
        [box.x, box.width] = [from, room];
      }
      labels.forEach((label, place) => {
        const at = from + (room * place) / (labels.length - 1);
        label.textContent = quantity((wall * at) / wide / 1e9, "s");
      });
    };
    const enlarge = (factor, around = 0.5) => {
      const middle = from + room * around;
      const next = Math.min(wide, Math.max(wide / 500, room / factor));
      [from, room] = [middle - next * around, next];
      show();
    };
    const tools = element("div", { class: "tools", role: "group", "aria-label": "View of the timeline" });
    for (const [name, act] of [
      ["Enlarge", () => enlarge(2)],
      ["Reduce", () => enlarge(0.5)],
      ["Earlier", () => { from -= room / 4; show(); }],
      ["Later", () => { from += room / 4; show(); }],
      ["Whole", () => { [from, room] = [0, wide]; show(); }],
    ]) {
      const button = element("button", { type: "button" }, name);
      button.addEventListener("click", act);
      tools.append(button);
    }
    figure.prepend(tools);
    lanes.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      const box = lanes.getBoundingClientRect();
      const delta = event.deltaY || event.deltaX;
      if (event.ctrlKey) enlarge(delta < 0 ? 1.25 : 0.8, (event.clientX - box.left) / box.width);
      else { from += (room * delta) / 1000; show(); }
    }, { passive: false });
    lanes.addEventListener("pointermove", (event) => {
      const path = event.target.closest("path");
      if (!path) return;
      const box = path.ownerSVGElement.getBoundingClientRect();
      const x = from + (room * (event.clientX - box.left)) / box.width;
      const y = event.clientY - box.top;
      for (const [, start, middle, width] of path.getAttribute("d").matchAll(/M(\d+) (\d+)h(\d+)/g)) {
        if (+start <= x && x <= +start + +width && Math.abs(y - middle) <= 6) {
          status.textContent = `${path.dataset.name}: ${quantity((wall * width) / wide / 1e9, "s")}, from ${quantity((wall * start) / wide / 1e9, "s")} on`;
          return;
        }
      }
    });
  };
  document.querySelectorAll(".timeline").forEach(timeline);

  // On paper, nothing can be opened.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));
})();
