/* A crowd that speaks ZMTP 3.0 as REQ sockets do (RFC 23 and 28 of rfc.zeromq.org).
 *
 * A message is two frames: an empty one, which ends the envelope, and the body.
 */
#include "crowd.h"

enum { GREETING_BYTES = 64, MORE = 1, LONG = 2, COMMAND = 4, SHORT_MAX = 255 };
static const unsigned char delimiter[] = {MORE, 0};

static size_t hello(unsigned char *out)
{
    static const char ready[] = "\5READY\13Socket-Type\0\0\0\3REQ";
    memset(out, 0, GREETING_BYTES);
    out[0] = 0xff, out[9] = 0x7f; /* the signature */
    out[10] = 3; /* version 3.0 */
    strcpy((char *)out + 12, "NULL"); /* the mechanism: no security */
    out[GREETING_BYTES] = COMMAND;
    out[GREETING_BYTES + 1] = sizeof ready - 1;
    memcpy(out + GREETING_BYTES + 2, ready, sizeof ready - 1);
    return GREETING_BYTES + 2 + sizeof ready - 1;
}

/* Return the length of the frame at the front of these bytes, and what it contains. */
static size_t frame(const unsigned char *in, size_t have, struct message *content)
{
    const bool is_long = have > 0 && in[0] & LONG;
    const size_t head = is_long ? 9 : 2;
    if (have < head)
        return 0;
    size_t size = 0;
    for (size_t i = 1; i < head; i++)
        size = size << 8 | in[i];
    *content = (struct message){(unsigned char *)in + head, size};
    return have < head + size ? 0 : head + size;
}

static size_t greeting(const unsigned char *in, size_t have)
{
    struct message ready;
    if (have <= GREETING_BYTES)
        return 0;
    const size_t length = frame(in + GREETING_BYTES, have - GREETING_BYTES, &ready);
    if (length && !(in[GREETING_BYTES] & COMMAND))
        fail("greeting", "the server is not ready after its greeting");
    return length ? GREETING_BYTES + length : 0;
}

static size_t head(unsigned char *out, size_t size)
{
    size_t length = sizeof delimiter;
    memcpy(out, delimiter, length);
    const bool is_long = size > SHORT_MAX;
    out[length++] = is_long ? LONG : 0;
    for (int shift = is_long ? 56 : 0; shift >= 0; shift -= 8)
        out[length++] = (unsigned char)(size >> shift);
    return length;
}

static size_t reply(const unsigned char *in, size_t have, struct message *message)
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
    const struct wire wire = {hello, greeting, head, reply};
    run_crowd(&wire, address, take_reply);
}
