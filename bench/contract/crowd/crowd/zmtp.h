/* ZMTP 3.0 (RFC 23 of rfc.zeromq.org), without security. */
#ifndef ZMTP_H
#define ZMTP_H

#include "crowd.h"

enum { GREETING_BYTES = 64, MORE = 1, LONG = 2, COMMAND = 4, SHORT_MAX = 255 };

/* Write a greeting, and the command READY of a socket of this type: "REQ". */
static inline size_t hello_of(const char type[4], unsigned char *out)
{
    char ready[] = "\5READY\13Socket-Type\0\0\0\3REQ";
    memcpy(ready + sizeof ready - 4, type, 3);
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
static inline size_t frame(unsigned char *in, size_t have, struct message *content)
{
    const bool is_long = have > 0 && in[0] & LONG;
    const size_t head = is_long ? 9 : 2;
    if (have < head)
        return 0;
    size_t size = 0;
    for (size_t i = 1; i < head; i++)
        size = size << 8 | in[i];
    *content = (struct message){in + head, size};
    return have < head + size ? 0 : head + size;
}

static inline size_t greeting(const unsigned char *in, size_t have)
{
    struct message ready;
    if (have <= GREETING_BYTES)
        return 0;
    unsigned char *command = (unsigned char *)in + GREETING_BYTES;
    const size_t length = frame(command, have - GREETING_BYTES, &ready);
    if (length && !(*command & COMMAND))
        fail("greeting", "the server is not ready after its greeting");
    return length ? GREETING_BYTES + length : 0;
}

#endif
