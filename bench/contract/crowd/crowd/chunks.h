/* Chunks of HTTP/1.1 (RFC 9112, 7.1): what is in them lies at the front, without them.
 *
 * A connection has `plain` bytes of content at the front of what has come, and `left` bytes
 * of a chunk that has not come whole, with the line end after it.
 */
#ifndef CHUNKS_H
#define CHUNKS_H

#include "crowd.h"

enum { END_BYTES = 2 };

static inline void remove_bytes(struct connection *one, size_t from, size_t count)
{
    one->have -= count;
    memmove(one->in + from, one->in + from + count, one->have - from);
}

/* Keep what has come of a chunk, without its line end. */
static inline void keep_content(struct connection *one)
{
    const size_t raw = one->have - one->plain;
    const size_t content = one->left > END_BYTES ? one->left - END_BYTES : 0;
    const size_t kept = raw < content ? raw : content;
    const size_t after = raw - kept, end = one->left - kept;
    const size_t dropped = kept < content ? 0 : after < end ? after : end;
    one->plain += kept;
    remove_bytes(one, one->plain, dropped);
    one->left -= kept + dropped;
}

static inline size_t unchunk(struct connection *one)
{
    while (one->plain < one->have) {
        if (one->left) {
            keep_content(one);
            continue;
        }
        unsigned char *raw = one->in + one->plain;
        const unsigned char *end = memmem(raw, one->have - one->plain, "\r\n", END_BYTES);
        if (!end)
            break;
        const size_t size = strtoul((char *)raw, NULL, 16);
        if (!size)
            fail("recv", "the server ended its response");
        one->left = size + END_BYTES;
        remove_bytes(one, one->plain, (size_t)(end - raw) + END_BYTES);
    }
    return one->plain;
}

#endif
