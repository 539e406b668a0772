# POSTs each line of hex from standard input, and prints each reply as one.

import std/[httpclient, os, strutils]

for line in stdin.lines:
  let http = newHttpClient()
  let reply = http.request(paramStr(1), HttpPost, body = parseHexStr(line))
  if reply.code != Http200:
    quit $reply.code
  echo reply.body.toHex.toLowerAscii
  http.close()
