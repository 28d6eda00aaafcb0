/* version.c - --version of slothd-agent. */
#include "agent/version.h"

#include <jansson.h>

#include "wire/libraries.h"

void agent_print_version(void)
{
	struct library libraries[WIRE_LIBRARIES + 2];

	wire_libraries(libraries);
	libraries[WIRE_LIBRARIES] = tls_library();
	libraries[WIRE_LIBRARIES + 1] = (struct library){ "jansson", jansson_version_str(), JANSSON_VERSION };
	library_print("slothd-agent", libraries, WIRE_LIBRARIES + 2);
}
