/* A crowd of workers over HTTP/1.1: each GETs a stream of tasks, and POSTs one of results.
 *
 * Both are endless, in chunks. A chunk of results has one frame.
 */
#include "chunks.h"
#include "frames.h"
#include "http1.h"
#include "workers.h"

static size_t greeting(const unsigned char *in, size_t have)
{
    char type[HEAD_MAX];
    const size_t length = chunked_head(in, have, type);
    if (length && strcasecmp(type, "application/octet-stream") != 0)
        fail("reply", "a response that has no octets");
    return length;
}

static size_t post(unsigned char *out, const char *authority)
{
    return (size_t)snprintf((char *)out, HEAD_MAX,
                            "POST / HTTP/1.1\r\nHost: %s\r\n"
                            "Content-Type: application/octet-stream\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n",
                            authority);
}

static size_t chunk_head(unsigned char *out, size_t size)
{
    const int length = snprintf((char *)out, HEAD_MAX, "%zx\r\n", LENGTH_BYTES + size);
    return (size_t)length + frame_head(out + length, size);
}

const bool holds_connections = true;

void work(const char *source, const char *sink, handle_fn *handle)
{
    const struct wire tasks_wire = {
        .hello = get, .greeting = greeting, .unwrap = unchunk, .message = frame};
    const struct wire results_wire = {.hello = post, .head = chunk_head, .tail = "\r\n"};
    run_workers(&tasks_wire, source, &results_wire, sink, handle);
}
