/*
 * reflection.h - the embedded descriptor set that grpc.reflection serves: a serialized FileDescriptorSet
 * of every file below wire/proto.
 */
#ifndef WIRE_REFLECTION_H
#define WIRE_REFLECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const uint8_t reflection_descriptors[];
extern const size_t reflection_descriptors_len;

struct reflection_bytes {
	const uint8_t *data;
	size_t len;
};

/* The serialized FileDescriptorProto of that name. False: there is none. Pure. */
bool reflection_find_file(const char *name, struct reflection_bytes *file);
/* The file that defines a service, a method, a message or an enum of that full name. Pure. */
bool reflection_find_symbol(const char *symbol, struct reflection_bytes *file);

#endif
