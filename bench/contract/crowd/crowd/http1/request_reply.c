/* A crowd that sends a POST of HTTP/1.1 for each message, one at a time on a connection. */
#include "crowd.h"

static const char *authority; /* host and port */

static size_t head(unsigned char *out, size_t size)
{
    const int length = snprintf((char *)out, HEAD_MAX,
                                "POST / HTTP/1.1\r\nHost: %s\r\n"
                                "Content-Type: application/octet-stream\r\n"
                                "Content-Length: %zu\r\n\r\n",
                                authority, size);
    return (size_t)length;
}

/* End the trial if these bytes begin no good response. */
static void expect_good(const unsigned char *in, size_t have)
{
    static const char good[] = "HTTP/1.1 200 ";
    const size_t known = have < strlen(good) ? have : strlen(good);
    char line[HEAD_MAX];
    if (memcmp(in, good, known) == 0)
        return;
    snprintf(line, sizeof line, "no good response: %.*s", (int)have, (const char *)in);
    line[strcspn(line, "\r\n")] = 0;
    fail("reply", line);
}

/* Return the length of the body by the header field of a response. */
static size_t body_length(const char *fields)
{
    const char *field = strcasestr(fields, "\r\nContent-Length:");
    if (!field)
        fail("reply", "a response without Content-Length");
    return strtoul(strchr(field, ':') + 1, NULL, 10);
}

static size_t reply(const unsigned char *in, size_t have, struct message *message)
{
    static const char end[] = "\r\n\r\n";
    expect_good(in, have);
    const unsigned char *blank = memmem(in, have, end, strlen(end));
    if (!blank)
        return 0;
    const size_t fields = (size_t)(blank - in) + strlen(end);
    char text[fields + 1];
    memcpy(text, in, fields);
    text[fields] = 0;
    *message = (struct message){(unsigned char *)in + fields, body_length(text)};
    return have < fields + message->size ? 0 : fields + message->size;
}

const bool holds_connections = true;

void call(const char *address, next_fn *next_request, take_fn *take_reply)
{
    (void)next_request; /* which waits; a crowd must not */
    authority = address + strlen("tcp://");
    const struct wire wire = {.head = head, .reply = reply};
    run_crowd(&wire, address, take_reply);
}
