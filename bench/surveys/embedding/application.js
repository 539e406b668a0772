/* A program that already runs: a loop that counts, and obeys its standard input.
 *
 *     node application.js PROGRAM URL
 *
 * PROGRAM is a file that exports start(address). It promises the address at which its
 * library listens (bound), and a function that stops the server. This program prints the
 * same as application.py. Its work is cut into pieces, so that the event loop runs between
 * them: Node.js has one thread.
 */
"use strict";

const path = require("node:path");
const readline = require("node:readline");
const { setTimeout: wait } = require("node:timers/promises");

const WORK_MS = 1;
const LOCAL = "ipc://";

/* Where to serve. Some libraries take the URL, most take host and port, or a path. */
function parse(url) {
  if (url.startsWith(LOCAL)) return { url, path: url.slice(LOCAL.length) };
  const { hostname, port } = new URL(url);
  return { url, host: hostname.replace(/^\[|\]$/g, ""), port };
}

/* Return an address of a library as a URL. A library has a URL, a path or an object. */
function urlOf(bound) {
  if (typeof bound === "string") return bound.includes("://") ? bound : LOCAL + bound;
  const { address, family, port } = bound;
  return family === "IPv6" ? `tcp://[${address}]:${port}` : `tcp://${address}:${port}`;
}

async function main(program, url) {
  const { start } = require(path.resolve(program));
  const server = await start(parse(url));
  console.log(urlOf(server.bound));
  let pieces = 0;
  let stopping = false;
  const orders = readline.createInterface({ input: process.stdin });
  orders.on("line", (order) => {
    stopping ||= order === "stop";
    if (!stopping) console.log(pieces);
  });
  orders.on("close", () => (stopping = true)); // the parent is gone
  while (!stopping) {
    await wait(WORK_MS);
    pieces += 1;
  }
  await server.stop();
  console.log(pieces);
  orders.close();
  process.stdin.destroy();
}

main(...process.argv.slice(2));
