/* Messages on a stream socket: 4 bytes of length (big-endian), then the message. */
#ifndef FRAMING_H
#define FRAMING_H

#include <arpa/inet.h>
#include <stdint.h>

#include "sockets.h"

#define MAX_LENGTH 16777216
#define TEXT(number) #number
#define TEXT_OF(number) TEXT(number)
#define MAX_TEXT TEXT_OF(MAX_LENGTH)

enum { HEADER_BYTES = 4, ROOM_BYTES = 65536 };

/* Return what errno stands for. */
static inline const char *reason(void)
{
    return errno == EMSGSIZE ? "a message has at most " MAX_TEXT " bytes"
                             : strerror(errno);
}

/* A call has failed: either because the role has to stop, or that is an error. */
static inline void expect_stopping(const char *call)
{
    if (!stopping())
        fail(call, reason());
}

/* Say that a connection is over, which is no end of the others. */
static inline void note(const char *call)
{
    fprintf(stderr, "%s: %s\n", call, reason());
}

/* Send all of some parts, in one system call if it can be. Returns false when the other end
 * is gone or the role has to stop; errno says which. */
static inline bool send_parts(int fd, struct iovec *parts, size_t count)
{
    while (count > 0) {
        const struct msghdr rest = {.msg_iov = parts, .msg_iovlen = count};
        ssize_t sent;
        WAIT(sent = sendmsg(fd, &rest, MSG_NOSIGNAL));
        if (sent == -1)
            return false;
        for (; count > 0 && (size_t)sent >= parts->iov_len; parts++, count--)
            sent -= (ssize_t)parts->iov_len;
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + sent;
            parts->iov_len -= (size_t)sent;
        }
    }
    return true;
}

static inline uint32_t header_of(struct message message)
{
    if (message.size > MAX_LENGTH) {
        errno = EMSGSIZE;
        fail("send", reason());
    }
    return htonl((uint32_t)message.size);
}

/* Send a message with its length in front, as send_parts() does. */
static inline bool send_message(int fd, struct message message)
{
    uint32_t header = header_of(message);
    struct iovec parts[] = {{&header, HEADER_BYTES}, {message.data, message.size}};
    return send_parts(fd, parts, 2);
}

/* What has come in at a connection and has not been taken yet. */
struct inbox {
    int fd;
    unsigned char *bytes;
    size_t start, end, capacity;
};

/* Read what there is, and wait for it. Returns how much, 0 at the end of the connection, -1
 * for an error and when the role has to stop. */
static inline ssize_t read_more(struct inbox *inbox)
{
    if (inbox->start > 0) {
        inbox->end -= inbox->start;
        memmove(inbox->bytes, inbox->bytes + inbox->start, inbox->end);
        inbox->start = 0;
    }
    if (inbox->end == inbox->capacity) {
        inbox->capacity = 2 * inbox->capacity + ROOM_BYTES;
        inbox->bytes = realloc(inbox->bytes, inbox->capacity);
        if (!inbox->bytes)
            fail("realloc", strerror(errno));
    }
    ssize_t got;
    WAIT(got = recv(inbox->fd, inbox->bytes + inbox->end, inbox->capacity - inbox->end, 0));
    if (got == 0 && inbox->end > 0) {
        errno = EPROTO; /* in the middle of a message */
        return -1;
    }
    if (got > 0)
        inbox->end += (size_t)got;
    return got;
}

/* Give the next message that is there as a whole, valid until more is read. Returns 1, 0
 * if there is none, or -1 for one that is too long. */
static inline int next_whole(struct inbox *inbox, struct message *message)
{
    const size_t there = inbox->end - inbox->start;
    uint32_t length;
    if (there < HEADER_BYTES)
        return 0;
    memcpy(&length, inbox->bytes + inbox->start, HEADER_BYTES);
    length = ntohl(length);
    if (length > MAX_LENGTH) {
        errno = EMSGSIZE;
        return -1;
    }
    if (there - HEADER_BYTES < length)
        return 0;
    *message = (struct message){inbox->bytes + inbox->start + HEADER_BYTES, length};
    inbox->start += HEADER_BYTES + length;
    return 1;
}

/* Wait for a message. Returns 1, 0 at the end, or -1 as read_more() does. */
static inline int receive(struct inbox *inbox, struct message *message)
{
    int found;
    while ((found = next_whole(inbox, message)) == 0) {
        const ssize_t got = read_more(inbox);
        if (got <= 0)
            return got == 0 ? 0 : -1;
    }
    return found;
}

static inline void close_inbox(struct inbox *inbox)
{
    free(inbox->bytes);
    CHECK(close(inbox->fd));
}

#endif
