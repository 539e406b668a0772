/* The contract between the C host and the cells in C.
 *
 * A cell defines the roles of its workload, the same as in Python; what is an iterable
 * there is a function here. Addresses are the same URLs. A role that returns has ended; one
 * that cannot go on calls fail().
 */
#ifndef NOMIDDLE_HOST_H
#define NOMIDDLE_HOST_H

#include <stdbool.h>
#include <stddef.h>

/* A message: bytes and how many. `size` may be 0. */
struct message {
    unsigned char *data;
    size_t size;
};

/* Give the next message to send; false at the end of the stream, and when the role is to
 * stop. Waits while none is due. The bytes are to be read only, and stay where they are as
 * long as the role runs. One thread at a time may ask. */
typedef bool next_fn(struct message *message);

/* Take a message that has arrived. The bytes stay the caller's. One thread at a time. */
typedef void take_fn(const unsigned char *data, size_t size);

/* Turn a request into its reply in place; the size stays the same. Safe in threads. */
typedef void handle_fn(unsigned char *data, size_t size);

/* Whether the role has been told to stop. The host then interrupts the thread that it runs
 * the role in, again and again, so that calls that wait return EINTR; a role that sees it
 * frees what it holds and returns. */
bool stopping(void);

/* Say which call failed, with its reason. Does not return: the role has failed. */
_Noreturn void fail(const char *call, const char *reason);

/* Request/reply */
void serve(const char *address, handle_fn *handle);
void call(const char *address, next_fn *next_request, take_fn *take_reply);

/* Fan-out */
void publish(const char *address, next_fn *next_message);
void subscribe(const char *address, take_fn *take_message);

/* Pipeline */
void distribute(const char *address, next_fn *next_task);
void work(const char *source, const char *sink, handle_fn *handle);
void collect(const char *address, take_fn *take_result);

#endif
