# Answers each POST with its body, last byte first, on the port it is given.

import std/[algorithm, asyncdispatch, asynchttpserver, os, strutils]

proc reverse(request: Request) {.async.} =
  var body = request.body
  body.reverse()
  await request.respond(Http200, body)

waitFor newAsyncHttpServer().serve(Port(parseInt(paramStr(1))), reverse, "127.0.0.1")
