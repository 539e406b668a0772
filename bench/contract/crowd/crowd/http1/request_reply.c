/* A crowd that sends a POST of HTTP/1.1 for each message, one at a time on a connection. */
#include "http1.h"

static const char *authority; /* host and port */

static size_t head(unsigned char *out, size_t size)
{
    const int length = snprintf((char *)out, HEAD_MAX,
                                "POST / HTTP/1.1\r\nHost: %s\r\n"
                                "Content-Type: application/octet-stream\r\n"
                                "Content-Length: %zu\r\n\r\n",
                                authority, size);
    return (size_t)length;
}

static size_t reply(unsigned char *in, size_t have, struct message *message)
{
    char length[HEAD_MAX];
    expect_status("200 ", in, have);
    const size_t fields = head_length(in, have);
    if (!fields)
        return 0;
    read_field(in, fields, "Content-Length", length);
    *message = (struct message){in + fields, strtoul(length, NULL, 10)};
    return have < fields + message->size ? 0 : fields + message->size;
}

const bool holds_connections = true;

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    (void)next_request; /* which waits; a crowd must not */
    authority = address + strlen("tcp://");
    const struct wire wire = {.head = head, .message = reply};
    run_clients(&wire, address, take_reply);
}
