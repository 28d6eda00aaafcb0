/*
 * identity.c - the ids of identity.h. A file whose content is no id is replaced, with a warning: an
 * agent with a new instance is refused for its name only while the old one is alive.
 */
#include "agent/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/paths.h"
#include "common/str.h"

enum { HEX = 2 * IDENTITY_BYTES };

static bool parse_id(struct buf *text, uint8_t *id)
{
	if (buf_len(text) == HEX + 1 && buf_data(text)[HEX] == '\n') {
		buf_data(text)[HEX] = '\0';
		return str_unhex(buf_string(text), id, IDENTITY_BYTES) == 0;
	}
	return false;
}

static int write_id(const char *path, const uint8_t *id)
{
	char text[HEX + 2];

	str_hex(id, IDENTITY_BYTES, text);
	text[HEX] = '\n';
	return fd_write_file(path, text, HEX + 1, 0600);
}

static int load_id(const char *dir, const char *leaf, uint8_t *id, char **error)
{
	char *path = paths_join(dir, leaf);
	struct buf text = { 0 };
	int rc = fd_read_file(path, 4096, &text);
	bool is_good = rc == 0 && parse_id(&text, id);

	buf_done(&text);
	if (!is_good) {
		if (rc == 0 || rc == -EFBIG)
			log_warn("%s: not an id of 32 hex digits, making a new one", path);
		if (rc == 0 || rc == -EFBIG || rc == -ENOENT) {
			random_bytes(id, IDENTITY_BYTES);
			rc = write_id(path, id);
		}
		if (rc)
			*error = mem_printf("%s: %s", path, strerror(-rc));
	}
	free(path);
	return is_good ? 0 : rc;
}

int identity_load(struct identity *id, const char *state_dir, const char *runtime_dir, char **error)
{
	int rc = load_id(state_dir, "instance", id->instance, error);

	return rc ? rc : load_id(runtime_dir, "epoch", id->epoch, error);
}
