/* WebSocket (RFC 6455): a binary frame for each message. */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include "http1.h"

enum { BINARY = 0x82, TWO_BYTES = 126, EIGHT_BYTES = 127 };

static inline size_t hello(unsigned char *out, const char *authority)
{
    return (size_t)snprintf((char *)out, HEAD_MAX,
                            "GET / HTTP/1.1\r\nHost: %s\r\n"
                            "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                            "Sec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n",
                            authority);
}

static inline size_t greeting(const unsigned char *in, size_t have)
{
    expect_status("101 ", in, have);
    return head_length(in, have);
}

/* Servers do not mask. Their frames are whole messages, and nothing but these. */
static inline size_t binary(unsigned char *in, size_t have, struct message *message)
{
    if (have < 2)
        return 0;
    if (in[0] != BINARY || in[1] > EIGHT_BYTES)
        fail("recv", "a frame that is no whole binary message");
    const size_t more = in[1] == TWO_BYTES ? 2 : in[1] == EIGHT_BYTES ? 8 : 0;
    const size_t head = 2 + more;
    if (have < head)
        return 0;
    size_t size = more ? 0 : in[1];
    for (size_t i = 2; i < head; i++)
        size = size << 8 | in[i];
    *message = (struct message){in + head, size};
    return have < head + size ? 0 : head + size;
}

enum { MASKED = 0x80, KEY_BYTES = 4, TWO_BYTES_MAX = 0xffff };

/* A client masks what it sends. The key is 0 here, which changes no byte. */
static inline size_t masked_head(unsigned char *out, size_t size)
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

#endif
