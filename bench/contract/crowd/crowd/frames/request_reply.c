/* A crowd that sends frames: 4 bytes of length (big-endian), then the message. */
#include "crowd.h"

enum { LENGTH_BYTES = 4 };

static size_t head(unsigned char *out, size_t size)
{
    const uint32_t length = htonl((uint32_t)size);
    memcpy(out, &length, LENGTH_BYTES);
    return LENGTH_BYTES;
}

static size_t reply(const unsigned char *in, size_t have, struct message *message)
{
    uint32_t length;
    if (have < LENGTH_BYTES)
        return 0;
    memcpy(&length, in, LENGTH_BYTES);
    *message = (struct message){(unsigned char *)in + LENGTH_BYTES, ntohl(length)};
    const size_t whole = LENGTH_BYTES + message->size;
    return have < whole ? 0 : whole;
}

const bool holds_connections = true;

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    (void)next_request; /* which waits; a crowd must not */
    const struct wire wire = {.head = head, .reply = reply};
    run_crowd(&wire, address, take_reply);
}
