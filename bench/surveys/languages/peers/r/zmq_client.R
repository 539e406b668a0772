# REQ: sends each line of hex from standard input, and prints each reply as one.

suppressPackageStartupMessages(library(pbdZMQ))

address <- commandArgs(trailingOnly = TRUE)[1]
context <- zmq.ctx.new()
socket <- zmq.socket(context, ZMQ.ST()$REQ)
invisible(zmq.connect(socket, address))
lines <- file("stdin", "r")
while (length(line <- readLines(lines, n = 1)) > 0) {
    digits <- matrix(strtoi(strsplit(line, "")[[1]], 16L), nrow = 2)
    request <- as.raw(colSums(digits * c(16, 1)))
    invisible(zmq.msg.send(request, socket, serialize = FALSE))
    reply <- zmq.msg.recv(socket, unserialize = FALSE)
    cat(paste(as.character(reply), collapse = ""), "\n", sep = "")
}
invisible(zmq.close(socket))
invisible(zmq.ctx.destroy(context))
