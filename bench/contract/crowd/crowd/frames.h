/* Frames: 4 bytes of length (big-endian), then the message. */
#ifndef FRAMES_H
#define FRAMES_H

#include "crowd.h"

enum { LENGTH_BYTES = 4 };

static inline size_t frame_head(unsigned char *out, size_t size)
{
    const uint32_t length = htonl((uint32_t)size);
    memcpy(out, &length, LENGTH_BYTES);
    return LENGTH_BYTES;
}

static inline size_t frame(unsigned char *in, size_t have, struct message *message)
{
    uint32_t length;
    if (have < LENGTH_BYTES)
        return 0;
    memcpy(&length, in, LENGTH_BYTES);
    *message = (struct message){in + LENGTH_BYTES, ntohl(length)};
    const size_t whole = LENGTH_BYTES + message->size;
    return have < whole ? 0 : whole;
}

#endif
