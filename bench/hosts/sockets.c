/* The TCP options of this process's sockets, read from the kernel. */
#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "internal.h"

static const struct {
    const char *name;
    int level, option;
} OPTIONS[] = {
    {"tcp_nodelay", IPPROTO_TCP, TCP_NODELAY},
    {"so_sndbuf", SOL_SOCKET, SO_SNDBUF},
    {"so_rcvbuf", SOL_SOCKET, SO_RCVBUF},
};

static bool is_connected_tcp(int fd)
{
    int domain;
    struct sockaddr_storage peer;
    socklen_t domain_size = sizeof domain, peer_size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size) == 0
        && (domain == AF_INET || domain == AF_INET6)
        && getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0;
}

/* Put a value into a sorted array without duplicates. */
static void insert(json_t *values, int value)
{
    size_t place = 0;
    while (place < json_array_size(values)) {
        const json_int_t other = json_integer_value(json_array_get(values, place));
        if (other == value)
            return;
        if (other > value)
            break;
        place++;
    }
    json_array_insert_new(values, place, json_integer(value));
}

static void add_options(json_t *found, int fd)
{
    for (size_t i = 0; i < sizeof OPTIONS / sizeof *OPTIONS; i++) {
        int value;
        socklen_t size = sizeof value;
        if (getsockopt(fd, OPTIONS[i].level, OPTIONS[i].option, &value, &size))
            continue; /* closed meanwhile */
        if (!json_object_get(found, OPTIONS[i].name))
            json_object_set_new(found, OPTIONS[i].name, json_array());
        insert(json_object_get(found, OPTIONS[i].name), value);
    }
}

/* Return the sorted distinct values of each option, or an empty object without TCP. */
json_t *socket_options(void)
{
    json_t *found = json_object();
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        give_up("/proc/self/fd cannot be read: measuring needs Linux");
    for (const struct dirent *entry; (entry = readdir(folder));) {
        const int fd = atoi(entry->d_name);
        if (*entry->d_name != '.' && is_connected_tcp(fd))
            add_options(found, fd);
    }
    closedir(folder);
    return found;
}
