/* A crowd of subscribers over HTTP/1.1: each takes an endless response in chunks.
 *
 * The type of the response says what is in it: Server-Sent Events with base64, or frames.
 */
#include "chunks.h"
#include "frames.h"
#include "http1.h"
#include "subscribers.h"

static bool are_events;

static size_t greeting(const unsigned char *in, size_t have)
{
    char type[HEAD_MAX];
    const size_t length = chunked_head(in, have, type);
    if (!length)
        return 0;
    are_events = strcasecmp(type, "text/event-stream") == 0;
    if (!are_events && strcasecmp(type, "application/octet-stream") != 0)
        fail("reply", "a response that has neither events nor octets");
    return length;
}

static unsigned value_of(unsigned char letter)
{
    static const char letters[]
        = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static unsigned char values[256];
    if (!values['/'])
        for (unsigned i = 0; i < 64; i++)
            values[(unsigned char)letters[i]] = (unsigned char)i;
    return values[letter];
}

/* Decode base64 in place; return its number of bytes. Damage shows in the checksum. */
static size_t decode(unsigned char *text, size_t length)
{
    size_t size = 0;
    for (size_t i = 0; i + 4 <= length; i += 4) {
        const unsigned bits = value_of(text[i]) << 18 | value_of(text[i + 1]) << 12
                              | value_of(text[i + 2]) << 6 | value_of(text[i + 3]);
        const unsigned padding = (text[i + 3] == '=') + (text[i + 2] == '=');
        for (unsigned byte = 0; byte + padding < 3; byte++)
            text[size++] = (unsigned char)(bits >> (16 - 8 * byte));
    }
    return size;
}

static size_t event(unsigned char *in, size_t have, struct message *message)
{
    static const char field[] = "data: ";
    const size_t begin = strlen(field);
    const unsigned char *end = have ? memmem(in, have, "\n\n", 2) : NULL;
    if (!end)
        return 0;
    if (memcmp(in, field, begin) != 0)
        fail("recv", "an event without data");
    const size_t length = (size_t)(end - in) - begin;
    *message = (struct message){in + begin, decode(in + begin, length)};
    return begin + length + 2;
}

static size_t event_or_frame(unsigned char *in, size_t have, struct message *message)
{
    return are_events ? event(in, have, message) : frame(in, have, message);
}

const bool holds_connections = true;

void subscribe(const char *address, take_fn *take_message)
{
    (void)take_message; /* which knows no connections */
    const struct wire wire = {
        .hello = get, .greeting = greeting, .unwrap = unchunk, .message = event_or_frame};
    run_subscribers(&wire, address);
}
