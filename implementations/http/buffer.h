/* Bytes that arrive in pieces, whose number nobody knows before. */
#ifndef BUFFER_H
#define BUFFER_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

struct buffer {
    unsigned char *data;
    size_t size, room;
};

/* Make room for more bytes; for none, too, `data` is then something to be freed. */
static inline void reserve(struct buffer *buffer, size_t more)
{
    if (buffer->size + more < buffer->room)
        return;
    buffer->room = 2 * (buffer->size + more) + 256;
    buffer->data = realloc(buffer->data, buffer->room);
    if (!buffer->data)
        fail("realloc", strerror(errno));
}

static inline void append(struct buffer *buffer, const void *data, size_t size)
{
    reserve(buffer, size);
    if (size)
        memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
}

static inline void drop_front(struct buffer *buffer, size_t size)
{
    if (!size)
        return; /* which moves nothing */
    buffer->size -= size;
    memmove(buffer->data, buffer->data + size, buffer->size);
}

#endif
