/* version.c - --version of slothd-master. */
#include "master/version.h"

#include <jansson.h>

#include "master/store.h"
#include "wire/libraries.h"

void master_print_version(void)
{
	struct library libraries[WIRE_LIBRARIES + 3];

	wire_libraries(libraries);
	libraries[WIRE_LIBRARIES] = tls_library();
	libraries[WIRE_LIBRARIES + 1] = store_library();
	libraries[WIRE_LIBRARIES + 2] = (struct library){ "jansson", jansson_version_str(), JANSSON_VERSION };
	library_print("slothd-master", libraries, WIRE_LIBRARIES + 3);
}
