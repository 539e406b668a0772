/* ZMTP 3.0 (RFC 23 of rfc.zeromq.org), without security. */
#ifndef ZMTP_H
#define ZMTP_H

#include "crowd.h"

enum { GREETING_BYTES = 64, MORE = 1, LONG = 2, COMMAND = 4, SHORT_MAX = 255 };

/* Write a greeting, and the command READY of a socket of this type: "REQ". */
static inline size_t hello_of(const char *type, unsigned char *out)
{
    static const char property[] = "\5READY\13Socket-Type\0\0\0";
    const size_t before = sizeof property - 1, letters = strlen(type);
    memset(out, 0, GREETING_BYTES);
    out[0] = 0xff, out[9] = 0x7f; /* the signature */
    out[10] = 3; /* version 3.0 */
    strcpy((char *)out + 12, "NULL"); /* the mechanism: no security */
    unsigned char *command = out + GREETING_BYTES;
    command[0] = COMMAND;
    command[1] = (unsigned char)(before + 1 + letters);
    memcpy(command + 2, property, before);
    command[2 + before] = (unsigned char)letters; /* the last of four bytes */
    memcpy(command + 3 + before, type, letters);
    return GREETING_BYTES + 3 + before + letters;
}

/* Write the head of a frame; return its length. */
static inline size_t frame_head(unsigned char *out, size_t size)
{
    const bool is_long = size > SHORT_MAX;
    size_t length = 0;
    out[length++] = is_long ? LONG : 0;
    for (int shift = is_long ? 56 : 0; shift >= 0; shift -= 8)
        out[length++] = (unsigned char)(size >> shift);
    return length;
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

/* Return the length of a message of one frame. */
static inline size_t single(unsigned char *in, size_t have, struct message *message)
{
    const size_t length = frame(in, have, message);
    if (length && in[0] & ~LONG)
        fail("recv", "a frame that is no whole message");
    return length;
}

#endif
