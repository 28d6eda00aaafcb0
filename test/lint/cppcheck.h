/* cppcheck.h - macros from headers that cppcheck does not read. */
#ifndef TEST_LINT_CPPCHECK_H
#define TEST_LINT_CPPCHECK_H

#define SLOTH_VERSION "lint"
#define json_object_foreach(object, key, value) while (((key) = next_key(object)) && ((value) = next_value(object)))
#define json_array_foreach(array, index, value) for ((index) = 0; ((value) = next_value(array)); (index)++)

#endif
