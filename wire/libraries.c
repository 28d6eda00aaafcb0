/* libraries.c - what this layer is built on. */
#include "wire/libraries.h"

#include <ares.h>
#include <ev.h>
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>

enum { EV_TEXT_MAX = 16 };

static const char *ev_text(char *out, int major, int minor)
{
	snprintf(out, EV_TEXT_MAX, "%d.%02d", major, minor);
	return out;
}

void wire_libraries(struct library out[WIRE_LIBRARIES])
{
	static char ev_built[EV_TEXT_MAX], ev_loaded[EV_TEXT_MAX];

	out[0] = h2_library();
	out[1] = (struct library){
		"libev", ev_text(ev_loaded, ev_version_major(), ev_version_minor()),
		ev_text(ev_built, EV_VERSION_MAJOR, EV_VERSION_MINOR),
	};
	out[2] = (struct library){ "protobuf-c", protobuf_c_version(), PROTOBUF_C_VERSION };
	out[3] = (struct library){ "c-ares", ares_version(NULL), ARES_VERSION_STR };
}
