/* Memory and files of the host. The host ends if it cannot have them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* End a host that cannot do its work. The harness shows the last line that it wrote. */
_Noreturn void give_up(const char *why)
{
    fprintf(stderr, "host: %s\n", why);
    exit(1);
}

/* Return memory for `count` times `size_bytes`, and touch every page. The harness claims
 * its memory before a role starts, so that it does not count as memory of the role. */
void *claim(size_t count, size_t size_bytes, int fill)
{
    void *data = reallocarray(NULL, count + 1, size_bytes); /* never 0 bytes */
    if (!data)
        give_up("no memory left: ask for fewer or smaller messages");
    return memset(data, fill, (count + 1) * size_bytes);
}

void *enlarge(void *data, size_t size_bytes)
{
    void *larger = realloc(data, size_bytes);
    if (!larger)
        give_up("no memory left for messages that nobody expected");
    return larger;
}

/* Write `<role>.<kind>` to the folder of the trial. */
void write_file(const char *kind, const void *data, size_t size_bytes)
{
    char path[4096];
    const int length = snprintf(path, sizeof path, "%s/%s.%s", spec.folder, spec.id, kind);
    if (length < 0 || (size_t)length >= sizeof path)
        give_up("the path of the trial's folder is too long: set a shorter TMPDIR");
    FILE *file = fopen(path, "wb");
    if (!file)
        give_up(strerror(errno));
    if (fwrite(data, 1, size_bytes, file) != size_bytes || fclose(file))
        give_up(strerror(errno));
}
