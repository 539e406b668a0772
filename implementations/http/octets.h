/* Messages in a stream of octets: 4 bytes of length (big-endian), then the message. */
#ifndef OCTETS_H
#define OCTETS_H

#include <arpa/inet.h>
#include <stdint.h>

#include "buffer.h"
#include "limits.h"

enum { HEADER_BYTES = 4 };

typedef void message_fn(void *argument, unsigned char *data, size_t size);

static inline void append_frame(struct buffer *octets, const void *data, size_t size)
{
    allow(size);
    const uint32_t header = htonl((uint32_t)size);
    append(octets, &header, HEADER_BYTES);
    append(octets, data, size);
}

/* Return how many bytes the first message has with its length in front, if that is there;
 * else 0. */
static inline size_t first_frame(const unsigned char *octets, size_t size)
{
    uint32_t header;
    if (size < HEADER_BYTES)
        return 0;
    memcpy(&header, octets, HEADER_BYTES);
    return HEADER_BYTES + (size_t)ntohl(header);
}

/* Hand on each message that is there as a whole, and keep the rest. Returns the length of
 * one that is too long, else 0. */
static inline size_t take_frames(struct buffer *octets, message_fn *take, void *argument)
{
    size_t place = 0, size;
    while ((size = first_frame(octets->data + place, octets->size - place))
           && size <= HEADER_BYTES + MAX_LENGTH && size <= octets->size - place) {
        take(argument, octets->data + place + HEADER_BYTES, size - HEADER_BYTES);
        place += size;
    }
    drop_front(octets, place);
    return size > HEADER_BYTES + MAX_LENGTH ? size - HEADER_BYTES : 0;
}

#endif
