// Reads each value into a value of JavaScript and writes it again, as documentation shows.
// In and out: a line for each message, the format and the bytes in hex. "!" begins an error.
"use strict";

const readline = require("node:readline");

// One byte for the kind, then the value: both ends know the layout.
const layout = {
  q: {
    read: (bytes) => bytes.readBigInt64BE(),
    write: (value) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(value);
      return bytes;
    },
  },
  d: {
    read: (bytes) => bytes.readDoubleBE(),
    write: (value) => {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value);
      return bytes;
    },
  },
  s: { read: (bytes) => bytes.toString("utf8"), write: (value) => Buffer.from(value, "utf8") },
  b: { read: (bytes) => Buffer.from(bytes), write: (value) => value },
};

const formats = {
  struct: (bytes) => {
    const kind = layout[String.fromCharCode(bytes[0])];
    return Buffer.concat([bytes.subarray(0, 1), kind.write(kind.read(bytes.subarray(1)))]);
  },
  json: (bytes) => Buffer.from(JSON.stringify(JSON.parse(bytes.toString("utf8")))),
  msgpack: (bytes) => {
    const { decode, encode } = require("@msgpack/msgpack");
    return Buffer.from(encode(decode(bytes)));
  },
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [format, hex] = line.split(" ");
  try {
    console.log(formats[format](Buffer.from(hex, "hex")).toString("hex"));
  } catch (error) {
    console.log(`! ${String(error.message).split("\n")[0]}`);
  }
});
