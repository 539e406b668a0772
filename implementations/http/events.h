/* Server-Sent Events, which are text: a message travels as base64 in one `data:` line. */
#ifndef EVENTS_H
#define EVENTS_H

#include "base64.h"
#include "buffer.h"
#include "limits.h"

#define FIELD "data: "
#define FIELD_BYTES strlen(FIELD)

static inline void append_event(struct buffer *text, struct message message)
{
    allow(message.size);
    append(text, FIELD, FIELD_BYTES);
    reserve(text, (message.size + 2) / 3 * 4);
    text->size += encode(message.data, message.size, text->data + text->size);
    append(text, "\n\n", 2);
}

/* Add text, hand on the message of each line that is whole now, and keep the rest. */
static inline void take_events(struct buffer *text, const void *more, size_t size,
                               take_fn *take_message)
{
    size_t seen = text->size, start = 0; /* no line ends in what was kept */
    append(text, more, size);
    unsigned char *newline;
    while ((newline = memchr(text->data + seen, '\n', text->size - seen))) {
        unsigned char *line = text->data + start;
        size_t length = newline - line, decoded;
        seen = start += length + 1;
        if (length < FIELD_BYTES || memcmp(line, FIELD, FIELD_BYTES) != 0)
            continue;
        if (!decode(line + FIELD_BYTES, length - FIELD_BYTES, &decoded))
            fail("decode", "the event is not base64");
        allow(decoded);
        take_message(line + FIELD_BYTES, decoded);
    }
    drop_front(text, start);
    if (text->size > FIELD_BYTES + 3)
        allow((text->size - FIELD_BYTES - 3) / 4 * 3); /* the line has not ended yet */
}

#endif
