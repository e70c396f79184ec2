// Reads profiles with the Firefox Profiler's own command and compares them with what must be in them:
// node check_firefox.mjs profiler-cli.js FOLDER

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

const [program, folder] = process.argv.slice(2);
const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));

function ask(...words) {
  return execFileSync(process.execPath, [program, ...words], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function same(what, found, wanted) {
  if (!isDeepStrictEqual(found, wanted)) {
    throw new Error(`${what}: found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`);
  }
}

/** Loads a profile and returns its session. On a busy machine the command gives up before its process is there. */
function load(file) {
  try {
    return /Session started: (\S+)/.exec(ask("load", join(folder, file)))[1];
  } catch (error) {
    const session = /did not become ready[^]*?([a-z0-9]+)\.log/.exec(error.stderr)?.[1];
    if (!session) {
      throw error;
    }
    for (const end = Date.now() + 60_000; ; ) {
      try {
        ask("status", "--session", session);
        return session;
      } catch (late) {
        if (Date.now() > end) {
          throw late;
        }
      }
    }
  }
}

/** Opens a profile, has its threads looked at, and closes it. */
function read(file, look) {
  const session = load(file);
  try {
    const info = JSON.parse(ask("profile", "info", "--all", "--json", "--session", session));
    const threads = info.processes.flatMap((process) => process.threads);
    same("threads", threads.map((thread) => thread.name).sort(), expected.threads.map((thread) => thread.name).sort());
    look((thread, command, ...words) =>
      JSON.parse(ask("thread", command, "--thread", thread.threadHandle, "--json", "--session", session, ...words)), threads);
  } finally {
    ask("stop", session);
  }
}

const calls = Object.fromEntries(expected.operations.map((operation) => [operation.name, operation.calls]));

read("firefox.json", (ask, threads) => {
  const found = {};
  for (const thread of threads) {
    const markers = ask(thread, "markers", "--limit", "0");
    same(`spans of ${thread.name}`, markers.totalMarkerCount, expected.threads.find((row) => row.name === thread.name).spans);
    for (const kind of markers.byType) {
      found[kind.markerName] = (found[kind.markerName] ?? 0) + kind.count;
    }
    const samples = ask(thread, "functions", "--limit", "0").functions.reduce((sum, row) => sum + row.selfSamples, 0);
    const wanted = expected.threads.find((row) => row.name === thread.name).covered / 1000;
    // A sample stands for a microsecond; a stretch of time may begin or end between two.
    if (Math.abs(samples - wanted) > 0.02 * wanted + 2) {
      throw new Error(`${thread.name}: ${samples} samples, wanted about ${wanted}`);
    }
  }
  same("operations", Object.entries(found).sort(), Object.entries(calls).sort());
});
console.log(`firefox.json: ${expected.spans} spans, read by the Firefox Profiler's command`);

read("firefox-stacks.json", (ask, threads) => {
  const found = {};
  for (const thread of threads) {
    for (const row of ask(thread, "functions", "--limit", "0").functions) {
      found[row.name] = (found[row.name] ?? 0) + row.selfSamples;
    }
  }
  same("operations", Object.entries(found).sort(), Object.entries(calls).sort());
});
console.log(`firefox-stacks.json: ${expected.spans} calls, read by the Firefox Profiler's command`);
