/* A response that does not end. */
#ifndef STREAM_H
#define STREAM_H

#include "server.h"

#define BLOCK_BYTES (64 * 1024) /* what is sent at once at most */

/* Send what `read` gives, piece by piece, until it ends; then `leave` is called. */
static inline enum MHD_Result respond_endlessly(struct MHD_Connection *connection,
                                                const char *type,
                                                MHD_ContentReaderCallback read,
                                                MHD_ContentReaderFreeCallback leave,
                                                void *argument)
{
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK_BYTES, read, argument, leave);
    if (response && MHD_add_response_header(response, "Content-Type", type) == MHD_NO)
        fail("MHD_add_response_header", "out of memory");
    return respond(connection, MHD_HTTP_OK, response);
}

#endif
