// Opens a page in headless Chromium as a reader has it (light, dark, on a phone, on paper) and checks it:
// nothing on the console, no request, axe's rules of WCAG 2.2 A and AA, the keyboard, no sideways scrolling.
//
// node check_page.mjs BROWSER PAGE FOLDER; pictures of the page are left in FOLDER. Exit code 1 if anything is found.

import { mkdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [browserPath, file, folder] = process.argv.slice(2);
const require = createRequire(path.join(process.cwd(), "package.json"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
mkdirSync(folder, { recursive: true });

const faults = [];
const fault = (text) => {
  faults.push(text);
  console.log(`  FAULT ${text}`);
};

// A container's root has no sandbox of Chromium's.
const browser = await puppeteer.launch({ executablePath: browserPath, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
const address = pathToFileURL(path.resolve(file)).href;
console.log(`${file}: ${statSync(file).size} bytes`);

const open = async (name, { width, height, scheme, touch = false }) => {
  const page = await browser.newPage();
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) fault(`${name}: the console has: ${message.text()}`);
  });
  page.on("pageerror", (error) => fault(`${name}: the script failed: ${error.message}`));
  page.on("request", (request) => {
    const url = request.url();
    if (url.split("#")[0] !== address && !url.startsWith("data:")) fault(`${name}: it asked for ${url}`);
  });
  await page.setViewport({ width, height, hasTouch: touch, isMobile: touch, deviceScaleFactor: touch ? 2 : 1 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const start = performance.now();
  await page.goto(address, { waitUntil: "load" });
  console.log(`${name}: loaded in ${Math.round(performance.now() - start)} ms`);
  return page;
};

const accessible = async (page, name) => {
  await page.evaluate(axe);
  const result = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      resultTypes: ["violations", "incomplete"],
    }),
  );
  for (const violation of result.violations) {
    const where = violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join("\n      ");
    fault(`${name}: ${violation.id} (${violation.impact}), ${violation.nodes.length} times: ${violation.help}\n      ${where}`);
  }
  console.log(`${name}: axe ${result.testEngine.version}, ${result.passes.length} rules passed, ${result.violations.length} broken`);
};

const upright = async (page, name) => {
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  if (wide > room) fault(`${name}: the page is ${wide} wide where there is room for ${room}`);
};

const shoot = (page, name) => page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });

for (const [name, view] of [
  ["light", { width: 1280, height: 900, scheme: "light" }],
  ["dark", { width: 1280, height: 900, scheme: "dark" }],
  ["phone", { width: 390, height: 844, scheme: "light", touch: true }],
  ["phone-small", { width: 320, height: 640, scheme: "dark", touch: true }],
]) {
  const page = await open(name, view);
  await upright(page, name);
  await accessible(page, name);
  await shoot(page, name);
  await page.close();
}

// Tables are sorted and turned with the keyboard alone.
const page = await open("keyboard", { width: 1280, height: 900, scheme: "light" });
const tables = await page.$$eval("table.sortable", (all) => all.length);
const order = (index) =>
  page.$$eval("table.sortable", (all, index) => [...all[index].tBodies[0].rows].map((row) => row.textContent).join("\n"), index);
for (let index = 0; index < tables; index += 1) {
  const before = await order(index);
  const rows = await page.$$eval("table.sortable", (all, index) => all[index].tBodies[0].rows.length, index);
  const heads = await page.$$eval("table.sortable", (all, index) => all[index].tHead.rows[0].cells.length, index);
  const orders = new Set();
  for (let column = 0; column < heads; column += 1) {
    await page.$$eval("table.sortable", (all, [index, column]) => all[index].tHead.rows[0].cells[column].querySelector("button").focus(), [index, column]);
    for (const key of ["Enter", "Space"]) {
      await page.keyboard.press(key);
      const state = await page.evaluate(() => document.activeElement.closest("th")?.getAttribute("aria-sort"));
      if (!["ascending", "descending"].includes(state)) fault(`keyboard: ${key} did not sort column ${column + 1} of table ${index + 1}`);
      orders.add(await order(index));
    }
  }
  if (rows > 2 && new Set([...orders, before]).size < 2) fault(`keyboard: table ${index + 1} never changed its order`);
}
// What the script makes of data reads as what the page came with.
const again = await page.$("table[data-rows]");
if (again) {
  const fresh = await open("again", { width: 1280, height: 900, scheme: "light" });
  const shown = () => fresh.$eval("table[data-rows]", (table) => [...table.tBodies[0].rows].map((row) => row.textContent));
  const first = await shown();
  await fresh.focus(".tools input");
  await fresh.keyboard.type("a");
  await fresh.keyboard.press("Backspace");
  const second = await shown();
  const different = first.findIndex((text, index) => text !== second[index]);
  if (different >= 0) fault(`again: row ${different + 1} reads “${second[different]}” and not “${first[different]}”`);
  await fresh.keyboard.type("no such name");
  if ((await shown()).length !== 0) fault("again: the filter finds what is not there");
  await fresh.close();
}
// Whatever can be reached can be left again: Tab goes through the whole page.
await page.evaluate(() => document.body.focus());
const reachable = await page.$$eval("a[href], button:enabled, input, summary, [tabindex='0']", (all) => all.length);
const seen = new Set();
for (let step = 0; step < reachable + 5; step += 1) {
  await page.keyboard.press("Tab");
  const at = await page.evaluate(() => {
    const all = [...document.querySelectorAll("*")];
    return all.indexOf(document.activeElement);
  });
  seen.add(at);
}
if (seen.size < reachable) fault(`keyboard: Tab reached ${seen.size} of ${reachable} places`);
console.log(`keyboard: ${tables} tables sorted by every column, ${seen.size} places reached with Tab`);
await page.pdf({ path: path.join(folder, "print.pdf"), format: "A4", printBackground: true, margin: { top: "15mm", bottom: "15mm", left: "15mm", right: "15mm" } });
await page.close();
await browser.close();

console.log(faults.length === 0 ? "Nothing is wrong." : `${faults.length} faults.`);
process.exitCode = faults.length === 0 ? 0 : 1;
