/* HTTP/1.1: the head of a response. */
#ifndef HTTP1_H
#define HTTP1_H

#include "crowd.h"

/* End the trial if these bytes begin no response of this status: "200 ". */
static inline void expect_status(const char *status, const unsigned char *in, size_t have)
{
    char good[HEAD_MAX], line[HEAD_MAX];
    snprintf(good, sizeof good, "HTTP/1.1 %s", status);
    const size_t known = have < strlen(good) ? have : strlen(good);
    if (!known || memcmp(in, good, known) == 0)
        return;
    snprintf(line, sizeof line, "no good response: %.*s", (int)have, (const char *)in);
    line[strcspn(line, "\r\n")] = 0;
    fail("reply", line);
}

/* Return the length of a response's head, with the blank line at its end. */
static inline size_t head_length(const unsigned char *in, size_t have)
{
    static const char end[] = "\r\n\r\n";
    const unsigned char *blank = have ? memmem(in, have, end, strlen(end)) : NULL;
    return blank ? (size_t)(blank - in) + strlen(end) : 0;
}

/* Copy the value of a header field in a head; end the trial if there is none. */
static inline void read_field(const unsigned char *in, size_t length, const char *name,
                              char value[HEAD_MAX])
{
    char text[length + 1], wanted[HEAD_MAX];
    memcpy(text, in, length);
    text[length] = 0;
    snprintf(wanted, sizeof wanted, "\r\n%s:", name);
    const char *field = strcasestr(text, wanted);
    if (!field) {
        snprintf(wanted, sizeof wanted, "a response without %s", name);
        fail("reply", wanted);
    }
    field += strlen(wanted);
    field += strspn(field, " ");
    snprintf(value, HEAD_MAX, "%.*s", (int)strcspn(field, "\r\n"), field);
}

/* Write a GET of the stream of a server. */
static inline size_t get(unsigned char *out, const char *authority)
{
    return (size_t)snprintf((char *)out, HEAD_MAX, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
                            authority);
}

/* Return the length of the head of a response in chunks, and the type of its content. */
static inline size_t chunked_head(const unsigned char *in, size_t have, char type[HEAD_MAX])
{
    char encoding[HEAD_MAX];
    expect_status("200 ", in, have);
    const size_t length = head_length(in, have);
    if (!length)
        return 0;
    read_field(in, length, "Content-Type", type);
    read_field(in, length, "Transfer-Encoding", encoding);
    if (strcasecmp(encoding, "chunked") != 0)
        fail("reply", "a response that is not chunked");
    return length;
}

#endif
