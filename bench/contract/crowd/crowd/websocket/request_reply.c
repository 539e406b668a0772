/* A crowd that sends a binary frame of WebSocket for each message. */
#include "websocket.h"

enum { MASKED = 0x80, KEY_BYTES = 4, TWO_BYTES_MAX = 0xffff };

/* A client masks what it sends. The key is 0 here, which changes no byte. */
static size_t head(unsigned char *out, size_t size)
{
    const size_t more = size < TWO_BYTES ? 0 : size <= TWO_BYTES_MAX ? 2 : 8;
    size_t length = 0;
    out[length++] = BINARY;
    out[length++] = (unsigned char)(MASKED | (more == 0   ? size
                                              : more == 2 ? TWO_BYTES
                                                          : EIGHT_BYTES));
    for (size_t byte = more; byte > 0; byte--)
        out[length++] = (unsigned char)(size >> 8 * (byte - 1));
    memset(out + length, 0, KEY_BYTES);
    return length + KEY_BYTES;
}

const bool holds_connections = true;

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    (void)next_request; /* which waits; a crowd must not */
    authority = address + strlen("tcp://");
    const struct wire wire = {
        .hello = hello, .greeting = greeting, .head = head, .message = binary};
    run_clients(&wire, address, take_reply);
}
