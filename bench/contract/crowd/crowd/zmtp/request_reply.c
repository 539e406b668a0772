/* A crowd that speaks ZMTP as REQ sockets do (RFC 28 of rfc.zeromq.org).
 *
 * A message is two frames: an empty one, which ends the envelope, and the body.
 */
#include "zmtp.h"

static const unsigned char delimiter[] = {MORE, 0};

static size_t hello(unsigned char *out, const char *authority)
{
    (void)authority;
    return hello_of("REQ", out);
}

static size_t head(unsigned char *out, size_t size)
{
    memcpy(out, delimiter, sizeof delimiter);
    return sizeof delimiter + frame_head(out + sizeof delimiter, size);
}

static size_t reply(unsigned char *in, size_t have, struct message *message)
{
    struct message empty;
    const size_t first = frame(in, have, &empty);
    if (!first)
        return 0;
    if (in[0] != MORE || empty.size)
        fail("reply", "the server sends no empty frame before a reply");
    const size_t second = frame(in + first, have - first, message);
    return second ? first + second : 0;
}

const bool holds_connections = true;

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    (void)next_request; /* which waits; a crowd must not */
    const struct wire wire = {
        .hello = hello, .greeting = greeting, .head = head, .message = reply};
    run_clients(&wire, address, take_reply);
}
