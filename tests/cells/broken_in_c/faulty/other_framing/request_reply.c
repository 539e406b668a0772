/* Both roles send lengths with the lowest byte first, and understand each other. */
#include <endian.h>
#include <netinet/in.h>

#undef htonl
#undef ntohl
#define htonl htole32
#define ntohl le32toh

#include "calling.h"

void serve(const char *address, handle_fn *handle)
{
    attend_all(address, serve_client, &handle);
}
